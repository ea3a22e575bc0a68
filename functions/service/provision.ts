/** `POST /v1/agents`: observe -> plan -> apply, until there is nothing left to do. */

import type { Agent, PlanView } from '../../contracts/agent.ts';
import {
  CONFIG_VERSION,
  type ConfigDocument,
  configDocument,
  type ProvisionRequest,
  provisionRequest,
} from '../../contracts/config-document.ts';
import { PlaneError } from '../../contracts/errors.ts';
import { type AgentName, configSecretId } from '../../contracts/names.ts';
import { type AuditChange, changeBetween, facetsIn, facetsOf } from '../core/audit.ts';
import { phoneForAgent } from '../core/directory.ts';
import { readDocument } from '../core/document.ts';
import { isOurs, refuseForeign } from '../core/foreign.ts';
import { digestOf, firstIntent, type Intent, intentOf, leaseLeft } from '../core/intent.ts';
import { candidateNames } from '../core/name.ts';
import { ANNOTATION_USER, type Observed } from '../core/observed.ts';
import { refuseForOldVm } from '../core/old-vm.ts';
import { goalOf, planFor, viewOf } from '../core/plan.ts';
import { type Policy, parseBody, parseProvision } from '../core/request.ts';
import type { Desired, Step } from '../core/step.ts';
import { summaryOf } from '../core/summary.ts';
import { placed } from '../core/zone.ts';
import { demandAccount } from './account.ts';
import { applyPlan } from './apply.ts';
import type { Places } from './cells.ts';
import { rowsIn } from './documents.ts';
import { keptNumber, numberFor } from './number-pool.ts';
import { resourceOf } from './resource.ts';
import { persistently, READ_DEADLINE_MS } from './retry.ts';
import { beingRemoved, isStuck, observeAt } from './steer.ts';
import { desiredOf, runStep, type Tools } from './steps.ts';

export type Provisioned =
  | { readonly kind: 'plan'; readonly plan: PlanView }
  | { readonly kind: 'changed' | 'unchanged'; readonly agent: Agent; readonly change: AuditChange };

/** What a request asks for, as far as it can be known without asking Google. */
export interface Wanted {
  readonly request: ProvisionRequest;
  /** Names that the person's agent may have, the preferred one first. */
  readonly names: readonly AgentName[];
  /** Of an agent that the directory asks for: what a new one is marked with. */
  readonly followed?: string;
  /** The import has seen already that no other agent answers on the number: one list for all of them. */
  readonly isChecked?: boolean;
  /** The person's id, where the directory was asked. */
  readonly person?: string | undefined;
}

/**
 * Pure, so that a bad request needs no Google client at all.
 * @param body as it came
 * @throws PlaneError INVALID_ARGUMENT
 */
export function readRequest(policy: Policy, body: unknown): Wanted {
  const request = parseProvision(policy, body);
  return { request, names: candidateNames(request.user) };
}

/** In whichever project the person's agent is, or is to be. @throws PlaneError as `provision` */
export async function provisionIn(
  fleet: Places,
  wanted: Wanted,
  dryRun: boolean,
): Promise<Provisioned & { readonly tools: Tools }> {
  const at = await fleet.allot(wanted, dryRun);
  return { ...(await provision(fleet, at.tools, at.wanted, dryRun)), tools: at.tools };
}

/**
 * @returns `changed` when something was created or changed, `unchanged` when all was there
 * @throws PlaneError FAILED_PRECONDITION (something foreign carries the
 *   name), ALREADY_EXISTS (the name is another person's, the number another agent's), or what Google said
 */
async function provision(
  fleet: Places,
  tools: Tools,
  { request, names, followed, isChecked, ...known }: Wanted,
  dryRun: boolean,
): Promise<Provisioned> {
  const by = tools.newId();
  const { userPhone, person } = await lookedUp(tools, request, known.person);
  const done: Step[] = [];
  let first: Observed | undefined;
  return persistently(tools, async () => {
    // In one wave with the rest, needed or not: a new agent waits for no round trip more.
    const [{ name, since, seen: observed }, rows] = await Promise.all([
      locate(tools, names, request.user, !dryRun),
      isChecked ? [] : rowsIn(await fleet.all()),
    ]);
    const before = readDocument(observed.config?.payload);
    // What is refused must not have drawn a number: that would cool off for weeks.
    refuseForeign(name, observed);
    if (observed.configSecret && intentOf(observed).life === 'purged') throw beingRemoved();
    const { whatsappNumber: named = keptNumber(request.whatsapp, before) } = request;
    const account = { whatsapp: request.whatsapp, userPhone, whatsappNumber: named };
    await demandAccount(rows, name, account, observed);
    const whatsappNumber = await numberFor(tools, name, request, before, dryRun);
    const document = configDocument.parse({
      ...{ version: CONFIG_VERSION, ...request, userPhone },
      ...(whatsappNumber === undefined ? {} : { whatsappNumber }),
    });
    refuseForOldVm(document, before, observed, tools.instance.bundleSha256);
    if (leaseLeft(observed, by, tools.clock.now()) > 0) throw beingWritten();
    const begins = !done.some(({ id }) => id === 'instance');
    const asked = intentFor(document, observed, by, tools.clock.now());
    const intent = placed(asked, observed, tools.instance.zone, begins);
    const owner = personFor(observed, person);
    const desired = { ...desiredOf(tools, name, document, intent, since), followed, person: owner };
    const steps = planFor(goalOf(intent), desired, observed);
    if (dryRun) return { kind: 'plan', plan: viewOf(name, steps) };
    const stuck = isStuck(steps, done);
    const after = stuck ? observed : await applied(tools, desired, observed, steps);
    first ??= observed;
    done.push(...steps);
    // What went on had to end first, or a zone without room was left: now there is more to do.
    if (!stuck && isToBeContinued(steps, desired, observed)) throw beingWritten();
    const agent = resourceOf(name, summaryOf(document), after, tools, tools.clock.now());
    const change = changeBetween(facetsIn(first), facetsOf(document, intent));
    return { kind: done.length > 0 ? 'changed' : 'unchanged', agent, change };
  });
}

