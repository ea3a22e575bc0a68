/** What is done with a text that holds a key. Decides; what it does things with is handed in. */

import { ADDED_CHANNELS } from '../../contracts/added-channels.ts';
import { type FoundKey, findKeys, withoutKeys } from '../../contracts/find-keys.ts';
import { findTokens, withoutTokens } from '../../contracts/find-tokens.ts';
import type { Provider } from '../../contracts/models.ts';
import { asWritten, seenStretches } from '../../contracts/visible.ts';
import type { KeyOutcome } from './broker-protocol.ts';

/** templates/vm/plugin/replies.json, rendered for this agent. */
export type Replies = Readonly<
  Record<
    | KeyOutcome
    | ('several' | 'deleted' | 'delete' | 'binned' | 'blocked' | 'removed' | 'work')
    | ('held' | 'not-held' | 'removedToken'),
    string
  > & {
    readonly notes: Readonly<
      Record<'stored' | 'failed' | 'besides' | 'asked' | 'held' | 'not-held', string>
    >;
  }
>;

export interface HandedOver {
  readonly outcome: KeyOutcome | 'several' | 'held' | 'not-held';
  /** For the model, in its next turn. Without the key. */
  readonly note: string;
}

/** Whether a text holds what no model is to see. */
export const hasSecret = (text: string | undefined): boolean =>
  findKeys(text ?? '').length > 0 || findTokens(text ?? '').length > 0;

/**
 * The text without its secrets; as it is when it holds none. Tokens first: what stands on the line after a
 * key counts as a part of it, and half a token would be left.
 */
export const withoutSecrets = (text: string, replies: Replies): string =>
  withoutKeys(withoutTokens(text, replies.removedToken), replies.removed);

/** A word may be as long as a shorter one, and stand in other texts. */
const PIECE_MIN = 16;

/** A key's parts without the words that were taken for some; all of them where it was cut that small. */
function pieces({ parts }: FoundKey): readonly string[] {
  const long = parts.filter((part) => part.length >= PIECE_MIN);
  return long.length > 0 ? long : parts;
}

/**
 * A piece as it stands in the text, as it is seen, and its stretches between what is unseen, the longest first:
 * who looks for it may have a copy of any kind.
 */
function formsOf(text: string, piece: string): readonly string[] {
  const written = asWritten(text, piece);
  const stretches = written.flatMap(seenStretches).filter(({ length }) => length >= PIECE_MIN);
  return [...written, piece, ...stretches];
}

/** The secrets' pieces, for whoever looks for what is left of them; each once. */
export function piecesOf(text: string): string[] {
  const seen = [...findKeys(text).flatMap(pieces), ...findTokens(text).map(({ token }) => token)];
  return [...new Set(seen.flatMap((piece) => formsOf(text, piece)))];
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

/** @param worth characters from which on the rest of the text is passed on */
function withRest(note: string, text: string, replies: Replies, worth: number): string {
  const rest = withoutSecrets(text, replies).trim();
  return rest.length < worth ? note : `${note} ${replies.notes.besides} ${rest}`;
}

function noteOf(outcome: HandedOver['outcome'], text: string, replies: Replies): string {
  const { stored, failed } = replies.notes;
  const note = STORED.has(outcome) ? stored : `${failed} ${replies[outcome]}`;
  return withRest(note, text, replies, WORTH_TELLING);
}

/**
 * What a token is, is no key: one on the next line is not read as the rest of it, and tried at the provider.
 * @returns undefined when there is no key in the text
 */
export async function handOver(
  text: string,
  provider: Provider,
  replies: Replies,
  store: (key: string) => Promise<KeyOutcome>,
): Promise<HandedOver | undefined> {
  const found = findKeys(withoutTokens(text, replies.removedToken));
  const [key, ...others] = candidates(found, provider);
  if (key === undefined) return undefined;
  const outcome = others.length > 0 ? 'several' : await tryReadings(key.readings, store);
  return { outcome, note: noteOf(outcome, text, replies) };
}

/** A message may hold both. @returns one for the key, one for the tokens; none without a secret */
export async function takeAll(
  text: string,
  provider: Provider,
  replies: Replies,
  broker: {
    readonly store: (key: string) => Promise<KeyOutcome>;
    readonly hold: (tokens: readonly string[]) => Promise<boolean>;
  },
): Promise<readonly HandedOver[]> {
  const key = await handOver(text, provider, replies, broker.store);
  const tokens = await putAway(text, replies, broker.hold);
  return [key, tokens].filter((one) => one !== undefined);
}

/**
 * Bot tokens are put away for the agent's next command, which names what else a channel needs.
 * @param hold whether they are
 * @returns undefined when there is none in the text
 */
export async function putAway(
  text: string,
  replies: Replies,
  hold: (tokens: readonly string[]) => Promise<boolean>,
): Promise<HandedOver | undefined> {
  const found = findTokens(text);
  if (found.length === 0) return undefined;
  const { held, 'not-held': notHeld } = replies.notes;
  // However short: it may be the id that the channel needs as well.
  const worth = replies.removedToken.length + 1;
  if (!(await hold(found.map(({ token }) => token)))) {
    const note = `${notHeld} ${replies['not-held']}`;
    return { outcome: 'not-held', note: withRest(note, text, replies, worth) };
  }
  const channels = [...new Set(found.map(({ channel }) => channel))].join(', ');
  return { outcome: 'held', note: withRest(`${held} ${channels}`, text, replies, worth) };
}
