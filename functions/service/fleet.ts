/** All agents: their names page by page, and reconcile over a page of them. */

import type { z } from 'zod';
import type { PlanView } from '../../contracts/agent.ts';
import { PlaneError, type Problem } from '../../contracts/errors.ts';
import type { VmStatus } from '../../contracts/instance-metadata.ts';
import type { planAnswer, ReconcileAnswer, Reconciled } from '../../contracts/lifecycle.ts';
import { type AgentName, configSecretId } from '../../contracts/names.ts';
import { notLookedAt, reasonOf } from '../core/failure.ts';
import { agentIn, statusIn } from '../core/listed.ts';
import type { Observed } from '../core/observed.ts';
import { viewOf } from '../core/plan.ts';
import { untouchedIn } from '../core/untouched.ts';
import { acrossCells, type Places } from './cells.ts';
import { each } from './each.ts';
import { everyRecord } from './every-record.ts';
import { asRecorded } from './lifecycle.ts';
import { sweepNumbers } from './number-pool.ts';
import { orphansBeside } from './orphans.ts';
import { noteStatus } from './self-status.ts';
import { planned, steer } from './steer.ts';
import type { Tools } from './steps.ts';

export const PAGE_SIZE_MAX = 100;
/** What a function does in its 120 s, each agent taking a second or two when nothing is wrong. */
const PAGE_SIZE = 50;

export interface Page {
  readonly size?: number | undefined;
  /** `nextPageToken` of the page before: its last agent's name, marked where that is an orphan. */
  readonly token?: string | undefined;
}

export interface Names {
  readonly names: readonly AgentName[];
  readonly nextPageToken?: string;
}

/** Stands in a token before the name of an orphan; no name begins with it. */
const ORPHANS = '_';

/**
 * Agents by name: every one of which a config secret of ours exists.
 * @param orphans also, behind them, those of which only something else does
 */
async function namesOf(
  tools: Tools,
  { size = PAGE_SIZE, token }: Page,
  { orphans }: { readonly orphans: boolean } = { orphans: false },
): Promise<Names> {
  const all = (await everyRecord(tools))
    .map(({ id, secret }) => agentIn(id, secret))
    .filter((name) => name !== undefined)
    .sort();
  const orphan = token?.startsWith(ORPHANS) ? token.slice(ORPHANS.length) : undefined;
  const behind = token === undefined ? all : all.filter((name) => name > token);
  const rest = orphan === undefined ? behind : [];
  const names = rest.slice(0, size);
  const last = names.at(-1);
  if (rest.length > size && last) return { names, nextPageToken: last };
  if (!orphans) return { names };
  const left = (await orphansBeside(tools, all)).filter((name) => name > (orphan ?? ''));
  const some = left.slice(0, size - names.length);
  const more = left.length > some.length && `${ORPHANS}${some.at(-1) ?? ''}`;
  return { names: [...names, ...some], ...(more ? { nextPageToken: more } : {}) };
}

const ENDED: ReadonlySet<VmStatus['state']> = new Set(['ready', 'failed']);

/** A VM's word that did not get through to the plane when it was said: lists go by it. */
async function catchUp(tools: Tools, name: AgentName, observed: Observed): Promise<void> {
  const { configSecret, guestStatus: said } = observed;
  if (!configSecret || !said || !ENDED.has(said.state)) return;
  if (statusIn(configSecret)?.at !== said.at) await noteStatus(tools, name, said);
}

/**
 * @param tools of the project that the agent is in
 * @throws PlaneError NOT_FOUND when there is no such agent
 */
export async function reconcileOne(
  fleet: Places,
  tools: Tools,
  name: AgentName,
): Promise<Reconciled> {
  const { steps, desired, observed } = await steer(tools, name, asRecorded);
  await catchUp(tools, name, observed);
  const done = steps.map(({ title }) => title);
  if (desired.intent.life === 'purged') {
    await fleet.leave(name);
    return { agent: name, outcome: 'purged', done };
  }
  const untouched = [...untouchedIn(desired, observed)];
  return {
    agent: name,
    outcome: done.length > 0 ? 'repaired' : 'unchanged',
    done,
    ...(untouched.length > 0 ? { untouched } : {}),
  };
}

