/**
 * Our OpenClaw plugin: a key or a bot token that somebody sends the agent goes to the broker, and neither to
 * the model's provider nor into a transcript (docs/decisions/046).
 *
 * Four walls, since not every way into OpenClaw passes the first: `before_dispatch` (channels,
 * web chat), `before_agent_reply` (the HTTP endpoints), `before_agent_run` (refuses what came
 * through both), `before_message_write` (the transcript). What a message quotes is cleared beside them (quoted.ts).
 */

import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Provider } from '../../contracts/models.ts';
import {
  type HandedOver,
  hasSecret,
  isKeptInChat,
  isStored,
  piecesOf,
  type Replies,
  takeAll,
  withoutSecrets,
} from '../core/hand-over.ts';
import type { OwnerTexts } from '../core/meter-settings.ts';
import { workIsNext } from '../core/onward.ts';
import { holdTokens, storeKey } from './broker.ts';
import { answerWithoutKey } from './budget.ts';
import { cleaned, textOf } from './clean-message.ts';
import { type Phones, refuseForeignPhone } from './foreign-phone.ts';
import { markGreeting } from './greeting.ts';
import { tellHearing } from './hearing.ts';
import { answerHeldBack } from './held-back.ts';
import type { HookContext, MessageEvent, PluginApi } from './openclaw.ts';
import { takeOutQuoted, turnInput } from './quoted.ts';
import { scrubWhenThread, startScrub } from './scrub-thread.ts';
import { deleteForEveryone } from './whatsapp.ts';

/** templates/vm/plugin/settings.json. */
interface Settings extends Phones {
  readonly brokerSocket: string;
  readonly provider: Provider;
  readonly stateDir: string;
  /** Path of the file that says whose key the gateway holds. */
  readonly keyOrigin: string;
  /** The first message of mode `linked`. */
  readonly greeting: string;
}

const SHARED = Symbol.for('agents-plane.plugin');

/** Web chat writes the transcript first and dispatches the same message right after. */
const JUST_NOW_MS = 15_000;

interface Shared {
  /** Notes for sessions that OpenClaw had no record of yet, by session key. */
  readonly waiting: Map<string, string>;
  /** Texts with a key that the transcript's wall saw first, by session key (web chat). */
  readonly takenOut: Map<string, { readonly text: string; readonly at: number }>;
}

/**
 * Of the process: OpenClaw runs several instances of a plugin side by side (after each
 * `secrets.reload`, say), and the walls of one message may be of two of them (seen, 2026.9.6).
 */
function shared(): Shared {
  const place = globalThis as { [SHARED]?: Shared };
  place[SHARED] ??= { waiting: new Map(), takenOut: new Map() };
  return place[SHARED];
}

const readJson = <T>(directory: string, name: string): T =>
  JSON.parse(readFileSync(join(directory, name), 'utf8')) as T;

/** Of what the sender wrote, what holds a secret; a quoted one is no wish to have it used (quoted.ts). */
const textWithSecret = ({ content, body }: MessageEvent): string =>
  [content, body].find(hasSecret) ?? '';

/** For as long as the message's dispatch may come, and no longer: there is a secret in it. */
function remember(takenOut: Shared['takenOut'], sessionKey: string, text: string): void {
  const taken = { text, at: Date.now() };
  takenOut.set(sessionKey, taken);
  const forget = () => takenOut.get(sessionKey) === taken && takenOut.delete(sessionKey);
  setTimeout(forget, JUST_NOW_MS).unref();
}

/** The walls that only keep out: the model's input, the transcript. */
function refuse(api: PluginApi, replies: Replies, takenOut: Shared['takenOut']): void {
  api.on('before_agent_run', (event) =>
    turnInput(event).some(hasSecret)
      ? { outcome: 'block', reason: 'a secret in the prompt', message: replies.blocked }
      : undefined,
  );
  api.on('before_message_write', ({ message }, { sessionKey = '' }) => {
    const clean = cleaned(message, (text) => withoutSecrets(text, replies));
    if (clean === undefined) return undefined;
    if (message.role === 'user') remember(takenOut, sessionKey, textOf(message));
    return { message: clean };
  });
}

/** What is done at each connection to WhatsApp. */
function mindConnections(api: PluginApi, { greeting }: Settings): void {
  answerHeldBack(api);
  markGreeting(api, greeting);
  tellHearing(api);
}

function onboarding({ stateDir }: Settings): string | undefined {
  try {
    return readFileSync(join(stateDir, 'workspace/BOOTSTRAP.md'), 'utf8');
  } catch {
    return undefined;
  }
}

