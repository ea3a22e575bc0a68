/**
 * When the account's phone is asked for a message, and what its silence means. Pure.
 *
 * WhatsApp can hold a connection open, answer whatever is asked on it and deliver nothing. What the phone
 * sends because it was asked is delivered as every message is: the one proof there is. Its silence may
 * also mean that the phone is off. So the connection is made anew, once: what was held back comes at the
 * login, and when nothing does, the phone is left alone until it shows itself (docs/decisions/031).
 */

export interface Asked {
  /** It was asked then, and did not answer yet. */
  readonly askedAt?: number;
  /** The last time that it did not answer, the connection was made anew then. */
  readonly silentAt?: number;
  /** How often in a row it did not. */
  readonly misses?: number;
}

/** Times are milliseconds since the epoch. */
export interface Delivered {
  /** When something was last delivered. */
  readonly deliveredAt?: number;
  /** When something was last delivered, or the connection was opened. */
  readonly freshAt?: number;
  /** A turn is under way. */
  readonly busy: boolean;
}

export interface Asking {
  readonly asked: Asked;
  readonly action: 'none' | 'ask-phone' | 'restart-channel';
}

/** A phone in a pocket is woken and answers within seconds. */
const ANSWER_MS = 30_000;
/** A turn is not cut off, unless it never ends: OpenClaw says that it is busy then, too. */
const BUSY_ANSWER_MS = 900_000;
/** The answer's time, and that of two probes and a half: what of the promised time is left for waiting. */
const NOTICE_MS = ANSWER_MS + 45_000;

/** After a silence the next question waits, twice as long each time: a phone may be slow, or off while its owner writes. */
const PAUSE_MAX_MS = 3_600_000;
const pauseMs = (misses: number, withinMs: number): number =>
  Math.min(withinMs * 2 ** misses, PAUSE_MAX_MS);

/** What is left of it when the connection is made anew at `now`. */
export const anew = ({ askedAt, misses = 0, ...asked }: Asked, now: number): Asked =>
  askedAt === undefined ? { ...asked, misses } : { silentAt: now, misses: misses + 1 };

/** Something came; it need not be the phone's: what was learned of the phone is kept for a while. */
const answered = ({ askedAt: _, ...asked }: Asked, now: number): Asked =>
  asked.silentAt !== undefined && now - asked.silentAt < PAUSE_MAX_MS ? asked : {};

const isOverdue = (askedAt: number, busy: boolean, now: number): boolean =>
  now - askedAt >= (busy ? BUSY_ANSWER_MS : ANSWER_MS);

/**
 * @param withinMs how soon a connection that delivers nothing is to be noticed; undefined: the phone is not asked
 * @param now milliseconds since the epoch
 */
export function askPhone(
  asked: Asked,
  { deliveredAt = 0, freshAt, busy }: Delivered,
  withinMs: number | undefined,
  now: number,
): Asking {
  if (withinMs === undefined) return { asked: {}, action: 'none' };
  const { askedAt, silentAt, misses = 0 } = asked;
  if (askedAt !== undefined) {
    if (deliveredAt > askedAt) return { asked: answered(asked, now), action: 'none' };
    if (!isOverdue(askedAt, busy, now)) return { asked, action: 'none' };
    return { asked: anew(asked, now), action: 'restart-channel' };
  }
  const isSilent = silentAt !== undefined && deliveredAt <= silentAt;
  const isRested = silentAt === undefined || now - silentAt >= pauseMs(misses, withinMs);
  const isQuiet = freshAt !== undefined && now - freshAt >= withinMs - NOTICE_MS;
  if (isSilent || !isRested || !isQuiet) return { asked, action: 'none' };
  return { asked: { ...asked, askedAt: now }, action: 'ask-phone' };
}
