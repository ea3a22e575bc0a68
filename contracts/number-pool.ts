/** The organisation's WhatsApp numbers for agents in mode `dedicated`: `/v1/numbers`. */

import { z } from 'zod';
import { phoneNumber } from './config-document.ts';
import { agentName } from './names.ts';

const NUMBER_STATES = [
  'free',
  /** An agent has it, or is about to. */
  'allotted',
  /** Its agent was purged: nobody gets it before `freeFrom`. */
  'cooling',
] as const;

const poolNumber = z.strictObject({
  /** Masked (`+1555•••4567`), or whole where an admin asked for that. */
  number: z.string(),
  state: z.enum(NUMBER_STATES),
  agent: agentName.optional(),
  /** RFC 3339 */
  freeFrom: z.string().optional(),
});
export type PoolNumber = z.infer<typeof poolNumber>;

export const numberList = z.strictObject({ numbers: z.array(poolNumber) });
export type NumberList = z.infer<typeof numberList>;

export const addNumbers = z.strictObject({ numbers: z.array(phoneNumber).min(1).max(500) });

export const releaseNumber = z.strictObject({
  number: phoneNumber,
  /** Out of the pool altogether: the organisation gives the number up. */
  remove: z.boolean().default(false),
});
export type ReleaseNumber = z.infer<typeof releaseNumber>;
