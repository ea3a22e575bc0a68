/** What the gateway says of the WhatsApp account (RPC `channels.status`). */

import type { Link } from '../core/pairing.ts';
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
  /** The account is linked and its socket open right now. */
  readonly connected: boolean;
  /** E.164 of the linked account, as far as WhatsApp's own id of it tells. */
  readonly phone?: string;
}

/** Pure: what the summary of OpenClaw 2026.9.6's plugin means. */
export function channelStateOf(summary: Summary): ChannelState {
  const { linked, connected, healthState, self } = summary;
  // Credentials without an account are those of a login that was never scanned.
  const whole = linked === true && Boolean(self?.jid ?? self?.e164);
  const link =
    healthState === 'logged-out'
      ? 'logged-out'
      : linked === undefined
        ? undefined
        : whole
          ? 'linked'
          : 'unlinked';
  return {
    link,
    connected: whole && connected === true,
    ...(self?.e164 && { phone: self.e164 }),
  };
}

export async function readChannel(gateway: Gateway): Promise<ChannelState> {
  const { channels } = (await gateway.call('channels.status', {})) as {
    channels: { whatsapp?: Summary };
  };
  return channelStateOf(channels.whatsapp ?? {});
}
