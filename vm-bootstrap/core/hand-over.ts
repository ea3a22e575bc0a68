/** What is done with a text that holds a key. Decides; what it does things with is handed in. */

import { ADDED_CHANNELS } from '../../contracts/added-channels.ts';
import { type FoundKey, findKeys, withoutKeys } from '../../contracts/find-keys.ts';
import type { Provider } from '../../contracts/models.ts';
import type { KeyOutcome } from './broker-protocol.ts';

/** templates/vm/plugin/replies.json, rendered for this agent. */
export type Replies = Readonly<
  Record<
    KeyOutcome | 'several' | 'deleted' | 'delete' | 'binned' | 'blocked' | 'removed' | 'work',
    string
  > & {
    readonly notes: Readonly<Record<'stored' | 'failed' | 'besides' | 'asked', string>>;
  }
>;

export interface HandedOver {
  readonly outcome: KeyOutcome | 'several';
  /** For the model, in its next turn. Without the key. */
  readonly note: string;
}

const STORED: ReadonlySet<string> = new Set(['stored', 'in-use', 'restarting', 'unchanged']);

/** Whether the agent has that key now, or will in half a minute. */
export const isStored = ({ outcome }: HandedOver): boolean => STORED.has(outcome);

const MESSENGERS: ReadonlySet<string> = new Set(['whatsapp', ...ADDED_CHANNELS]);
/** What the bridge ends a sender's session key with (bridge/handlers/openclaw/prompt.ts). */
const OF_BRIDGE = /-wa-[^:]+$/;

/**
 * Whether the message with the key still stands in a chat of somebody's phone.
 * @param channel that it came by; undefined over HTTP and from the bridge
 */
export const isKeptInChat = (channel: string | undefined, sessionKey = ''): boolean =>
  channel === undefined ? OF_BRIDGE.test(sessionKey) : MESSENGERS.has(channel);

/** What a wrong reading of a key comes back as: the next one is tried. */
const WRONG: ReadonlySet<string> = new Set(['refused', 'not-a-key']);
/** A word or two around the key ("here it is") say nothing that the model has to know. */
const WORTH_TELLING = 40;

/** The keys that count: those for the agent's own provider, else any; each once. */
function candidates(found: readonly FoundKey[], provider: Provider): readonly FoundKey[] {
  const fitting = found.filter((key) => key.provider === provider);
  const chosen = fitting.length > 0 ? fitting : found.slice(0, 1);
  return chosen.filter(
    (key, index) => chosen.findIndex(({ readings }) => readings[0] === key.readings[0]) === index,
  );
}

async function tryReadings(
  readings: readonly string[],
  store: (key: string) => Promise<KeyOutcome>,
): Promise<KeyOutcome> {
  let outcome: KeyOutcome = 'not-a-key';
  for (const reading of readings) {
    outcome = await store(reading);
    if (!WRONG.has(outcome)) return outcome;
  }
  return outcome;
}

function noteOf(outcome: HandedOver['outcome'], text: string, replies: Replies): string {
  const { stored, failed, besides } = replies.notes;
  const note = STORED.has(outcome) ? stored : `${failed} ${replies[outcome]}`;
  const rest = withoutKeys(text, replies.removed).trim();
  return rest.length < WORTH_TELLING ? note : `${note} ${besides} ${rest}`;
}

/** @returns undefined when there is no key in the text */
export async function handOver(
  text: string,
  provider: Provider,
  replies: Replies,
  store: (key: string) => Promise<KeyOutcome>,
): Promise<HandedOver | undefined> {
  const [key, ...others] = candidates(findKeys(text), provider);
  if (key === undefined) return undefined;
  const outcome = others.length > 0 ? 'several' : await tryReadings(key.readings, store);
  return { outcome, note: noteOf(outcome, text, replies) };
}
