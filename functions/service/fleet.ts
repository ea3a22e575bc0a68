/** All agents: their names page by page, and reconcile over a page of them. */

import type { z } from 'zod';
import { PlaneError } from '../../contracts/errors.ts';
import type { planAnswer, ReconcileAnswer, Reconciled } from '../../contracts/lifecycle.ts';
import { type AgentName, agentName, LABEL_MANAGED_BY, MANAGED_BY } from '../../contracts/names.ts';
import { viewOf } from '../core/plan.ts';
import { asRecorded } from './lifecycle.ts';
import { planned, steer } from './steer.ts';
import type { Tools } from './steps.ts';

export const PAGE_SIZE_MAX = 100;
/** What a function does in its 60 s, each agent taking a second or two when nothing is wrong. */
const PAGE_SIZE = 50;

/** Agents looked at at the same time: under Secret Manager's quota and quick enough. */
export const AT_ONCE = 8;

export interface Page {
  readonly size?: number | undefined;
  /** Name of the last agent of the page before. */
  readonly token?: string | undefined;
}

export interface Names {
  readonly names: readonly AgentName[];
  readonly nextPageToken?: string;
}

/** Agents by name: every one of which a config secret of ours exists. */
export async function namesOf(tools: Tools, { size = PAGE_SIZE, token }: Page): Promise<Names> {
  const ids = await tools.secrets.list({ [LABEL_MANAGED_BY]: MANAGED_BY });
  const all = ids
    .map((id) => agentName.safeParse(/^agent-(.+)-config$/.exec(id)?.[1]).data)
    .filter((name) => name !== undefined)
    .sort();
  const rest = token === undefined ? all : all.filter((name) => name > token);
  const names = rest.slice(0, size);
  const last = names.at(-1);
  return { names, ...(rest.length > size && last ? { nextPageToken: last } : {}) };
}

/** A few at a time, in order. */
export async function each<T>(
  names: readonly AgentName[],
  run: (name: AgentName) => Promise<T>,
): Promise<T[]> {
  const results: T[] = [];
  for (let start = 0; start < names.length; start += AT_ONCE) {
    results.push(...(await Promise.all(names.slice(start, start + AT_ONCE).map(run))));
  }
  return results;
}

/** @throws PlaneError NOT_FOUND when there is no such agent */
export async function reconcileOne(tools: Tools, name: AgentName): Promise<Reconciled> {
  const { steps, desired } = await steer(tools, name, asRecorded);
  const done = steps.map(({ title }) => title);
  if (desired.intent.life === 'purged') return { agent: name, outcome: 'purged', done };
  return { agent: name, outcome: done.length > 0 ? 'repaired' : 'unchanged', done };
}

/** One agent's trouble is not another's: it is told in its line. */
async function outcomeOf(tools: Tools, name: AgentName): Promise<Reconciled> {
  try {
    return await reconcileOne(tools, name);
  } catch (error) {
    if (!(error instanceof PlaneError)) throw error;
    const ours = error.code === 'FAILED_PRECONDITION' && error.cause === undefined;
    const facts = error.details.map(({ field, problem, fix }) => `${field} ${problem}: ${fix}.`);
    const reason = [error.message, ...facts].join(' ');
    return { agent: name, outcome: ours ? 'refused' : 'failed', done: [], reason };
  }
}

export async function reconcileAll(tools: Tools, page: Page): Promise<ReconcileAnswer> {
  const { names, ...next } = await namesOf(tools, page);
  return { agents: await each(names, (name) => outcomeOf(tools, name)), ...next };
}

export async function planAll(tools: Tools, page: Page): Promise<z.infer<typeof planAnswer>> {
  const { names, ...next } = await namesOf(tools, page);
  const plans = await each(names, async (name) =>
    viewOf(name, (await planned(tools, name, asRecorded)).steps),
  );
  return { plans: plans.filter(({ steps }) => steps.length > 0), ...next };
}
