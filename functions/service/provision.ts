/** `POST /v1/agents`: observe -> plan -> apply, until there is nothing left to do. */

import type { Agent, PlanView } from '../../contracts/agent.ts';
import { CONFIG_VERSION, type ConfigDocument, configDocument } from '../../contracts/config-document.ts';
import { PlaneError } from '../../contracts/errors.ts';
import { type AgentName, configSecretId } from '../../contracts/names.ts';
import { candidateNames } from '../core/name.ts';
import { ANNOTATION_USER, type Observed } from '../core/observed.ts';
import { type Desired, isOurs, planFor, type Step, viewOf } from '../core/plan.ts';
import { type Policy, parseProvision } from '../core/request.ts';
import { applyPlan } from './apply.ts';
import { observe } from './observe.ts';
import { resourceOf } from './resource.ts';
import { runStep, type Tools } from './steps.ts';

export interface ProvisionTools extends Tools {
  readonly policy: Policy;
}

export type Provisioned =
  | { readonly kind: 'plan'; readonly plan: PlanView }
  | { readonly kind: 'changed' | 'unchanged'; readonly agent: Agent };

/** Lost races (somebody created or changed the same thing meanwhile) before giving up. */
const ROUNDS = 4;

/**
 * @param body the request as it came
 * @returns `changed` when something was created or changed, `unchanged` when all was there
 * @throws PlaneError INVALID_ARGUMENT, FAILED_PRECONDITION (something foreign carries the
 *   name), ALREADY_EXISTS (the name is another person's), or what Google said
 */
export async function provision(
  tools: ProvisionTools,
  body: unknown,
  dryRun: boolean,
): Promise<Provisioned> {
  const request = parseProvision(tools.policy, body);
  const document = configDocument.parse({ version: CONFIG_VERSION, ...request });
  const names = candidateNames(document.user);
  for (let round = 1; ; round += 1) {
    try {
      return await converge(tools, names, document, dryRun);
    } catch (error) {
      const raced =
        error instanceof PlaneError && (error.code === 'ABORTED' || error.code === 'ALREADY_EXISTS');
      // A name clash is final; only races between our own requests are worth another look.
      if (!raced || error.details.length > 0 || round === ROUNDS) throw error;
    }
  }
}

async function converge(
  tools: ProvisionTools,
  names: readonly AgentName[],
  document: ConfigDocument,
  dryRun: boolean,
): Promise<Provisioned> {
  const { name, observed } = await locate(tools, names, document.user);
  const desired: Desired = { name, project: tools.project, document };
  const steps = planFor('provision', desired, observed);
  if (dryRun) return { kind: 'plan', plan: viewOf(name, steps) };
  const after = await applied(tools, desired, observed, steps);
  const place = { project: tools.project, zone: tools.instance.zone };
  const agent = resourceOf(name, document, after, place, tools.clock.now());
  return { kind: steps.length > 0 ? 'changed' : 'unchanged', agent };
}

/** Applies the plan; gives what is to be expected now, without asking Google again. */
async function applied(
  tools: ProvisionTools,
  desired: Desired,
  observed: Observed,
  steps: readonly Step[],
): Promise<Observed> {
  const run = runStep(tools, desired, observed, steps);
  const results = new Map<string, unknown>();
  await applyPlan(steps, async (step, done) => {
    const result = await run(step, done);
    results.set(step.id, result);
    return result;
  });
  const version = results.get('config-version');
  const created = results.has('instance');
  return {
    ...observed,
    ...(typeof version === 'string' ? { config: { version, payload: '' } } : {}),
    ...(created ? { operation: { kind: 'insert', done: false, errors: [] } } : {}),
  };
}

interface Located {
  readonly name: AgentName;
  readonly observed: Observed;
}

/**
 * Which of the person's possible names is theirs. The preferred name is observed in full
 * and the others' config secrets in the same wave, so the common case costs one round trip.
 */
async function locate(
  tools: ProvisionTools,
  names: readonly AgentName[],
  user: string,
): Promise<Located> {
  const [preferred, ...others] = names;
  if (!preferred) throw new Error('a person has at least one candidate name');
  const [observed, ...secrets] = await Promise.all([
    observe(tools, preferred),
    ...others.map((name) => tools.secrets.get(configSecretId(name))),
  ]);
  const owned = others.find((_, index) => secrets[index]?.annotations[ANNOTATION_USER] === user);
  if (owned) return { name: owned, observed: await observe(tools, owned) };
  if (isFree(preferred, observed, user)) return { name: preferred, observed };
  for (const name of others) {
    const other = await observe(tools, name);
    if (isFree(name, other, user)) return { name, observed: other };
  }
  const fix = 'give the address another local part, or remove the other agent';
  throw new PlaneError('ALREADY_EXISTS', 'Another person has an agent of this name.', {
    details: [{ field: 'user', problem: 'every name for this address is taken', fix }],
  });
}

/**
 * Nobody's, or already this person's. A secret without our labels is neither: the plan
 * refuses it, rather than giving the person another name behind everybody's back.
 */
function isFree(name: AgentName, { configSecret, config }: Observed, user: string): boolean {
  if (!configSecret || !isOurs(configSecret.labels, name)) return true;
  const owner = configSecret.annotations[ANNOTATION_USER] ?? ownerIn(config?.payload);
  return owner === undefined || owner === user;
}

function ownerIn(payload: string | undefined): string | undefined {
  if (payload === undefined) return undefined;
  try {
    return configDocument.safeParse(JSON.parse(payload)).data?.user;
  } catch {
    return undefined;
  }
}
