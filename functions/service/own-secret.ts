/** The secrets of an agent's own that its VM asks for when it needs them first. */

import type { AgentName } from '../../contracts/names.ts';
import { intentOf } from '../core/intent.ts';
import type { Observed } from '../core/observed.ts';
import { planFor } from '../core/plan.ts';
import { applyPlan } from './apply.ts';
import { type SelfTools, self } from './caller.ts';
import { observe } from './observe.ts';
import { desiredOf, runStep } from './steps.ts';

/**
 * Creates the empty secret and the agent's rights on it, should they be missing.
 * @param more what the goal looks at beyond `observe`
 * @throws PlaneError FAILED_PRECONDITION when the agent was never provisioned, PERMISSION_DENIED when
 *   it is out of service
 */
export async function ensureOwnSecret(
  tools: SelfTools,
  name: AgentName,
  goal: 'keySecret' | 'channelsSecret' | 'backupSecret',
  more: () => Promise<Partial<Observed>> = async () => ({}),
): Promise<void> {
  const [{ document }, common, rest] = await Promise.all([
    self(tools, name),
    observe(tools, name),
    more(),
  ]);
  const observed = { ...common, ...rest };
  const desired = desiredOf(tools, name, document, intentOf(observed));
  const steps = planFor(goal, desired, observed);
  await applyPlan(steps, runStep(tools, desired, observed, steps));
}
