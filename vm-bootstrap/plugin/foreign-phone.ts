/**
 * Keeps the agent from talking on another phone's WhatsApp. OpenClaw answers whoever scanned, in
 * their chat with themselves, whatever its allowlist says (`isSamePhone`, 2026.9.6), and it opens
 * the channel before anybody can ask whose phone it is: until `agent pair` has undone such a link,
 * nothing that comes reaches the agent, and nothing goes out.
 */

import { isSameNumber, numberOfId } from '../core/same-number.ts';
import { UNLINK_METHOD, type UnlinkParams } from '../core/unlink-method.ts';
import type { PluginApi, WhatsappSocket } from './openclaw.ts';

const CHANNEL = 'whatsapp';
/** The channel's connection opens within seconds of the scan. */
const OPEN_WITHIN_MS = 12_000;
const LOOK_MS = 200;
const LOGOUT_MS = 5_000;

const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

const numberOf = ({ user }: WhatsappSocket): string | undefined => numberOfId(user?.id);

/** The channel's connection; undefined while there is none. */
export function socketOf(api: PluginApi, accountId = 'default'): WhatsappSocket | undefined {
  const controller = api.runtime.channel?.runtimeContexts?.get({
    channelId: CHANNEL,
    accountId,
    capability: 'connection-controller',
  }) as { getCurrentSock?(): WhatsappSocket | null } | undefined;
  return controller?.getCurrentSock?.() ?? undefined;
}

/** @returns whether WhatsApp took the device away */
async function unlinkForeign(api: PluginApi, linkedPhone: string): Promise<boolean> {
  for (let waited = 0; waited < OPEN_WITHIN_MS; waited += LOOK_MS) {
    const socket = socketOf(api);
    if (socket && isSameNumber(numberOf(socket), linkedPhone)) return false;
    if (socket?.ws?.isOpen && socket.user) {
      const tooLate = pause(LOGOUT_MS).then(() => false);
      return await Promise.race([socket.logout().then(() => true), tooLate]);
    }
    await pause(LOOK_MS);
  }
  return false;
}

export interface Phones {
  /** E.164; whose WhatsApp the agent is a device of. */
  readonly linkedPhone: string;
  /** E.164; who may write to it. */
  readonly ownerPhone: string;
}

export function refuseForeignPhone(api: PluginApi, { linkedPhone, ownerPhone }: Phones): void {
  const isForeign = (channel: string | undefined, accountId: string | undefined): boolean => {
    const socket = channel === CHANNEL ? socketOf(api, accountId) : undefined;
    return socket !== undefined && !isSameNumber(numberOf(socket), linkedPhone);
  };
  // What a stranger's phone wrote stays in OpenClaw's inbound journal, and is taken up again when
  // the right phone is linked: it would be answered then, from there (seen, 2026.9.6).
  const isStranger = (channel: string | undefined, senderId: string | undefined): boolean =>
    // E.164 as a rule; OpenClaw falls back to WhatsApp's id of the sender.
    channel === CHANNEL && !isSameNumber(numberOfId(senderId) ?? senderId, ownerPhone);
  api.on('before_dispatch', async ({ channel, senderId }, { channelId = channel, accountId }) =>
    isForeign(channelId, accountId) || isStranger(channelId, senderId)
      ? { handled: true }
      : undefined,
  );
  api.on('message_sending', (_, { channelId, accountId }) =>
    isForeign(channelId, accountId) ? { cancel: true, cancelReason: 'another phone' } : undefined,
  );
  api.registerGatewayMethod(
    UNLINK_METHOD,
    async ({ params, respond }) => {
      const wanted = (params as Partial<UnlinkParams>).linkedPhone ?? linkedPhone;
      respond(true, { unlinked: await unlinkForeign(api, wanted) });
    },
    { scope: 'operator.admin' },
  );
}
