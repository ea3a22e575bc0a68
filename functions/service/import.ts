/**
 * `POST /v1/imports`: many people, checked as a whole, and what is left to do for them put into
 * the queue. Nothing is kept of an import: what the project holds says how far it is, so the same
 * request again goes on where the last one stopped (decision 092).
 */

import { answersOn, type ProvisionRequest } from '../../contracts/config-document.ts';
import { PlaneError } from '../../contracts/errors.ts';
import {
  type ImportAnswer,
  type Imported,
  provisionTask,
  provisionWork,
} from '../../contracts/import.ts';
import { type AgentName, agentOfInstance } from '../../contracts/names.ts';
import { inFilters } from '../core/listed.ts';
import { type Known, ownerOf, readPeople, takesFor, workId, workPrefix } from '../core/people.ts';
import { type Policy, parseBody } from '../core/request.ts';
import { isTicket, ticketFor } from '../core/ticket.ts';
import { demandAccounts } from './account.ts';
import type { Places } from './cells.ts';
import { type Row, rowsIn } from './documents.ts';
import type { WorkQueue } from './ports.ts';
import { type Provisioned, provisionIn, readRequest } from './provision.ts';
import { isPassing, persistently, READ_DEADLINE_MS } from './retry.ts';
import type { Tools } from './steps.ts';

export const PROVISION_TASK = '/v1/tasks/provision';

/** Put into the queue at the same time. */
const AT_ONCE = 20;

export interface ImportTools extends Tools {
  readonly queue: WorkQueue;
  readonly fleet: Places;
  /** Signs what is put into the queue. */
  readonly linkKey: () => Promise<string>;
}

/** @throws PlaneError INVALID_ARGUMENT with every problem there is; then nothing was done */
export async function importPeople(
  tools: ImportTools,
  policy: Policy,
  { body, by, dryRun }: { readonly body: unknown; readonly by: string; readonly dryRun: boolean },
): Promise<ImportAnswer> {
  const people = readPeople(policy, body);
  const rows = await rowsIn(await tools.fleet.all());
  const known = await knownOf(rows, people);
  const looked = people.map((request) => ({ request, ...takesFor(request, known) }));
  await demandAccounts(rows, looked);
  const queued = dryRun ? new Set<string>() : await enqueue(tools, by, looked);
  const waiting = (await waitingIn(tools)).length;
  const told = looked.map(({ request: { user }, ...rest }): Imported => {
    return { user, ...rest, queued: queued.has(user) };
  });
  return { people: told, waiting };
}

/** The agents of these people, by owner, in whichever cell. */
async function knownOf(rows: readonly Row[], people: readonly ProvisionRequest[]) {
  const wanted = new Set(people.map(({ user }) => user));
  const theirs = rows.filter(({ secret }) => wanted.has(ownerOf(secret) ?? ''));
  const byCell = [...Map.groupBy(theirs, ({ cell }) => cell)];
  const found = byCell.map(([cell, some]) => knownIn(cell, some));
  return new Map<string, Known>((await Promise.all(found)).flat());
}

async function knownIn(cell: Tools, rows: readonly Row[]) {
  const names = rows.map(({ name }) => name);
  const machines = await machinesOf(cell, names);
  return rows.map(({ name, secret }): readonly [string, Known] => [
    ownerOf(secret) ?? '',
    { name, secret, hasMachine: machines.has(name) },
  ]);
}

async function machinesOf(
  { listing }: Tools,
  names: readonly AgentName[],
): Promise<ReadonlySet<AgentName | undefined>> {
  const found = await Promise.all(inFilters(names).map((part) => listing.instances(part)));
  return new Set(found.flat().map(({ name }) => agentOfInstance(name)));
}

const waitingIn = (tools: ImportTools): Promise<readonly string[]> =>
  persistently(tools, () => tools.queue.waiting(), READ_DEADLINE_MS);

/** @returns the users whose work is in the queue now */
async function enqueue(
  tools: ImportTools,
  by: string,
  looked: readonly { readonly request: ProvisionRequest; readonly takes: Imported['takes'] }[],
): Promise<ReadonlySet<string>> {
  const open = looked.filter(({ takes }) => takes !== 'nothing');
  if (open.length === 0) return new Set();
  const key = await tools.linkKey();
  const there = (await waitingIn(tools)).map((id) => id.slice(0, id.lastIndexOf('-')));
  const waiting = new Set(there);
  const queued = new Set<string>();
  for (let start = 0; start < open.length; start += AT_ONCE) {
    await Promise.all(
      open.slice(start, start + AT_ONCE).map(async ({ request }) => {
        if (waiting.has(workPrefix(request))) return queued.add(request.user);
        const id = workId(request, tools.clock.now());
        const work = provisionWork.parse({ request, by });
        const body = { work, ticket: ticketFor(key, PROVISION_TASK, work) };
        await persistently(tools, () => tools.queue.add(id, PROVISION_TASK, body));
        return queued.add(request.user);
      }),
    );
  }
  return queued;
}

export interface Worked {
  readonly outcome: Provisioned | PlaneError;
  readonly by: string;
}

/**
 * One piece of that work. Safe to repeat, as every provision is.
 * @returns the error, where another attempt would meet the same one
 * @throws PlaneError PERMISSION_DENIED for work that the plane did not write; what may pass, so
 *   that the queue brings it again
 */
export async function provisionOne(
  tools: ImportTools,
  policy: Policy,
  body: unknown,
): Promise<Worked> {
  const { work, ticket } = parseBody(provisionTask, body);
  if (!isTicket(await tools.linkKey(), PROVISION_TASK, work, ticket)) {
    throw new PlaneError('PERMISSION_DENIED', 'The plane did not write this.');
  }
  const { request, by } = parseBody(provisionWork, work);
  try {
    const wanted = readRequest(policy, request);
    const isChecked = answersOn(wanted.request) !== undefined;
    return { by, outcome: await provisionIn(tools.fleet, { ...wanted, isChecked }, false) };
  } catch (error) {
    if (!(error instanceof PlaneError) || isPassing(error)) throw error;
    return { by, outcome: error };
  }
}
