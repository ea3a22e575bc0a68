/** What the gateway says of the WhatsApp account (RPC `channels.status`). */

import type { Link } from '../core/pairing.ts';
import { isSameNumber, numberOfId } from '../core/same-number.ts';
import type { Gateway } from '../gateway.ts';

interface Summary {
  readonly linked?: boolean;
  readonly connected?: boolean;
  readonly healthState?: string;
  readonly self?: { readonly e164?: string | null; readonly jid?: string | null };
}

export interface ChannelState {
  /** Undefined while credentials are being written (OpenClaw calls that unstable). */
  readonly link: Exclude<Link, 'unknown'> | undefined;
  /** The account is linked, with the right phone, and its socket open right now. */
  readonly connected: boolean;
  /** E.164 of the linked account, as far as WhatsApp's own id of it tells. */
  readonly phone?: string;
}

const phoneOf = ({ self }: Summary): string | undefined => self?.e164 ?? numberOfId(self?.jid);

/**
 * Pure: what the summary of OpenClaw 2026.9.6's plugin means.
 * @param linkedPhone E.164; whose phone it has to be. A phone that is not known is another.
 */
export function channelStateOf(summary: Summary, linkedPhone: string): ChannelState {
  const { linked, connected, healthState, self } = summary;
  // Credentials without an account are those of a login that was never scanned.
  const whole = linked === true && Boolean(self?.jid ?? self?.e164);
  const phone = phoneOf(summary);
  const ours = whole && isSameNumber(phone, linkedPhone);
  const account = whole ? (ours ? 'linked' : 'foreign') : 'unlinked';
  const known = linked === undefined ? undefined : account;
  return {
    link: healthState === 'logged-out' ? 'logged-out' : known,
    connected: ours && connected === true,
    ...(phone && { phone }),
  };
}

/** @param linkedPhone E.164; whose phone it has to be */
export async function readChannel(gateway: Gateway, linkedPhone: string): Promise<ChannelState> {
  const { channels } = (await gateway.call('channels.status', {})) as {
    channels: { whatsapp?: Summary };
  };
  return channelStateOf(channels.whatsapp ?? {}, linkedPhone);
}
