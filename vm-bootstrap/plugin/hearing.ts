/**
 * Whether what WhatsApp delivers arrives, beyond what OpenClaw says of its channel (docs/decisions/031).
 * - Baileys handles one message after the other. One that never ends (a file of a history that is never
 *   served, a lock that is never given back) holds up all that follow, while pings are answered: the
 *   queue is tried with an entry of ours. A long queue that moves is none that is held up.
 * - What was delivered last is written down: messages, and receipts for ours.
 * - The account's phone is asked for a message to this device, which nobody sees.
 */

import {
  HEARING_METHOD,
  type Hearing,
  type HearingParams,
  RESTART_METHOD,
} from '../core/hearing.ts';
import { addressesOf, eachConnection } from './connection.ts';
import { socketOf } from './foreign-phone.ts';
import type { PluginApi, WhatsappSocket } from './openclaw.ts';

/** The queue is empty nearly always, and answers at once. */
const HANDLED_WITHIN_MS = 1_000;
const ASKED_WITHIN_MS = 10_000;
/** `PeerDataOperationRequestType.PLACEHOLDER_MESSAGE_RESEND` of WhatsApp's protocol: send that message again. */
const RESEND = 4;

/** What was seen of one connection; milliseconds since the epoch. */
interface Ear {
  handledAt: number;
  /** Since when an entry of ours waits in the queue. */
  waitsSince?: number | undefined;
  deliveredAt?: number;
}

const within = (work: Promise<unknown>, ms: number): Promise<unknown> =>
  Promise.race([work, new Promise((resolve) => setTimeout(resolve, ms).unref())]);

/** What was held back comes with the login, before anybody listens: from what Baileys keeps for retries. */
function deliveredBefore({ messageRetryManager }: WhatsappSocket): number | undefined {
  const kept = [...(messageRetryManager?.recentMessagesMap?.entries() ?? [])];
  return kept.length === 0 ? undefined : Math.max(...kept.map(([, { timestamp }]) => timestamp));
}

function listen(socket: WhatsappSocket): Ear {
  const { ws, ev } = socket;
  const before = deliveredBefore(socket);
  const ear: Ear = {
    handledAt: Date.now(),
    ...(before !== undefined && { deliveredAt: before }),
  };
  const delivered = (): void => {
    ear.deliveredAt = Date.now();
  };
  ws?.on?.('CB:message', delivered);
  ws?.on?.('CB:receipt', delivered);
  ev?.on('messages.upsert', () => {
    ear.handledAt = Date.now();
  });
  return ear;
}

/** Puts an entry into the queue, unless the last one is still there. */
async function tryQueue({ messageMutex }: WhatsappSocket, ear: Ear): Promise<void> {
  if (messageMutex === undefined) {
    ear.handledAt = Date.now();
    return;
  }
  if (ear.waitsSince !== undefined) return;
  ear.waitsSince = Date.now();
  const handled = messageMutex.mutex(() => {
    ear.handledAt = Date.now();
    ear.waitsSince = undefined;
  });
  await within(handled, HANDLED_WITHIN_MS);
}

/** Asks for a message that is not: the phone's answer is what counts, whatever is in it. */
async function askPhone(api: PluginApi, socket: WhatsappSocket): Promise<void> {
  const [remoteJid] = addressesOf(socket.user);
  if (remoteJid === undefined || socket.sendPeerDataOperationMessage === undefined) return;
  const messageKey = {
    remoteJid,
    fromMe: true,
    id: `3EB0${Date.now().toString(16).toUpperCase()}`,
  };
  const request = {
    peerDataOperationRequestType: RESEND,
    placeholderMessageResendRequest: [{ messageKey }],
  };
  const sent = socket.sendPeerDataOperationMessage(request).catch(() => {
    api.logger.warn('the phone could not be asked for a message');
  });
  await within(sent, ASKED_WITHIN_MS);
}

export function tellHearing(api: PluginApi): void {
  const ears = new WeakMap<WhatsappSocket, Ear>();
  const earOf = (socket: WhatsappSocket): Ear => {
    const ear = ears.get(socket) ?? listen(socket);
    ears.set(socket, ear);
    return ear;
  };
  const hear = async (socket: WhatsappSocket, params: Partial<HearingParams>): Promise<Hearing> => {
    const ear = earOf(socket);
    await tryQueue(socket, ear);
    if (params.askPhone) await askPhone(api, socket);
    const { deliveredAt } = ear;
    // Held up since our entry waits: before, nobody may have asked for a while.
    const handledAt = Math.max(ear.handledAt, ear.waitsSince ?? 0);
    return { handledAt, ...(deliveredAt !== undefined && { deliveredAt }) };
  };
  // From its beginning: a phone's answer that was held back comes with the login.
  eachConnection(api, earOf);
  api.registerGatewayMethod(
    HEARING_METHOD,
    async ({ params, respond }) => {
      const socket = socketOf(api);
      respond(true, socket?.ws?.isOpen ? await hear(socket, params) : {});
    },
    { scope: 'operator.admin' },
  );
  // What is stuck may be the process's own (libsignal's queues), and outlives the connection.
  api.registerGatewayMethod(
    RESTART_METHOD,
    async ({ respond }) => {
      api.logger.warn('messages are not handled: the gateway ends, and is started anew');
      respond(true, {});
      // What comes from now on is not confirmed to WhatsApp, and comes again with the next login.
      socketOf(api)?.ws?.removeAllListeners?.('CB:message');
      process.kill(process.pid, 'SIGTERM');
    },
    { scope: 'operator.admin' },
  );
}
