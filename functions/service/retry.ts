/** Trying again on a written schedule, for the two cases in which Google says "not yet". */

import { type ErrorCode, PlaneError } from '../../contracts/errors.ts';
import type { Clock } from './ports.ts';

/**
 * A service account that was just created takes up to 60 s to be known everywhere
 * (https://cloud.google.com/iam/docs/service-accounts-create#creating); most take 2. Adds up
 * to 31 s, within the 60 s that a function may take.
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
