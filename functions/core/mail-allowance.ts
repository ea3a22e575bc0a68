/**
 * How many mails may go out on an agent's behalf: a bucket that holds a burst and refills slowly.
 * Kept in an annotation of the agent's config secret: `<mails left> <time>`.
 */

export interface Bucket {
  readonly burst: number;
  /** Milliseconds until there is one more. */
  readonly refillMs: number;
}

const MINUTE_MS = 60_000;
/** What it writes to its owner, and notices of channels: about a hundred a day. */
const AGENTS_MAILS: Bucket = { burst: 20, refillMs: 15 * MINUTE_MS };
/** What the plane writes as its VM says that its link is lost: a person links it in between, so a dozen a day. */
export const LINK_MAILS: Bucket = { burst: 6, refillMs: 120 * MINUTE_MS };

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
export function takeMail(
  text: string | undefined,
  now: number,
  { burst, refillMs }: Bucket = AGENTS_MAILS,
): Allowance {
  const [count = '', time = ''] = text?.split(' ') ?? [];
  const at = Date.parse(time);
  const known = /^\d+$/.test(count) && Number.isFinite(at) && at <= now;
  const since = known ? at : now;
  const refilled = Math.floor((now - since) / refillMs);
  const left = Math.min(burst, known ? Number(count) + refilled : burst);
  if (left === 0) return { next: undefined, waitMs: since + refillMs - now };
  // The time moves on by whole refills, so that asking often does not put the next one off.
  const mark = left === burst ? now : since + refilled * refillMs;
  return { next: `${left - 1} ${new Date(mark).toISOString()}`, waitMs: 0 };
}
