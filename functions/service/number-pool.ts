/** The number pool: records of the plane's bucket, each changed only as it was read. */

import type { ConfigDocument, ProvisionRequest } from '../../contracts/config-document.ts';
import { PlaneError } from '../../contracts/errors.ts';
import { type AgentName, CLI, configSecretId } from '../../contracts/names.ts';
import type { NumberList, ReleaseNumber } from '../../contracts/number-pool.ts';
import { readDocument } from '../core/document.ts';
import {
  allotted,
  cooled,
  isFree,
  isLeaked,
  POOL,
  type PoolRecord,
  poolRecord,
  recordName,
  viewOfNumber,
} from '../core/number-pool.ts';
import { maskPhone } from '../core/redact.ts';
import type { Places } from './cells.ts';
import { documentsWhere, rowsIn } from './documents.ts';
import { each } from './each.ts';
import type { Kept } from './ports.ts';
import type { Tools } from './steps.ts';

interface Pooled {
  readonly kept: Kept;
  readonly record: PoolRecord;
}

/** What somebody wrote there by hand is no number. */
function pooled(kept: Kept): Pooled | undefined {
  const record = poolRecord.safeParse(kept.value).data;
  return record && { kept, record };
}

async function pool({ records }: Tools): Promise<readonly Pooled[]> {
  return (await records.list(POOL)).map(pooled).filter((each) => each !== undefined);
}

const change = ({ records }: Tools, { kept }: Pooled, to: PoolRecord): Promise<string> =>
  records.put(kept.name, to, kept.generation);

export async function listNumbers(tools: Tools, whole: boolean): Promise<NumberList> {
  const now = tools.clock.now();
  const all = (await pool(tools)).map(({ record }) => viewOfNumber(record, now, whole));
  return { numbers: all.toSorted((a, b) => (a.number < b.number ? -1 : 1)) };
}

/** Numbers that are there stay as they are; one that an agent has already is that agent's. */
export async function addNumbers(fleet: Places, numbers: readonly string[]): Promise<NumberList> {
  const tools = await fleet.of();
  const wanted = [...new Set(numbers)];
  const known = new Set((await pool(tools)).map(({ record }) => record.number));
  const holders = await holdersOf(await fleet.all(), new Set(wanted));
  const now = tools.clock.now();
  await each(
    wanted.filter((number) => !known.has(number)),
    async (number) => {
      const agent = holders.get(number);
      const record = agent ? allotted(number, agent, now) : { number };
      await tools.records.put(recordName(number), record, undefined).catch(unlessThere);
    },
  );
  return listNumbers(tools, false);
}

/** Somebody else added it meanwhile. */
function unlessThere(error: unknown): void {
  if (!(error instanceof PlaneError) || error.code !== 'ABORTED') throw error;
}

/** Agents that were given one of these numbers by hand. */
async function holdersOf(
  cells: readonly Tools[],
  numbers: ReadonlySet<string>,
): Promise<ReadonlyMap<string, AgentName>> {
  const masks = new Set([...numbers].map(maskPhone));
  const found = await documentsWhere(await rowsIn(cells), (summary) =>
    masks.has(summary.whatsappNumber ?? ''),
  );
  return new Map(
    found.flatMap(({ name, document: { whatsappNumber: number } }) =>
      number !== undefined && numbers.has(number) ? [[number, name]] : [],
    ),
  );
}

/**
 * What the agent's document says, if anything.
 * @returns undefined where nobody knows: there is an agent whose document cannot be read
 */
async function usedBy(
  fleet: Places,
  agent: AgentName,
): Promise<{ readonly number: string | undefined } | undefined> {
  const { secrets } = await fleet.of(agent);
  const [secret, latest] = await Promise.all([
    secrets.get(configSecretId(agent)),
    secrets.latest(configSecretId(agent)),
  ]);
  const document = readDocument(latest?.payload);
  return secret && !document ? undefined : { number: document?.whatsappNumber };
}

/**
 * Free at once, without waiting; or out of the pool.
 * @throws PlaneError FAILED_PRECONDITION while an agent uses it or may do so, NOT_FOUND when it is
 *   not in the pool
 */
export async function releaseOne(
  fleet: Places,
  { number, remove }: ReleaseNumber,
): Promise<NumberList> {
  const tools = await fleet.of();
  const kept = await tools.records.get(recordName(number));
  const found = kept && pooled(kept);
  if (!found) throw refused('NOT_FOUND', 'is not in the pool', 'numbers list shows what is');
  await demandUnused(fleet, found.record, tools.clock.now());
  if (remove) await tools.records.remove(found.kept.name, found.kept.generation);
  else if (!isFree(found.record, tools.clock.now())) await change(tools, found, { number });
  return listNumbers(tools, false);
}

