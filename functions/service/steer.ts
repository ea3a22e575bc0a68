/**
 * Every verb over an agent: look, decide, act, and look again until nothing is left to do.
 *
 * What a verb wants goes on record first (core/intent.ts). From then on this loop serves the
 * record and not the verb: a later request of somebody else is carried out by both.
 */

import type { ConfigDocument } from '../../contracts/config-document.ts';
import { PlaneError } from '../../contracts/errors.ts';
import { type AgentName, configSecretId } from '../../contracts/names.ts';
import { readDocument } from '../core/document.ts';
import { digestOf, type Intent, intentOf, leaseLeft } from '../core/intent.ts';
import type { Observed } from '../core/observed.ts';
import { type Goal, goalOf, planFor } from '../core/plan.ts';
import type { Desired, Step } from '../core/step.ts';
import { moveLeft, placed } from '../core/zone.ts';
import { applyPlan } from './apply.ts';
import { observeFully, takeCredentials, takeInventory } from './observe.ts';
import { persistently } from './retry.ts';
import { desiredOf, runStep, type Tools } from './steps.ts';

/** What is in force: undefined where nobody could read a document. */
export interface InForce {
  readonly document: ConfigDocument | undefined;
  readonly intent: Pick<Intent, 'life' | 'boot' | 'machine'>;
}

/** Pure. @throws PlaneError when this cannot be done to this agent */
export type Change = (current: InForce, observed: Observed) => InForce;

export interface Steered {
  readonly desired: Desired;
  /** As it was found when nothing was left to do. */
  readonly observed: Observed;
  /** Taken by this request, in order. */
  readonly steps: readonly Step[];
  /** As it was found at first. */
  readonly before: Observed;
}

/** Far more than any plan takes: each look that finds work finds the next part of the same plan. */
const LOOKS = 8;

interface Look {
  readonly desired: Desired;
  readonly observed: Observed;
  readonly steps: readonly Step[];
}

/** What the change would take now; touches nothing. @throws PlaneError */
export async function planned(tools: Tools, name: AgentName, change: Change): Promise<Look> {
  return persistently(tools, () =>
    look(tools, name, change, { by: tools.newId(), begins: true, waits: false }),
  );
}

/**
 * @throws PlaneError NOT_FOUND, FAILED_PRECONDITION (foreign resources), ABORTED (others are at
 *   it all the time), or what Google said when its answers did not get better in time
 */
export async function steer(tools: Tools, name: AgentName, change: Change): Promise<Steered> {
  const by = tools.newId();
  const done: Step[] = [];
  let wanted = change;
  let before: Observed | undefined;
  return persistently(tools, async () => {
    for (let count = 0; count < LOOKS; count += 1) {
      const begins = !done.some(({ id }) => id === 'instance');
      const looker = { by, begins, waits: true };
      const { desired, observed, steps } = await look(tools, name, wanted, looker);
      before ??= observed;
      if (steps.length === 0 || isStuck(steps, done)) {
        return { desired, observed, steps: done, before };
      }
      await applyPlan(steps, runStep(tools, desired, observed, steps));
      done.push(...steps);
      wanted = recorded;
    }
    throw new PlaneError('ABORTED', 'Others change the same agent all the time. Send it again.');
  });
}

/** Where there is no record any more, nothing is wanted. */
const recorded: Change = ({ document, intent }, { configSecret }) => ({
  document,
  intent: configSecret ? intent : { ...intent, life: 'purged' },
});

/** Begun by this very request, over, and to be done once more: Google could not. The state says why. */
export const isStuck = (steps: readonly Step[], done: readonly Step[]): boolean =>
  steps.every(({ id, title }) => BACKGROUND.has(id) && done.some((it) => it.title === title));
const BACKGROUND: ReadonlySet<string> = new Set(['instance', 'start']);

interface Looker {
  /** Id of the request. */
  readonly by: string;
  /** It has not tried to make a VM yet. */
  readonly begins: boolean;
  /** It is going to change something. */
  readonly waits: boolean;
}

async function look(
  tools: Tools,
  name: AgentName,
  change: Change,
  { by, begins, waits }: Looker,
): Promise<Look> {
  const { since, seen } = await observeAt(tools, name, waits);
  if (leaseLeft(seen, by, tools.clock.now()) > 0) {
    throw new PlaneError('ABORTED', 'Another request is writing the same agent. Send it again.');
  }
  const current = intentOf(seen);
  const { document, intent } = change({ document: documentOf(seen), intent: current }, seen);
  const asked: Intent = {
    ...current,
    ...intent,
    document: document ? digestOf(document) : current.document,
    by,
    at: tools.clock.now(),
  };
  const whole = placed(asked, seen, tools.instance.zone, begins);
  const desired = desiredOf(tools, name, document, whole, since);
  const goal = goalOf(whole);
  const observed = { ...seen, ...(await lookCloser(tools, name, goal)) };
  return { desired, observed, steps: planFor(goal, desired, observed) };
}

/**
 * As it is; of an agent that was just sent to another zone, as it is once nobody can be making it
 * where it was.
 */
export async function observeAt(
  tools: Tools,
  name: AgentName,
  waits: boolean,
): Promise<{ readonly since: number; readonly seen: Observed }> {
  for (;;) {
    const since = tools.clock.now();
    const seen = await observeFully(tools, name);
    const left = waits ? moveLeft(seen, tools.clock.now()) : 0;
    if (left === 0) return { since, seen };
    await tools.clock.sleep(left);
  }
}

/** What one goal alone needs to know. */
async function lookCloser(tools: Tools, name: AgentName, goal: Goal): Promise<Partial<Observed>> {
  if (goal === 'purge') return { inventory: await takeInventory(tools, name) };
  if (goal === 'revoke') return { credentials: await takeCredentials(tools, name) };
  return {};
}

/** In force; or, when its version was destroyed, the newest that is left. */
const documentOf = ({ config, detail }: Observed): ConfigDocument | undefined =>
  readDocument(config?.payload ?? detail?.lastConfig?.payload);

export const notFound = (): PlaneError =>
  new PlaneError('NOT_FOUND', 'No agent has this name.', {
    details: [
      { field: 'name', problem: 'is not the name of an agent', fix: 'GET /v1/agents lists them' },
    ],
  });

/** @throws PlaneError NOT_FOUND when there is no such agent */
export const existing =
  (change: Change): Change =>
  (current, observed) => {
    if (!observed.configSecret) throw notFound();
    if (current.intent.life === 'purged') throw beingRemoved();
    return change(current, observed);
  };

export const beingRemoved = (): PlaneError =>
  new PlaneError('ABORTED', 'This agent is being removed for good.', {
    details: [
      {
        field: 'name',
        problem: 'names an agent that is being purged',
        fix: 'purge it once more to finish that; then it can be provisioned anew',
      },
    ],
  });

export const documentIn = (name: AgentName, { document }: InForce): ConfigDocument => {
  if (document) return document;
  const field = configSecretId(name);
  throw new PlaneError('FAILED_PRECONDITION', "The agent's configuration cannot be read.", {
    details: [
      {
        field,
        problem: 'has no newest version that is a config document',
        fix: 'reconcile restores an older one; or provision the agent again',
      },
    ],
  });
};
