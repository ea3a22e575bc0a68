/**
 * Many people into the plane: all of them checked, then put into its queue, then watched until
 * each has an agent as asked for. How far it is, the plane knows: nothing is kept here.
 */

import { setTimeout as pause } from 'node:timers/promises';
import { agent as agentSchema } from '../../contracts/agent.ts';
import { inWords, PlaneError, type Problem } from '../../contracts/errors.ts';
import { IMPORT_MAX, type Imported, importAnswer } from '../../contracts/import.ts';
import type { Bar } from '../ui/bar.ts';
import type { Client } from './client.ts';
import type { Row } from './people-file.ts';
import { insist } from './verb.ts';

export interface Outcome {
  readonly at: string;
  readonly user: string;
  readonly outcome: 'created' | 'changed' | 'unchanged' | 'failed';
  readonly agent?: string;
  readonly reason?: string;
}

export interface Bulk {
  readonly client: Client;
  readonly bar: Bar;
  readonly pollMs?: number;
}

/** A look at a thousand costs the plane a handful of calls, of which a project has 600 a minute. */
const POLL_MS = 3_000;
/** Looks without news, the queue being empty: what is left now was refused. */
const QUIET_LOOKS = 2;
/** The same, while other work waits in the queue: ten minutes, as long as it ever pauses. */
const STUCK_LOOKS = 200;

const chunks = <T>(all: readonly T[], size = IMPORT_MAX): readonly (readonly T[])[] =>
  Array.from({ length: Math.ceil(all.length / size) }, (_, i) =>
    all.slice(i * size, (i + 1) * size),
  );

interface Looked {
  readonly row: Row;
  readonly it: Imported;
}

interface Look {
  readonly rows: readonly Looked[];
  readonly waiting: number;
}

/** `people.3.userPhone` of a chunk: which line that is in the file. */
function placed(rows: readonly Row[], { field, ...rest }: Problem): Problem {
  const [, index = '', name = ''] = /^people\.(\d+)\.(.*)$/.exec(field) ?? [];
  const at = rows[Number(index)]?.at;
  const problem = rest.problem.replace(/people\.(\d+)/, (_, i) => rows[Number(i)]?.at ?? '');
  return index === '' || !at ? { field, ...rest } : { ...rest, problem, field: `${at}: ${name}` };
}

async function post(client: Client, rows: readonly Row[], dryRun: boolean): Promise<Look> {
  const path = dryRun ? '/v1/imports?dryRun=true' : '/v1/imports';
  const problems: Problem[] = [];
  const looked: Looked[] = [];
  let waiting = 0;
  for (const part of chunks(rows)) {
    try {
      const { body } = await insist(client, 'POST', path, {
        people: part.map(({ person }) => person),
      });
      const answer = importAnswer.parse(body);
      waiting = answer.waiting;
      answer.people.forEach((it, index) => {
        const row = part[index];
        if (row) looked.push({ row, it });
      });
    } catch (error) {
      const theirs = error instanceof PlaneError && error.code === 'INVALID_ARGUMENT';
      if (!theirs || error.details.length === 0) throw error;
      problems.push(...error.details.map((problem) => placed(part, problem)));
    }
  }
  if (problems.length === 0) return { rows: looked, waiting };
  const message = 'Nothing was done: some lines cannot be used.';
  throw new PlaneError('INVALID_ARGUMENT', message, { details: problems });
}

/** Within a request the plane sees who is there twice; over several, this does. */
function refuseTwice(rows: readonly Row[]): void {
  const first = new Map<string, string>();
  const details = rows.flatMap(({ at, person }): Problem[] => {
    const user = String(person.user ?? '').toLowerCase();
    const before = first.get(user);
    if (before === undefined) first.set(user, at);
    if (before === undefined || user === '') return [];
    const problem = `is the same person as ${before}`;
    return [{ field: `${at}: user`, problem, fix: 'leave one of them out' }];
  });
  if (details.length === 0) return;
  const message = 'Nothing was done: some people are there twice.';
  throw new PlaneError('INVALID_ARGUMENT', message, { details });
}

/** What it would take; touches nothing. @throws PlaneError INVALID_ARGUMENT with every problem of every line */
export async function check(client: Client, rows: readonly Row[]): Promise<readonly Looked[]> {
  refuseTwice(rows);
  return (await post(client, rows, true)).rows;
}

const isOpen = ({ it }: Looked): boolean => it.takes !== 'nothing';

/** Until the queue has brought all there is to bring. @returns the lines that it did not help */
async function watch(bulk: Bulk, total: number, first: Look): Promise<readonly Row[]> {
  let { rows, waiting } = first;
  let quiet = 0;
  for (;;) {
    const open = rows.filter(isOpen);
    bulk.bar.show(total - open.length, `${waiting} in the queue`);
    if (open.length === 0) return [];
    if (quiet >= (waiting === 0 ? QUIET_LOOKS : STUCK_LOOKS)) return open.map(({ row }) => row);
    await pause(bulk.pollMs ?? POLL_MS);
    const next = await post(
      bulk.client,
      open.map(({ row }) => row),
      true,
    );
    const news = next.rows.filter(isOpen).length < open.length || next.waiting < waiting;
    quiet = news ? 0 : quiet + 1;
    ({ rows, waiting } = next);
  }
}

/** One by one, for those whom the queue did not help: so the plane says why. */
async function finish({ client }: Bulk, row: Row): Promise<Pick<Outcome, 'agent' | 'reason'>> {
  try {
    const { body } = await insist(client, 'POST', '/v1/agents', row.person);
    return { agent: agentSchema.parse(body).name };
  } catch (error) {
    if (!(error instanceof PlaneError)) throw error;
    const facts = error.details.map(inWords);
    return { reason: [`${error.code}: ${error.message}`, ...facts].join(' ') };
  }
}

/**
 * Safe to repeat, and to break off: the next run goes on where this one stopped.
 * @returns an outcome for every line, in their order
 * @throws PlaneError INVALID_ARGUMENT before anything was done
 */
export async function importRows(bulk: Bulk, rows: readonly Row[]): Promise<readonly Outcome[]> {
  const before = await check(bulk.client, rows);
  const begun = await post(bulk.client, rows, false);
  const left = new Set(await watch(bulk, rows.length, begun));
  const outcomes: Outcome[] = [];
  for (const { row, it } of before) {
    const { user, takes } = it;
    const good = takes === 'nothing' ? 'unchanged' : takes === 'create' ? 'created' : 'changed';
    const end = left.has(row) ? await finish(bulk, row) : {};
    const agent = end.agent ?? it.agent;
    const outcome = end.reason === undefined ? good : 'failed';
    outcomes.push({ at: row.at, user, outcome, ...(agent ? { agent } : {}), ...end });
    if (left.has(row)) bulk.bar.show(outcomes.length, 'one by one');
  }
  bulk.bar.end();
  return outcomes;
}