/** Whether what comes of these steps has to be looked at by this very request. */
function isToBeContinued(
  steps: readonly Step[],
  { zone, intent }: Desired,
  observed: Observed,
): boolean {
  if (steps.some(({ id }) => id === 'settle' || id === 'leftover-removal')) return true;
  const moves = observed.zones !== undefined && observed.zone !== zone;
  const tries = steps.some(({ id }) => id === 'instance') && intent.after !== undefined;
  return moves || (tries && observed.dataDisk === undefined);
}

/** @throws PlaneError INVALID_ARGUMENT when the directory does not say it, FAILED_PRECONDITION when it may not be read */
async function lookedUp(
  tools: Tools,
  request: ProvisionRequest,
  known: string | undefined,
): Promise<{ readonly userPhone: string; readonly person: string | undefined }> {
  const { user, userPhone } = request;
  if (userPhone !== undefined) return { userPhone, person: known };
  const directory = await tools.directory();
  const person = await persistently(tools, () => directory.person(user), READ_DEADLINE_MS);
  // An alias says nothing of whose the agent is to be.
  const id = person?.email === user ? person.id : known;
  const phone = phoneForAgent(person, tools.phoneRegion);
  // Under the rules that hold between a phone and the rest.
  parseBody(provisionRequest, { ...request, userPhone: phone });
  return { userPhone: phone, person: id };
}

/**
 * What to keep of whose a new agent is. One that comes back from a revocation is whose the address
 * is today: somebody said so who knows. Else the record stays, and a sync sees who left.
 */
function personFor(observed: Observed, id: string | undefined): string | null | undefined {
  if (!observed.configSecret) return id;
  return intentOf(observed).life === 'revoked' ? (id ?? null) : undefined;
}

/** A new agent runs; one that was stopped by hand stays so; one that was deprovisioned comes back. */
function intentFor(document: ConfigDocument, observed: Observed, by: string, now: number): Intent {
  if (!observed.configSecret) return firstIntent(document, by, now);
  const current = intentOf(observed);
  const life = current.life === 'stopped' ? 'stopped' : 'running';
  return { ...current, life, document: digestOf(document), by, at: now };
}

/** Applies the plan; gives what is to be expected now, without asking Google again. */
async function applied(
  tools: Tools,
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

const beingWritten = (): PlaneError =>
  new PlaneError('ABORTED', 'Another request is at work on the same agent. Send it again.');

interface Located {
  readonly name: AgentName;
  readonly since: number;
  readonly seen: Observed;
}

/**
 * Which of the person's possible names is theirs. The preferred name is observed in full
 * and the others' config secrets in the same wave, so the common case costs one round trip.
 */
async function locate(
  tools: Tools,
  names: readonly AgentName[],
  user: string,
  waits: boolean,
): Promise<Located> {
  const [preferred, ...others] = names;
  if (!preferred) throw new Error('a person has at least one candidate name');
  const [observed, ...secrets] = await Promise.all([
    observeAt(tools, preferred, waits),
    ...others.map((name) => tools.secrets.get(configSecretId(name))),
  ]);
  const owned = others.find((_, index) => secrets[index]?.annotations[ANNOTATION_USER] === user);
  if (owned) return { name: owned, ...(await observeAt(tools, owned, waits)) };
  if (isFree(preferred, observed.seen, user)) return { name: preferred, ...observed };
  for (const name of others) {
    const other = await observeAt(tools, name, waits);
    if (isFree(name, other.seen, user)) return { name, ...other };
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
  const owner = configSecret.annotations[ANNOTATION_USER] ?? readDocument(config?.payload)?.user;
  return owner === undefined || owner === user;
}
