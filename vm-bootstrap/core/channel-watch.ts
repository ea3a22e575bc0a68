/**
 * Whether the WhatsApp channel hears, and what to do when it does not. Pure: health so far and
 * one probe -> health and an action.
 *
 * What OpenClaw 2026.9.6 does by itself, and where this comes in: its plugin pings every 25 s
 * and reconnects when nothing comes back, at most 12 times in about five minutes, with up to
 * a minute between, and then stops for good; a connection that answers pings but delivers
 * nothing it takes for healthy for two hours (docs/decisions/031).
 */

import type { ChannelEvent, ChannelReport } from '../../contracts/vm-api.ts';
import { type Asked, anew, askPhone } from './ask-phone.ts';

/** What the gateway says now; every time in milliseconds since the epoch. */
export interface ChannelProbe {
  /**
   * `unknown`: the gateway does not answer, or does not know yet. `foreign`: linked with a phone that
   * the agent is not for, or it was until that link was taken back.
   */
  readonly link: 'linked' | 'unlinked' | 'logged-out' | 'foreign' | 'unknown';
  /** The socket is open. */
  readonly open: boolean;
  /** When anything last came over the socket, a ping's answer included. */
  readonly heardAt?: number;
  /** When messages were last seen to be handled; they all wait for one that never ends. */
  readonly handledAt?: number;
  /** When WhatsApp last delivered something. */
  readonly deliveredAt?: number;
  /** When the socket was opened, or something was delivered: whichever is later. */
  readonly freshAt?: number;
  /** A turn is under way. */
  readonly busy: boolean;
  /** Another program uses the same credentials; who reconnects first throws the other out. */
  readonly conflict: boolean;
  /** WhatsApp's address takes connections; asked only while the channel is down. */
  readonly reachable?: boolean;
}

interface Freed {
  readonly at: number;
  readonly by: 'restart-channel' | 'restart-gateway';
  /** Restarts of the gateway, as long as it is held up again within a day. */
  readonly gateways: number;
}

export interface ChannelHealth {
  /** The account was linked when it was last known. */
  readonly linked: boolean;
  /** Since when the channel hears nothing. */
  readonly sickSince?: number;
  readonly heals: number;
  readonly healedAt?: number;
  /** What was last restarted because messages were held up, and when. */
  readonly freed?: Freed;
  /** Whether the phone was asked for a message, and kept silent. */
  readonly asked?: Asked;
  /** WhatsApp could not be reached when that was asked last. */
  readonly cutOff?: boolean;
  /** What the plane was told last, or is to be told. */
  readonly said?: ChannelEvent;
  /** Since when that is so: part of the report, and of what the plane knows a mail by. */
  readonly saidAt?: number;
  /** It was deaf for so long that somebody is to look, which was said with `deaf`, too. */
  readonly lasting?: true;
  /** The plane has not taken `said` yet. */
  readonly owed: boolean;
}

export type ChannelAction = 'none' | 'ask-phone' | 'restart-channel' | 'restart-gateway';

export interface Watched {
  readonly health: ChannelHealth;
  readonly action: ChannelAction;
}

export const HEALTHY: ChannelHealth = { linked: false, heals: 0, owed: false };

/** Between two pings of the plugin, and some. */
const STALE_MS = 60_000;
/** The plugin's own reconnect comes first. */
const HEAL_AFTER_MS = 40_000;
/** Between two restarts of the channel; the last repeats. */
const HEAL_AGAIN_MS = [60_000, 120_000, 300_000];
/** What holds up messages may be the process's, and not the connection's: libsignal's queues are (031). */
const FREED_MS = 600_000;
/** What two new processes do not mend a third does not: the gateway's turns and other channels go on. */
const GATEWAYS_MAX = 2;
const DAY_MS = 86_400_000;
/** With the time between two probes: within two minutes. */
const REPORT_AFTER_MS = 90_000;
/** Then an alert is due: what heals by itself has. */
const LASTING_MS = 900_000;
/** A quiet connection is made anew: what WhatsApp held back comes with it. */
const REFRESH_MS = 3_600_000;

/** The channel was not restarted in the last `ms`. */
const restedFor = ({ healedAt }: ChannelHealth, now: number, ms: number): boolean =>
  healedAt === undefined || now - healedAt >= ms;

type Said = Pick<ChannelHealth, 'said' | 'saidAt' | 'owed'>;

const say = (said: ChannelEvent, now: number): Said => ({ said, saidAt: now, owed: true });

/** What was said of a channel that hears again is taken back, whether or not the plane took it. */
function retracted({ said, saidAt, owed }: ChannelHealth, now: number): Said {
  if (said === 'deaf') return say('restored', now);
  if (said === 'logged-out' || said === 'number-changed') return say('linked', now);
  return { owed, ...(said && { said }), ...(saidAt !== undefined && { saidAt }) };
}

