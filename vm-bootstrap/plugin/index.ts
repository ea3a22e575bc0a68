/**
 * Our OpenClaw plugin: a key that somebody sends the agent goes to the broker, and neither to
 * the model's provider nor into a transcript (docs/decisions/046).
 *
 * Four walls, since not every way into OpenClaw passes the first: `before_dispatch` (channels,
 * web chat), `before_agent_reply` (the HTTP endpoints), `before_agent_run` (refuses what came
 * through both), `before_message_write` (the transcript).
 */

import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { findKeys, withoutKeys } from '../../contracts/find-keys.ts';
import type { Provider } from '../../contracts/models.ts';
import { handOver, isKeptInChat, isStored, type Replies } from '../core/hand-over.ts';
import type { OwnerTexts } from '../core/meter-settings.ts';
import { workIsNext } from '../core/onward.ts';
import { storeKey } from './broker.ts';
import { answerWithoutKey } from './budget.ts';
import { type Phones, refuseForeignPhone } from './foreign-phone.ts';
import { markGreeting } from './greeting.ts';
import { answerHeldBack } from './held-back.ts';
import type { HookContext, MessageEvent, PluginApi, StoredMessage } from './openclaw.ts';
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

const hasKey = (text: string | undefined): boolean => findKeys(text ?? '').length > 0;

/** Of all that would reach the model, what holds a key: what was written, or what was quoted. */
const textWithKey = ({ content, body, replyToBody }: MessageEvent): string =>
  [content, body, replyToBody].find(hasKey) ?? '';

const partsOf = ({ content }: StoredMessage) =>
  Array.isArray(content) ? (content as readonly { readonly text?: unknown }[]) : [];

const textOf = (message: StoredMessage): string =>
  typeof message.content === 'string'
    ? message.content
    : partsOf(message)
        .map(({ text }) => (typeof text === 'string' ? text : ''))
        .join('\n');

/** A stored message without keys; undefined when there is nothing to take out. */
function cleaned(message: StoredMessage, instead: string): StoredMessage | undefined {
  const { content } = message;
  if (typeof content === 'string') {
    return hasKey(content) ? { ...message, content: withoutKeys(content, instead) } : undefined;
  }
  if (!hasKey(textOf(message))) return undefined;
  const clean = partsOf(message).map((part) =>
    typeof part.text === 'string' ? { ...part, text: withoutKeys(part.text, instead) } : part,
  );
  return { ...message, content: clean };
}

/** The walls that only keep out: the model's input, the transcript. */
function refuse(api: PluginApi, replies: Replies, takenOut: Shared['takenOut']): void {
  api.on('before_agent_run', ({ prompt }) =>
    hasKey(prompt)
      ? { outcome: 'block', reason: 'an API key in the prompt', message: replies.blocked }
      : undefined,
  );
  api.on('before_message_write', ({ message }, { sessionKey = '' }) => {
    const clean = cleaned(message, replies.removed);
    if (clean === undefined) return undefined;
    if (message.role === 'user')
      takenOut.set(sessionKey, { text: textOf(message), at: Date.now() });
    return { message: clean };
  });
}

/** What is done at each connection to WhatsApp. */
function mindConnections(api: PluginApi, { greeting }: Settings): void {
  answerHeldBack(api);
  markGreeting(api, greeting);
}

function register(api: PluginApi): void {
  const directory = api.rootDir ?? import.meta.dirname;
  const settings = readJson<Settings>(directory, 'settings.json');
  const replies = readJson<Replies>(directory, 'replies.json');
  const { waiting, takenOut } = shared();
  // Before everything else: no wall may answer on a stranger's phone.
  refuseForeignPhone(api, settings);

  const onboarding = (): string | undefined => {
    try {
      return readFileSync(join(settings.stateDir, 'workspace/BOOTSTRAP.md'), 'utf8');
    } catch {
      return undefined;
    }
  };

  const tellModel = async (sessionKey: string, note: string, id: string): Promise<void> => {
    const injection = { sessionKey, text: note, idempotencyKey: `key-${id}` };
    const queued = await api.session.workflow
      .enqueueNextTurnInjection(injection)
      .catch(() => ({ enqueued: false }));
    if (!queued.enqueued) waiting.set(sessionKey, note);
  };

  /** @param from what is known of the message, for deleting it */
  const claim = async (text: string, context: HookContext, from?: MessageEvent) => {
    const handed = await handOver(text, settings.provider, replies, (key) =>
      storeKey(settings.brokerSocket, key),
    );
    if (handed === undefined) return undefined;
    // Never the text: a line of the log says that it happened.
    api.logger.info(`an API key was sent: ${handed.outcome}`);
    const goOn = isStored(handed) && workIsNext(onboarding());
    const note = goOn ? `${handed.note} ${replies.notes.asked}` : handed.note;
    const sessionKey = from?.sessionKey ?? context.sessionKey;
    if (sessionKey) await tellModel(sessionKey, note, from?.messageId ?? String(Date.now()));
    const needles = findKeys(text).flatMap(({ parts }) => parts);
    const work = { scrubBelow: settings.stateDir, needles, instead: replies.removed };
    startScrub(join(directory, 'index.js'), work, (line) => api.logger.warn(line));
    const paragraphs = [replies[handed.outcome]];
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
    const found = textWithKey(event) || original(event.sessionKey);
    const text = await claim(found, context, event);
    return text === undefined ? undefined : { handled: true, text };
  });
  api.on(
    'before_agent_reply',
    async ({ cleanedBody }, context) => {
      const found = hasKey(cleanedBody) ? cleanedBody : original(context.sessionKey);
      const text = await claim(found, context);
      return text === undefined ? undefined : { handled: true, reply: { text } };
    },
    { eligibleTriggers: ['user'] },
  );
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
  description: "Keeps API keys away from the model and hands the owner's own to the broker.",
  register,
};
