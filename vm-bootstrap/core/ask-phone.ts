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
  /** The connection was made anew then, since it did not answer; nothing was delivered since. */
  readonly silentSince?: number;
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

/** What is left of it when the connection is made anew at `now`. */
export const anew = ({ askedAt, ...asked }: Asked, now: number): Asked =>
  askedAt === undefined ? asked : { silentSince: now };

/**
 * @param withinMs how soon a connection that delivers nothing is to be noticed; undefined: the phone is not asked
 * @param now milliseconds since the epoch
 */
export function askPhone(
  asked: Asked,
  { deliveredAt, freshAt, busy }: Delivered,
  withinMs: number | undefined,
  now: number,
): Asking {
  if (withinMs === undefined) return { asked: {}, action: 'none' };
  const since = asked.askedAt ?? asked.silentSince;
  if (since !== undefined && (deliveredAt ?? 0) <= since) {
    const answerMs = busy ? BUSY_ANSWER_MS : ANSWER_MS;
    const overdue = asked.askedAt !== undefined && now - asked.askedAt >= answerMs;
    if (!overdue) return { asked, action: 'none' };
    return { asked: anew(asked, now), action: 'restart-channel' };
  }
  const quiet = freshAt !== undefined && now - freshAt >= withinMs - NOTICE_MS;
  return quiet ? { asked: { askedAt: now }, action: 'ask-phone' } : { asked: {}, action: 'none' };
}