/** What stands where the secrets stood. */
const standIn = (handed: readonly HandedOver[], replies: Replies): string =>
  handed.every(({ outcome }) => outcome === 'held') ? replies.removedToken : replies.removed;

/** Wipes what is left of a secret in OpenClaw's databases, in a thread of its own. */
const wiper =
  (api: PluginApi, directory: string, scrubBelow: string) =>
  (needles: readonly string[], instead: string): void => {
    const work = { scrubBelow, needles, instead };
    startScrub(join(directory, 'index.js'), work, (line) => api.logger.warn(line));
  };

function register(api: PluginApi): void {
  const directory = api.rootDir ?? import.meta.dirname;
  const settings = readJson<Settings>(directory, 'settings.json');
  const replies = readJson<Replies>(directory, 'replies.json');
  const { waiting, takenOut } = shared();
  const wipe = wiper(api, directory, settings.stateDir);
  // Before everything else: no wall may answer on a stranger's phone.
  refuseForeignPhone(api, settings);

  const tellModel = async (sessionKey: string, note: string, id: string): Promise<void> => {
    const injection = { sessionKey, text: note, idempotencyKey: `key-${id}` };
    const queued = await api.session.workflow
      .enqueueNextTurnInjection(injection)
      .catch(() => ({ enqueued: false }));
    if (queued.enqueued) return;
    const before = waiting.get(sessionKey);
    waiting.set(sessionKey, before === undefined ? note : `${before}\n${note}`);
  };

  /** @param from what is known of the message, for deleting it */
  const claim = async (text: string, context: HookContext, from?: MessageEvent) => {
    const { brokerSocket, provider } = settings;
    const handed = await takeAll(text, provider, replies, {
      store: (key) => storeKey(brokerSocket, key),
      hold: (tokens) => holdTokens(brokerSocket, tokens),
    });
    if (handed.length === 0) return undefined;
    // Never the text.
    api.logger.info(`a secret was sent: ${handed.map(({ outcome }) => outcome).join(', ')}`);
    const goOn = handed.some(isStored) && workIsNext(onboarding(settings));
    const notes = handed.map(({ note }) => note).join('\n');
    const note = goOn ? `${notes} ${replies.notes.asked}` : notes;
    const sessionKey = from?.sessionKey ?? context.sessionKey;
    if (sessionKey) await tellModel(sessionKey, note, from?.messageId ?? String(Date.now()));
    wipe(piecesOf(text), standIn(handed, replies));
    const paragraphs = handed.map(({ outcome }) => replies[outcome]);
    if (isKeptInChat(from?.channel, sessionKey)) {
      const deleted = from?.channel === 'whatsapp' && (await deleteForEveryone(api, from, context));
      paragraphs.push(deleted ? replies.deleted : replies.delete);
    }
    if (goOn) paragraphs.push(replies.work);
    return paragraphs.join('\n\n');
  };

  /** The text that the transcript's wall took the key out of just now. */
  const original = (sessionKey = ''): string => {
    const before = takenOut.get(sessionKey);
    takenOut.delete(sessionKey);
    return before && Date.now() - before.at < JUST_NOW_MS ? before.text : '';
  };

  api.on('before_dispatch', async (event, context) => {
    const found = textWithSecret(event) || original(event.sessionKey);
    const text = await claim(found, context, event);
    return text === undefined ? undefined : { handled: true, text };
  });
  api.on(
    'before_agent_reply',
    async ({ cleanedBody }, context) => {
      const found = hasSecret(cleanedBody) ? cleanedBody : original(context.sessionKey);
      const text = await claim(found, context);
      return text === undefined ? undefined : { handled: true, reply: { text } };
    },
    { eligibleTriggers: ['user'] },
  );
  takeOutQuoted(api, replies, (pieces) => wipe(pieces, replies.removed));
  refuse(api, replies, takenOut);
  mindConnections(api, settings);
  // After the walls: a key of the owner's own is what ends this.
  answerWithoutKey(
    api,
    settings.keyOrigin,
    (why) => readJson<OwnerTexts>(directory, 'budget.json')[why],
  );
  api.on('agent_turn_prepare', (_, { sessionKey = '' }) => {
    const note = waiting.get(sessionKey);
    waiting.delete(sessionKey);
    return note === undefined ? undefined : { prependContext: note };
  });
}

scrubWhenThread();

export default {
  id: 'agents-plane',
  name: 'Agents Plane',
  description:
    "Keeps API keys and bot tokens away from the model and hands the owner's to the broker.",
  register,
};
