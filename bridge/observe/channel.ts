/** Whether a business number hears and speaks, as its operator is told. Pure. */

import { z } from 'zod';
import { CALL_STATES, type CallState, type Contact, type Transport } from '../ports.ts';

export const channelHealth = z.strictObject({
  transport: z.string(),
  state: z.enum(CALL_STATES),
  /** RFC 3339: of the first call that failed. */
  since: z.iso.datetime().optional(),
  /** What it is; when it is not ok, what to do. */
  detail: z.string(),
});
export type ChannelHealth = z.infer<typeof channelHealth>;

/** A call that fails is nothing yet; a token is not refused by chance, twice. */
const LEAST_TIMES = 2;
/** A provider that restarts is back by then. */
const PATIENCE_MS = 120_000;
/** Between two questions of our own, when nobody writes and nothing is asked anyway. */
const QUIET_MS = 300_000;

const DETAILS: Readonly<Record<CallState, string>> = {
  ok: "WhatsApp's API takes our calls.",
  'token-refused':
    'The API key or access token is refused, nothing comes in or goes out: renew it, enter the new one, and restart the bridge (on an agent\'s VM: "agents-plane whatsapp connect NAME"). Nothing is lost that the bridge has taken.',
  unreachable:
    'There is no connection to WhatsApp\'s API: see to the network, and try it with "bridge check". The bridge goes on trying.',
  failing:
    'WhatsApp\'s API answers with errors alone: try the phone number id with "bridge check"; else its provider has trouble. The bridge goes on trying.',
  'queue-failing':
    "The queue with the number's webhooks cannot be read, nothing comes in: the log says why (webhook queue); the plane restores its rights within the hour. The bridge goes on trying, and what waits is kept for seven days.",
};

function stateOf({ failing }: Contact, now: number): CallState {
  if (!failing || failing.times < LEAST_TIMES) return 'ok';
  const lasts = failing.how === 'token-refused' || now - failing.since >= PATIENCE_MS;
  return lasts ? failing.how : 'ok';
}

/** @param now milliseconds since the epoch */
export function channelOf(
  name: string,
  { contact, queue = {} }: Pick<Transport, 'contact' | 'queue'>,
  now: number,
): ChannelHealth {
  const worst = [contact, queue].find((one) => stateOf(one, now) !== 'ok') ?? {};
  const state = stateOf(worst, now);
  const since = worst.failing && new Date(worst.failing.since).toISOString();
  return { transport: name, state, detail: DETAILS[state], ...(since && { since }) };
}

/** Whether to ask for no other reason than to know: a token can expire while nobody writes. */
export const isAskDue = ({ wellAt, failing }: Contact, now: number): boolean =>
  failing !== undefined || wellAt === undefined || now - wellAt >= QUIET_MS;