/** @throws PlaneError FAILED_PRECONDITION */
async function demandUnused(fleet: Places, record: PoolRecord, now: number): Promise<void> {
  const { agent, number } = record;
  if (agent === undefined) return;
  const used = await usedBy(fleet, agent);
  const inUse = (problem: string, fix: string) => refused('FAILED_PRECONDITION', problem, fix);
  if (used?.number === number) {
    throw inUse(`is the number of ${agent}`, `purge ${agent} first, or give it another`);
  }
  // It may be on its way into the document.
  if (!isLeaked(record, undefined, now)) {
    throw inUse(`was allotted to ${agent} just now`, 'try again in ten minutes');
  }
  if (!used) {
    const problem = `is allotted to ${agent}, whose config cannot be read`;
    throw inUse(problem, `reconcile ${agent}, or purge it`);
  }
}

const refused = (
  code: 'NOT_FOUND' | 'FAILED_PRECONDITION' | 'ALREADY_EXISTS',
  problem: string,
  fix: string,
  field = 'number',
): PlaneError =>
  new PlaneError(code, 'This cannot be done with this number.', {
    details: [{ field, problem, fix }],
  });

/**
 * The number of an agent in mode `dedicated`: the request's own, the one that it has, or one of
 * the pool, which is the agent's from then on. Asked again it gives the same.
 * @throws PlaneError FAILED_PRECONDITION when the pool has none, ALREADY_EXISTS when another agent has it
 */
export async function numberFor(
  tools: Tools,
  name: AgentName,
  { whatsapp, whatsappNumber }: Pick<ProvisionRequest, 'whatsapp' | 'whatsappNumber'>,
  before: ConfigDocument | undefined,
  dryRun: boolean,
): Promise<string | undefined> {
  if (whatsapp.mode !== 'dedicated') return whatsappNumber;
  if (whatsappNumber !== undefined) {
    await claim(tools, name, whatsappNumber, dryRun);
    return whatsappNumber;
  }
  return keptNumber(whatsapp, before) ?? allot(tools, name, dryRun);
}

/** What an agent in mode `dedicated` goes on with where no number is named. */
export const keptNumber = (
  { mode }: ConfigDocument['whatsapp'],
  before: ConfigDocument | undefined,
): string | undefined =>
  mode === 'dedicated' && before?.whatsapp.mode === mode ? before.whatsappNumber : undefined;

/** A number that is named and in the pool is the agent's as if it had been drawn. @throws PlaneError */
export async function claim(
  tools: Tools,
  name: AgentName,
  number: string,
  dryRun: boolean,
): Promise<void> {
  const kept = await tools.records.get(recordName(number));
  const found = kept && pooled(kept);
  if (!found || found.record.agent === name) return;
  if (found.record.agent !== undefined) {
    const problem = `is the number of ${found.record.agent}`;
    throw refused('ALREADY_EXISTS', problem, 'give another, or none', 'whatsappNumber');
  }
  if (!dryRun) await change(tools, found, allotted(number, name, tools.clock.now()));
}

/** Drawn at random, so that many at once seldom reach for the same. @throws PlaneError ABORTED when they did */
async function allot(tools: Tools, name: AgentName, dryRun: boolean): Promise<string> {
  const all = await pool(tools);
  const mine = all.find(({ record }) => record.agent === name);
  if (mine) return mine.record.number;
  const free = all.filter(({ record }) => isFree(record, tools.clock.now()));
  const drawn = free[Math.floor(tools.random() * free.length)];
  if (!drawn) {
    const fix = `add one with: ${CLI} numbers add; or give whatsappNumber, or use mode linked`;
    throw refused(
      'FAILED_PRECONDITION',
      'is left out, and the pool has none that is free',
      fix,
      'whatsappNumber',
    );
  }
  const { number } = drawn.record;
  if (!dryRun) await change(tools, drawn, allotted(number, name, tools.clock.now()));
  return number;
}

/** Names of the records of the numbers that an agent has. */
export async function numbersOf(tools: Pick<Tools, 'records'>, name: AgentName) {
  const kept = await tools.records.list(POOL);
  return kept.filter((one) => pooled(one)?.record.agent === name).map((one) => one.name);
}

/** Gives the agent's numbers back, to be free when they have cooled off. */
export async function returnNumbers(tools: Tools, name: AgentName): Promise<void> {
  const now = tools.clock.now();
  for (const one of await pool(tools)) {
    if (one.record.agent === name) await change(tools, one, cooled(one.record.number, now));
  }
}

/**
 * Finds the numbers that were allotted and then not used: a request that died on the way, an agent
 * that was given another one. @returns how many came back
 */
export async function sweepNumbers(fleet: Places): Promise<number> {
  const tools = await fleet.of();
  const now = tools.clock.now();
  const back = await each(await pool(tools), async (one) => {
    const { agent, number } = one.record;
    if (agent === undefined || !isLeaked(one.record, undefined, now)) return 0;
    const used = await usedBy(fleet, agent);
    if (!used || !isLeaked(one.record, used.number, now)) return 0;
    // Whoever was faster knew better.
    await change(tools, one, cooled(number, now)).catch(unlessThere);
    return 1;
  });
  return back.reduce<number>((sum, each) => sum + each, 0);
}
