/** Who has which number of the pool: pure. One record a number, docs/decisions/102. */

import { createHash } from 'node:crypto';
import { z } from 'zod';
import { phoneNumber } from '../../contracts/config-document.ts';
import { type AgentName, agentName } from '../../contracts/names.ts';
import type { PoolNumber } from '../../contracts/number-pool.ts';
import { maskPhone } from './redact.ts';

export const poolRecord = z.strictObject({
  number: phoneNumber,
  agent: agentName.optional(),
  /** Of the allotment; milliseconds since the epoch. */
  since: z.number().optional(),
  /** Milliseconds since the epoch. */
  freeFrom: z.number().optional(),
});
export type PoolRecord = z.infer<typeof poolRecord>;

export const POOL = 'numbers/';

/** A name without the number: names of objects stand in URLs, and those in logs. */
export const recordName = (number: string): string =>
  `${POOL}${createHash('sha256').update(number).digest('hex').slice(0, 32)}`;

/**
 * Before somebody else answers on it: whoever wrote to the old agent has heard by then that it is
 * gone, and WhatsApp's own copies of the old account (45 days) are on their way out.
 */
const COOLING_MS = 45 * 24 * 60 * 60_000;

/** An allotment may be on its way into a document for so long: several requests of 120 s. */
const SETTLE_MS = 10 * 60_000;

export const isFree = ({ agent, freeFrom = 0 }: PoolRecord, now: number): boolean =>
  agent === undefined && freeFrom <= now;

export const allotted = (number: string, agent: AgentName, since: number): PoolRecord => ({
  number,
  agent,
  since,
});
export const cooled = (number: string, now: number): PoolRecord => ({
  number,
  freeFrom: now + COOLING_MS,
});

/** Whether an allotment has come to nothing. @param used the agent's number; undefined: no such agent */
export const isLeaked = (
  { agent, since = 0, number }: PoolRecord,
  used: string | undefined,
  now: number,
) => agent !== undefined && used !== number && since + SETTLE_MS <= now;

export function viewOfNumber(record: PoolRecord, now: number, whole: boolean): PoolNumber {
  const { number, agent, freeFrom = 0 } = record;
  const shown = whole ? number : maskPhone(number);
  if (agent !== undefined) return { number: shown, state: 'allotted', agent };
  if (isFree(record, now)) return { number: shown, state: 'free' };
  return { number: shown, state: 'cooling', freeFrom: new Date(freeFrom).toISOString() };
}
