/** What a step of a plan works with. */

import type { Observed } from '../core/observed.ts';
import type { Desired, Step, StepId } from '../core/step.ts';
import { NEW_ACCOUNT_SCHEDULE_MS, retrying } from './retry.ts';
import type { Tools } from './steps.ts';

/** One step at work. */
export interface Run {
  readonly tools: Tools;
  readonly desired: Desired;
  readonly observed: Observed;
  readonly done: (id: StepId) => unknown;
  /** The service account was made by this very plan, so Google may not know it everywhere yet. */
  readonly newAccount: boolean;
  /** Another step needs this one to be over, not just begun. */
  readonly awaited: boolean;
  readonly step: Step;
}

export type Action = (run: Run) => Promise<unknown>;

/** Waits out Google's replication of a service account that this plan created. */
export function patient<T>({ tools, newAccount }: Run, attempt: () => Promise<T>): Promise<T> {
  if (!newAccount) return attempt();
  const codes = ['INVALID_ARGUMENT', 'NOT_FOUND'] as const;
  return retrying({ codes, schedule: NEW_ACCOUNT_SCHEDULE_MS, clock: tools.clock }, attempt);
}
