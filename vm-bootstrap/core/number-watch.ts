/**
 * How the channel of a business number is, in the words of channel-watch.ts: its bridge knows
 * (docs/decisions/066). Pure.
 */

import { type ChannelHealth, type ChannelProbe, HEALTHY, watchChannel } from './channel-watch.ts';

/** As much of the bridge's `/health` as is asked here (bridge/observe/channel.ts). */
export interface BridgeSays {
  readonly state: string;
  /** RFC 3339; there unless the state is `ok`. */
  readonly since?: string;
}

/** @param text of `/health` */
export function bridgeSays(text: string): BridgeSays | undefined {
  try {
    const { channel } = JSON.parse(text) as { channel?: BridgeSays };
    return typeof channel?.state === 'string' ? channel : undefined;
  } catch {
    return undefined;
  }
}

/** `none`: no number is connected, so that nothing is deaf. `silent`: its bridge does not answer. */
export type NumberSeen = BridgeSays | 'none' | 'silent';

function probeOf(seen: NumberSeen): ChannelProbe {
  const common = { busy: false, conflict: false };
  if (seen === 'silent') return { ...common, link: 'unknown', open: false };
  if (seen === 'none' || seen.state === 'ok') return { ...common, link: 'linked', open: true };
  const heardAt = Date.parse(seen.since ?? '');
  // A token is not renewed by a restart, nor is a network: the bridge goes on trying.
  const down = { ...common, link: 'linked', open: false, reachable: false } as const;
  return Number.isNaN(heardAt) ? down : { ...down, heardAt };
}

/**
 * @param kept undefined at the very first look: what the plane knows may be of the mode before
 * @param now milliseconds since the epoch
 */
export function watchNumber(
  kept: ChannelHealth | undefined,
  seen: NumberSeen,
  now: number,
): ChannelHealth {
  const probe = probeOf(seen);
  const { health } = watchChannel(kept ?? HEALTHY, probe, now);
  if (kept !== undefined || !probe.open) return health;
  return { ...health, said: 'restored', saidAt: now, owed: true };
}
