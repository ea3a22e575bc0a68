/** When a failed attempt is made again. Written down here alone. */

const SECOND = 1_000;
const MINUTE = 60 * SECOND;

/** Pauses after the first, second, ... failed attempt, in milliseconds; then the dead letters. */
export type Schedule = readonly number[];

/** A message that the handler fails on: over after two minutes of pauses, since its sender waits behind it. */
export const HANDLER_SCHEDULE: Schedule = [2 * SECOND, 10 * SECOND, 30 * SECOND, MINUTE];

/** A reply that was certainly not sent. Meta's throttles last minutes, its outages hours. */
export const SEND_SCHEDULE: Schedule = [
  SECOND,
  5 * SECOND,
  15 * SECOND,
  MINUTE,
  5 * MINUTE,
  15 * MINUTE,
  60 * MINUTE,
  3 * 60 * MINUTE,
];

/** Pauses while the handler is away: it comes back by itself (a gateway restarts in 15 s to 5 min). */
const AWAY: Schedule = [500, SECOND, 2 * SECOND, 5 * SECOND, 10 * SECOND, 15 * SECOND];

/** Longest that a message waits for a handler that is away, before it becomes a dead letter. */
export const AWAY_LIMIT_MS = 24 * 60 * MINUTE;

/** After a send whose answer was lost: long enough for a status webhook to confirm it. */
export const UNSURE_MS = 15 * SECOND;
/** So many unsure sends of one message at most, so that nobody gets it without end. */
export const UNSURE_LIMIT = 3;

/**
 * A bridge that is killed in the middle of so many sends of one message is killed by it, or after it.
 * Generous: kills are no message's fault.
 */
export const INTERRUPTION_LIMIT = 20;

/** @param attempts made so far, this one included. @returns undefined when there is none left. */
export function nextAttempt(
  schedule: Schedule,
  attempts: number,
  now: number,
  afterMs = 0,
): number | undefined {
  const pause = schedule[attempts - 1];
  return pause === undefined ? undefined : now + Math.max(pause, afterMs);
}

/** @param times how often in a row it was away. @returns milliseconds; never gives up. */
export const awayPause = (times: number): number =>
  AWAY[Math.min(times, AWAY.length) - 1] ?? SECOND;
