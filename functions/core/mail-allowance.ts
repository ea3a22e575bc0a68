/**
 * How many mails an agent may send its owner: a bucket that holds a burst and refills slowly.
 * Kept in an annotation of the agent's config secret: `<mails left> <time>`.
 */

const BURST = 20;
/** One more each quarter of an hour, about a hundred a day. */
const REFILL_MS = 15 * 60_000;

export interface Allowance {
  /** What to write down, when a mail may go out. */
  readonly next: string | undefined;
  /** Milliseconds until one may; 0 when it may now. */
  readonly waitMs: number;
}

/**
 * @param text the annotation; anything unreadable counts as a full bucket
 * @param now milliseconds since the epoch
 */
export function takeMail(text: string | undefined, now: number): Allowance {
  const [count = '', time = ''] = text?.split(' ') ?? [];
  const at = Date.parse(time);
  const known = /^\d+$/.test(count) && Number.isFinite(at) && at <= now;
  const since = known ? at : now;
  const refilled = Math.floor((now - since) / REFILL_MS);
  const left = Math.min(BURST, known ? Number(count) + refilled : BURST);
  if (left === 0) return { next: undefined, waitMs: since + REFILL_MS - now };
  // The time moves on by whole refills, so that asking often does not put the next one off.
  const mark = left === BURST ? now : since + refilled * REFILL_MS;
  return { next: `${left - 1} ${new Date(mark).toISOString()}`, waitMs: 0 };
}
