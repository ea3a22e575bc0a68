/**
 * The fleet cut into projects: which one an agent is in. Everything of an agent lies in its cell;
 * the record that names the cell lies in the plane's own bucket, where a new one can be claimed
 * (docs/decisions/094).
 */

import { z } from 'zod';
import { PlaneError } from '../../contracts/errors.ts';
import { type AgentName, configSecretId } from '../../contracts/names.ts';
import { isOurs } from '../core/foreign.ts';
import { agentIn } from '../core/listed.ts';
import { ownerOf } from '../core/people.ts';
import { everyRecord } from './every-record.ts';
import type { Records } from './ports.ts';
import type { Wanted } from './provision.ts';
import type { Tools } from './steps.ts';

export interface Cell {
  readonly project: string;
  /** Agents that it may hold. */
  readonly room: number;
}

export interface Known {
  /** In the order in which they are filled; the first is the plane's own project. */
  readonly cells: readonly Cell[];
  readonly records: Records;
}

export interface Cells extends Known {
  /** @throws PlaneError FAILED_PRECONDITION for a project that is no cell (any more) */
  toolsOf(project: string): Promise<Tools>;
}

const record = z.strictObject({ project: z.string(), user: z.string() });
const nameOf = (name: AgentName): string => `cells/${name}`;

/** Undefined: none was ever written, so the agent is in the plane's own project, if anywhere. */
async function recordOf({ records }: Known, name: AgentName) {
  const kept = await records.get(nameOf(name));
  return record.safeParse(kept?.value).data;
}

const homeOf = ({ cells }: Known): string => cells[0]?.project ?? '';

/** The project that the agent is in. */
export const cellOf = async (cells: Known, name: AgentName): Promise<string> =>
  (await recordOf(cells, name))?.project ?? homeOf(cells);

/** @param atHome how many agents the first of them has */
async function withRoom(cells: Cells, atHome: number): Promise<string> {
  const countIn = async (project: string): Promise<number> =>
    project === homeOf(cells) ? atHome : (await everyRecord(await cells.toolsOf(project))).length;
  for (const { project, room } of cells.cells) {
    if ((await countIn(project)) < room) return project;
  }
  const fix = 'name another project in AGENTS_PLANE_CELLS, or purge agents';
  throw new PlaneError('RESOURCE_EXHAUSTED', 'No project has room for another agent.', {
    details: [{ field: 'user', problem: 'fits into no cell', fix }],
  });
}

export interface Allotted {
  readonly project: string;
  readonly wanted: Wanted;
}

/**
 * Where the person's agent is, or is to be: then the place is claimed under its name, so that of
 * two requests at once both go to the same one.
 * @param dryRun claims nothing
 * @throws PlaneError RESOURCE_EXHAUSTED, ALREADY_EXISTS, ABORTED (somebody claimed the name just now)
 */
async function allot(cells: Cells, wanted: Wanted, dryRun: boolean): Promise<Allotted> {
  const { user } = wanted.request;
  const on = (project: string, name: AgentName): Allotted => ({
    project,
    wanted: { ...wanted, names: [name] },
  });
  const seen = await Promise.all(
    wanted.names.map(async (name) => ({ name, at: await recordOf(cells, name) })),
  );
  const recorded = seen.find(({ at }) => at?.user === user);
  if (recorded?.at) return on(recorded.at.project, recorded.name);
  const home = await everyRecord(await cells.toolsOf(homeOf(cells)));
  const owners = new Map(home.map(({ id, secret }) => [agentIn(id, secret), ownerOf(secret)]));
  const unrecorded = seen.filter(({ at }) => !at).map(({ name }) => name);
  const theirs = unrecorded.find((name) => owners.get(name) === user);
  if (theirs) return on(homeOf(cells), theirs);
  const free = unrecorded.find((name) => !owners.has(name));
  if (!free) {
    const fix = 'give the address another local part, or remove the other agent';
    throw new PlaneError('ALREADY_EXISTS', 'Another person has an agent of this name.', {
      details: [{ field: 'user', problem: 'every name for this address is taken', fix }],
    });
  }
  const project = await withRoom(cells, home.length);
  if (!dryRun) await cells.records.put(nameOf(free), { project, user }, undefined);
  return on(project, free);
}

