/** RPC `channels.status` of OpenClaw 2026.9.6, as far as it is read, and what it means. Pure. */

import type { AddedChannel } from '../../contracts/channels.ts';
import type { ChannelProbe } from './channel-watch.ts';
import type { Hearing } from './hearing.ts';
import type { Link } from './pairing.ts';
import { isSameNumber, numberOfId } from './same-number.ts';

/** `configured` is every channel's; the rest is WhatsApp's. */
export interface ChannelSummary {
  readonly configured?: boolean;
  readonly linked?: boolean;
  readonly connected?: boolean;
  readonly healthState?: string;
  readonly self?: { readonly e164?: string | null; readonly jid?: string | null };
}

interface Account {
  readonly connected?: boolean;
  readonly linked?: boolean;
  readonly healthState?: string;
  readonly busy?: boolean;
  readonly lastTransportActivityAt?: number | null;
  readonly lastConnectedAt?: number | null;
  readonly lastInboundAt?: number | null;
}

export interface ChannelsStatus {
  readonly channels?: Readonly<Partial<Record<'whatsapp' | AddedChannel, ChannelSummary>>>;
  readonly channelAccounts?: { readonly whatsapp?: readonly Account[] };
}

export interface ChannelState {
  /** Undefined while credentials are being written (OpenClaw calls that unstable). */
  readonly link: Exclude<Link, 'unknown'> | undefined;
  /** The account is linked, with the right phone, and its socket open right now. */
  readonly connected: boolean;
  /** E.164 of the linked account, as far as WhatsApp's own id of it tells. */
  readonly phone?: string;
}

const phoneOf = ({ self }: ChannelSummary): string | undefined =>
  self?.e164 ?? numberOfId(self?.jid);

/**
 * What the summary of the WhatsApp plugin means.
 * @param linkedPhone E.164; whose phone it has to be. A phone that is not known is another.
 */
export function channelStateOf(summary: ChannelSummary, linkedPhone: string): ChannelState {
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

/**
 * What it says of WhatsApp, for the watch.
 * @param numberChanged a foreign phone's link is being taken back, or was
 * @param hearing what our plugin sees of the connection
 */
export function probeOf(
  status: ChannelsStatus,
  linkedPhone: string,
  numberChanged = false,
  hearing: Hearing = {},
): ChannelProbe {
  const { link = 'unknown' } = channelStateOf(status.channels?.whatsapp ?? {}, linkedPhone);
  const account = status.channelAccounts?.whatsapp?.[0] ?? {};
  const deliveredAt = Math.max(hearing.deliveredAt ?? 0, account.lastInboundAt ?? 0);
  const freshAt = Math.max(account.lastConnectedAt ?? 0, deliveredAt);
  const heardAt = account.lastTransportActivityAt ?? undefined;
  const { handledAt } = hearing;
  return {
    link: numberChanged && (link === 'unlinked' || link === 'logged-out') ? 'foreign' : link,
    open: account.connected === true,
    ...(heardAt !== undefined && { heardAt }),
    ...(handledAt !== undefined && { handledAt }),
    ...(deliveredAt > 0 && { deliveredAt }),
    ...(freshAt > 0 && { freshAt }),
    busy: account.busy === true,
    conflict: account.healthState === 'conflict',
  };
}
