/**
 * Trying again, on written schedules (docs/decisions/081).
 *
 * Reads and writes that are safe to repeat: `persistently`, with full jitter within a deadline.
 * Everything else is never repeated blindly: the whole of observe -> plan -> apply is, so that
 * what a lost answer had done is seen first (steer.ts). The two fixed schedules below are for
 * what Google says is "not yet" or "somebody was faster".
 */

import { type ErrorCode, PlaneError } from '../../contracts/errors.ts';
import type { Clock } from './ports.ts';

/**
 * A service account that was just created takes up to 60 s to be known everywhere
 * (https://cloud.google.com/iam/docs/service-accounts-create#creating); most take 2. Adds up
 * to 31 s, within the 120 s that a function may take.
 */
export const NEW_ACCOUNT_SCHEDULE_MS = [1000, 2000, 4000, 8000, 16_000] as const;

/** Somebody else wrote the same policy between our read and our write. */
export const CONFLICT_SCHEDULE_MS = [50, 100, 200, 400, 800] as const;

export interface Retry {
  readonly codes: readonly ErrorCode[];
  readonly schedule: readonly number[];
  readonly clock: Clock;
}

/** Calls again after each pause while it fails with one of the codes; then throws the last error. */
export async function retrying<T>(
  retry: Retry,
  attempt: (again: boolean) => Promise<T>,
): Promise<T> {
  for (const [index, pause] of [...retry.schedule, undefined].entries()) {
    try {
      return await attempt(index > 0);
    } catch (error) {
      const known = error instanceof PlaneError && retry.codes.includes(error.code);
      if (!known || pause === undefined) throw error;
      await retry.clock.sleep(pause);
    }
  }
  throw new Error('unreachable: the last attempt returns or throws');
}

/** Looks and writes again while somebody else is faster. */
export const onConflict = <T>(clock: Clock, attempt: (again: boolean) => Promise<T>): Promise<T> =>
  retrying({ codes: ['ABORTED'], schedule: CONFLICT_SCHEDULE_MS, clock }, attempt);

/** Google is busy, away, or does not say what became of a call; or somebody else was faster. */
const PASSING: ReadonlySet<ErrorCode> = new Set([
  'ABORTED',
  'ALREADY_EXISTS',
  'RESOURCE_EXHAUSTED',
  'UNAVAILABLE',
  'DEADLINE_EXCEEDED',
]);

/** Our own errors with details tell a caller what to change: no second try would help. */
export const isPassing = (error: unknown): error is PlaneError =>
  error instanceof PlaneError && PASSING.has(error.code) && error.details.length === 0;

/** The longest pause grows from `firstMs` by doubling up to `mostMs`; the real one is drawn below it. */
const JITTER = { firstMs: 250, mostMs: 8000 } as const;

/** A function has 120 s; what is left is for the last attempt. */
const DEADLINE_MS = 40_000;

/** Of a single read, within that. */
export const READ_DEADLINE_MS = 8000;

export interface Patience {
  readonly clock: Clock;
  /** 0 up to 1. */
  readonly random: () => number;
}

/**
 * @param attempt its number from 0; @param askedMs what Google's Retry-After says
 * @returns milliseconds: https://aws.amazon.com/blogs/architecture/exponential-backoff-and-jitter/
 */
function pauseBefore(attempt: number, random: () => number, askedMs = 0): number {
  const most = Math.min(JITTER.mostMs, JITTER.firstMs * 2 ** attempt);
  return askedMs + Math.round(random() * most);
}

/**
 * Calls again while it fails with a passing error and the deadline allows another pause; then
 * throws the last error.
 */
export async function persistently<T>(
  { clock, random }: Patience,
  attempt: () => Promise<T>,
  deadlineMs: number = DEADLINE_MS,
): Promise<T> {
  const deadline = clock.now() + deadlineMs;
  for (let number = 0; ; number += 1) {
    try {
      return await attempt();
    } catch (error) {
      if (!isPassing(error)) throw error;
      const pause = pauseBefore(number, random, error.retryAfterMs);
      if (clock.now() + pause > deadline) throw error;
      await clock.sleep(pause);
    }
  }
}