/**
 * Whether an agent of which something is in that project belongs there. A record that was lost is
 * written again where the agent is; one that names another project stays.
 */
async function adopt(cells: Cells, name: AgentName, { project, secrets }: Tools): Promise<boolean> {
  const known = await recordOf(cells, name);
  if (known) return known.project === project;
  if (project === homeOf(cells)) return true;
  const home = await cells.toolsOf(homeOf(cells));
  const [secret, atHome] = await Promise.all(
    [secrets, home.secrets].map((each) => each.get(configSecretId(name))),
  );
  const user = secret && isOurs(secret.labels, name) ? ownerOf(secret) : undefined;
  if (!user || atHome) return false;
  await cells.records.put(nameOf(name), { project, user }, undefined);
  return true;
}

/** After a purge the name is free again. */
async function leave({ records }: Known, name: AgentName): Promise<void> {
  const kept = await records.get(nameOf(name));
  if (kept) await records.remove(kept.name, kept.generation);
}

/** Where requests find their tools. */
export interface Places {
  /** Of the agent's own project; without one, of the plane's. */
  readonly of: (agent?: AgentName) => Promise<Tools>;
  /** Of all projects that hold agents. */
  readonly all: () => Promise<readonly Tools[]>;
  /** Of the project in which that person's agent is, or is to be. */
  readonly allot: (
    wanted: Wanted,
    dryRun: boolean,
  ) => Promise<{ readonly tools: Tools; readonly wanted: Wanted }>;
  /** Whether the agent belongs into that project; mends its record. */
  readonly adopt: (agent: AgentName, cell: Tools) => Promise<boolean>;
  /** After a purge. */
  readonly leave: (agent: AgentName) => Promise<void>;
}

/** The fleet in one project: no record is read or written. */
export const onePlace = (tools: () => Promise<Tools>): Places => ({
  of: () => tools(),
  all: async () => [await tools()],
  allot: async (wanted) => ({ tools: await tools(), wanted }),
  adopt: async () => true,
  leave: async () => {},
});

export const manyPlaces = (cells: () => Promise<Cells>): Places => ({
  of: async (agent) => {
    const known = await cells();
    return known.toolsOf(agent ? await cellOf(known, agent) : homeOf(known));
  },
  all: async () => {
    const known = await cells();
    return Promise.all(known.cells.map(({ project }) => known.toolsOf(project)));
  },
  allot: async (wanted, dryRun) => {
    const known = await cells();
    const { project, wanted: named } = await allot(known, wanted, dryRun);
    return { tools: await known.toolsOf(project), wanted: named };
  },
  adopt: async (agent, cell) => adopt(await cells(), agent, cell),
  leave: async (agent) => leave(await cells(), agent),
});

/**
 * A page of all cells, one after the other; it ends where its cell does. The token of a fleet in
 * one project is that cell's own; else the number of the cell stands before it.
 * @throws PlaneError INVALID_ARGUMENT for a token that no page gave
 */
export async function acrossCells<P extends { readonly nextPageToken?: string | undefined }>(
  cells: readonly Tools[],
  token: string | undefined,
  pageIn: (cell: Tools, token: string | undefined) => Promise<P>,
): Promise<P> {
  const [first] = cells;
  if (first && cells.length === 1) return pageIn(first, token);
  const [, at = '', theirs = ''] = /^(\d{1,4})_(.*)$/.exec(token ?? '0_') ?? [];
  const cell = at === '' ? undefined : cells[Number(at)];
  if (!cell) throw noSuchPage();
  const { nextPageToken, ...page } = await pageIn(cell, theirs || undefined);
  const following = Number(at) + 1 < cells.length ? `${Number(at) + 1}_` : undefined;
  const next = nextPageToken === undefined ? following : `${at}_${nextPageToken}`;
  return { ...page, ...(next === undefined ? {} : { nextPageToken: next }) } as P;
}

export function noSuchPage(): PlaneError {
  const problem = 'is not one that a page before gave';
  return new PlaneError('INVALID_ARGUMENT', 'There is no such page.', {
    details: [{ field: 'query.pageToken', problem, fix: 'begin again without it' }],
  });
}
