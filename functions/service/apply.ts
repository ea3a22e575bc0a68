/** Runs the steps of a plan: each as soon as its needs are done, independent ones at once. */

export interface Runnable<Id extends string> {
  readonly id: Id;
  readonly needs: readonly Id[];
}

/**
 * @param run does one step; `done(id)` gives what an earlier step returned
 * @throws what the first failing step threw, after the steps in flight have ended; steps that
 *   needed it never start
 */
export async function applyPlan<Id extends string, S extends Runnable<Id>>(
  steps: readonly S[],
  run: (step: S, done: (id: Id) => unknown) => Promise<unknown>,
): Promise<void> {
  const results = new Map<Id, unknown>();
  const running = new Map<Id, Promise<void>>();
  for (const step of steps) {
    const needs = step.needs.map((id) => running.get(id) ?? missing(step.id, id));
    const start = async (): Promise<void> => {
      await Promise.all(needs);
      results.set(step.id, await run(step, (id) => results.get(id)));
    };
    running.set(step.id, start());
  }
  const outcomes = await Promise.allSettled(running.values());
  const failure = outcomes.find((outcome) => outcome.status === 'rejected');
  if (failure) throw failure.reason;
}

function missing(step: string, need: string): never {
  throw new Error(`step ${step} needs ${need}, which does not come before it`);
}