/** What reconcile would do to one agent. @throws PlaneError NOT_FOUND when there is no such agent */
export async function planOne(tools: Tools, name: AgentName): Promise<PlanView> {
  try {
    const { steps, desired, observed } = await planned(tools, name, asRecorded);
    return viewOf(name, steps, untouchedIn(desired, observed));
  } catch (error) {
    if (!isForeign(error)) throw error;
    return viewOf(name, [], error.details);
  }
}

/** Ours to say, and not what Google said: something of the agent's names is not the plane's. */
const isForeign = (error: unknown): error is PlaneError =>
  error instanceof PlaneError && error.code === 'FAILED_PRECONDITION' && error.cause === undefined;

/** Its spec was in that secret, and Google keeps none that was deleted. */
const orphaned = (name: AgentName): Problem => ({
  field: `secret ${configSecretId(name)}`,
  problem: 'is gone, and other things that belong to this agent are still there',
  fix: 'provision the person again, with everything kept, or deprovision --purge it',
});

/** Something of the agent is in a project that its record does not name: nobody asked for it. */
const strayed = (name: AgentName, { project }: Tools): Problem => ({
  field: `agent ${name} in ${project}`,
  problem: 'is not where its record says that it is',
  fix: `look at both projects: what of it is in ${project} is not used, and is yours to remove`,
});

/** One agent's trouble is not another's: it is told in its line. */
async function outcomeOf(fleet: Places, cell: Tools, name: AgentName): Promise<Reconciled> {
  try {
    if (await fleet.adopt(name, cell)) return await reconcileOne(fleet, cell, name);
    return { agent: name, outcome: 'refused', done: [], untouched: [strayed(name, cell)] };
  } catch (error) {
    if (error instanceof PlaneError && error.code === 'NOT_FOUND') {
      return { agent: name, outcome: 'orphaned', done: [], untouched: [orphaned(name)] };
    }
    const outcome = isForeign(error) ? 'refused' : 'failed';
    return { agent: name, outcome, done: [], reason: reasonOf(error) };
  }
}

interface Part {
  readonly cell: Tools;
  readonly names: readonly AgentName[];
  readonly nextPageToken?: string;
}

/** A page of all cells' agents, and what is left of some; it ends where its cell does. */
const partOf = async (fleet: Places, { size, token }: Page): Promise<Part> =>
  acrossCells(await fleet.all(), token, async (cell, theirs) => ({
    cell,
    ...(await namesOf(cell, { size, token: theirs }, { orphans: true })),
  }));

/** @param onward told of the next page before this one is begun */
export async function reconcileAll(
  fleet: Places,
  page: Page,
  onward: (token: string) => Promise<void> = async () => undefined,
): Promise<ReconcileAnswer> {
  const { cell, names, ...next } = await partOf(fleet, page);
  if (next.nextPageToken) await onward(next.nextPageToken);
  const agents = await each(names, (name) => outcomeOf(fleet, cell, name));
  if (page.token !== undefined) return { agents, ...next };
  return { agents, numbersReturned: await sweepNumbers(fleet), ...next };
}

export async function planAll(fleet: Places, page: Page): Promise<z.infer<typeof planAnswer>> {
  const { cell, names, ...next } = await partOf(fleet, page);
  const plans = await each(names, async (name) => {
    try {
      const { project } = await fleet.of(name);
      if (project !== cell.project) return viewOf(name, [], [strayed(name, cell)]);
      return await planOne(cell, name);
    } catch (error) {
      const isGone = error instanceof PlaneError && error.code === 'NOT_FOUND';
      return viewOf(name, [], [isGone ? orphaned(name) : notLookedAt(name, error)]);
    }
  });
  const telling = plans.filter(({ steps, untouched }) => steps.length > 0 || untouched);
  return { plans: telling, ...next };
}