function well(
  health: ChannelHealth,
  probe: ChannelProbe,
  now: number,
  askWithinMs: number | undefined,
): Watched {
  const { healedAt, freed } = health;
  // No turn takes an hour; what is busy for longer hangs.
  const quietMs = probe.busy ? 2 * REFRESH_MS : REFRESH_MS;
  const quiet = now - (probe.freshAt ?? now) > quietMs;
  const due = quiet && restedFor(health, now, REFRESH_MS);
  const { asked, action } = due
    ? { asked: anew(health.asked ?? {}, now), action: 'restart-channel' as const }
    : askPhone(health.asked ?? {}, probe, askWithinMs, now);
  const restarted = action === 'restart-channel';
  const last = restarted ? now : healedAt;
  return {
    health: {
      linked: true,
      heals: 0,
      ...(last !== undefined && { healedAt: last }),
      ...(freed && { freed }),
      ...(Object.keys(asked).length > 0 && { asked }),
      ...retracted(health, now),
    },
    action,
  };
}

const isFresh = (at: number | undefined, now: number): boolean => now - (at ?? now) <= STALE_MS;

/** A connection that was made anew and holds up messages again: the next is to be another process's. */
function healing(
  { freed }: ChannelHealth,
  { handledAt }: ChannelProbe,
  now: number,
): { readonly action: ChannelAction } & Pick<ChannelHealth, 'freed'> {
  if (isFresh(handledAt, now)) return { action: 'restart-channel' };
  const since = freed === undefined ? Number.POSITIVE_INFINITY : now - freed.at;
  const gateways = since < DAY_MS ? (freed?.gateways ?? 0) : 0;
  if (since >= FREED_MS) {
    return { action: 'restart-channel', freed: { at: now, by: 'restart-channel', gateways } };
  }
  if (freed?.by === 'restart-gateway' || gateways >= GATEWAYS_MAX) return { action: 'none' };
  return {
    action: 'restart-gateway',
    freed: { at: now, by: 'restart-gateway', gateways: gateways + 1 },
  };
}

function sick(health: ChannelHealth, probe: ChannelProbe, now: number): Watched {
  const { heardAt = now, handledAt = now } = probe;
  const since = health.sickSince ?? Math.min(now, heardAt, handledAt);
  const step = Math.min(Math.max(health.heals, 1), HEAL_AGAIN_MS.length) - 1;
  // The plugin waits out its own schedule, or has given up; the network's return ends that.
  const back = health.cutOff === true && probe.reachable === true;
  const due =
    probe.link === 'linked' &&
    !probe.conflict &&
    probe.reachable !== false &&
    (back || now - since >= HEAL_AFTER_MS) &&
    restedFor(health, now, (back ? HEAL_AGAIN_MS[0] : HEAL_AGAIN_MS[step]) ?? 0);
  const tell = health.said !== 'deaf' && now - since >= REPORT_AFTER_MS;
  const { action, ...freed } = healing(health, probe, now);
  const lasts = !health.lasting && now - since >= LASTING_MS;
  return {
    health: {
      ...health,
      sickSince: since,
      cutOff: probe.reachable === false || (health.cutOff === true && !due),
      ...(due && { heals: back ? 1 : health.heals + 1, healedAt: now, ...freed }),
      ...(tell && say('deaf', now)),
      ...(lasts && { owed: true, lasting: true as const }),
    },
    action: due ? action : 'none',
  };
}

/**
 * @param now milliseconds since the epoch
 * @param askWithinMs how soon a connection that only delivers nothing is to be noticed, by asking the phone;
 *   undefined: it is not asked
 */
export function watchChannel(
  health: ChannelHealth,
  probe: ChannelProbe,
  now: number,
  askWithinMs?: number,
): Watched {
  if (probe.link !== 'linked' && probe.link !== 'unknown') {
    if (!health.linked) return { health, action: 'none' };
    const why = probe.link === 'foreign' ? 'number-changed' : 'logged-out';
    const gone = { linked: false, heals: 0, ...say(why, now) };
    return { health: gone, action: 'none' };
  }
  const hears = probe.open && isFresh(probe.heardAt, now) && isFresh(probe.handledAt, now);
  if (probe.link === 'linked' && hears) return well(health, probe, now, askWithinMs);
  // Never linked, as far as anybody knows: nothing to lose.
  if (!health.linked && probe.link === 'unknown') return { health, action: 'none' };
  return sick({ ...health, linked: true }, probe, now);
}

/** After a start of the watch: the gateway may just have started as well, and connects by itself. */
export function resumed({ sickSince: _, cutOff: __, ...health }: ChannelHealth): ChannelHealth {
  return health;
}

/** The plane took what it was owed. */
export const told = (health: ChannelHealth): ChannelHealth => ({ ...health, owed: false });

/** What the plane is to be told, in the same words however often it is tried. */
export function reportOf(health: ChannelHealth): ChannelReport | undefined {
  const { owed, said, saidAt, lasting } = health;
  if (!owed || said === undefined || saidAt === undefined) return undefined;
  const at = new Date(saidAt).toISOString();
  return { channel: 'whatsapp', state: said, at, ...(lasting && { lasting }) };
}
