/** A Telegram on this machine, for bots: whoever holds a bot's token is that bot. */

import type { IncomingMessage, RequestListener } from 'node:http';
import { text } from 'node:stream/consumers';
import { z } from 'zod';
import { PlaneError } from '../../contracts/errors.ts';
import { createChanges, untilSeen } from '../changes.ts';
import { type Bot, BotApiError, METHODS, type SentMessage, type TelegramUser } from './bot-api.ts';

export const TELEGRAM_HOST = 'api.telegram.org';

/** The other side of a bot's chats. */
export interface BotHandle {
  readonly username: string;
  readonly sent: readonly Readonly<SentMessage>[];
  /** Somebody writes to the bot. */
  say(from: TelegramUser, message: string): void;
  /** Waits for what `look` finds. @throws Error after `timeoutMs` (10 s when left out) */
  until<T>(
    what: string,
    look: (sent: readonly Readonly<SentMessage>[]) => T | undefined,
    timeoutMs?: number,
  ): Promise<T>;
}

export interface Telegram {
  readonly listener: RequestListener;
  /** Registers a bot, as @BotFather does. @param token `123456:AA...`; @throws PlaneError */
  bot(token: string, username?: string): BotHandle;
  /** Ends long polls. */
  close(): void;
}

const TOKEN = /^(\d{3,}):[\w-]{10,}$/;
const PATH = /^\/bot([^/]+)\/(\w+)$/;

async function paramsOf(incoming: IncomingMessage, url: URL): Promise<unknown> {
  const query = Object.fromEntries(url.searchParams);
  const body = await text(incoming);
  const json = incoming.headers['content-type']?.startsWith('application/json');
  if (body === '') return query;
  return json ? { ...query, ...JSON.parse(body) } : Object.fromEntries(new URLSearchParams(body));
}

/** An error as Telegram words it. */
function failure(error: unknown): BotApiError {
  if (error instanceof BotApiError) return error;
  if (error instanceof z.ZodError || error instanceof SyntaxError) {
    return new BotApiError(400, 'Bad Request: parameters are missing or wrong');
  }
  throw error;
}

function handleOf(bot: Bot, now: () => number): BotHandle {
  return {
    username: bot.username,
    sent: bot.sent,
    say({ id, firstName, username }, message) {
      const from = { id, is_bot: false, first_name: firstName, ...(username && { username }) };
      const content = { from, chat: { ...from, type: 'private' }, text: message };
      const ids = { message_id: bot.nextId++, date: Math.floor(now() / 1000) };
      bot.updates.push({ update_id: bot.nextId++, message: { ...ids, ...content } });
      bot.changes.emit('change');
    },
    until: (what, look, timeoutMs) => untilSeen(bot.changes, what, () => look(bot.sent), timeoutMs),
  };
}

/** @param now milliseconds since 1970 */
export function createTelegram({ now }: { readonly now: () => number }): Telegram {
  const bots = new Map<string, Bot>();
  async function answer(incoming: IncomingMessage): Promise<unknown> {
    const url = new URL(incoming.url ?? '/', `https://${TELEGRAM_HOST}`);
    const [, token = '', name = ''] = PATH.exec(decodeURIComponent(url.pathname)) ?? [];
    const bot = bots.get(token);
    if (!bot) throw new BotApiError(401, 'Unauthorized');
    const method = METHODS[name];
    if (!method) throw new BotApiError(404, 'Not Found: method not found');
    return method(bot, await paramsOf(incoming, url), now());
  }
  return {
    listener(incoming, outgoing) {
      const reply = (status: number, body: object) =>
        outgoing
          .writeHead(status, { 'content-type': 'application/json' })
          .end(JSON.stringify(body));
      answer(incoming).then(
        (result) => reply(200, { ok: true, result }),
        (error) => {
          const { code, message } = failure(error);
          reply(code, { ok: false, error_code: code, description: message });
        },
      );
    },
    bot(token, username = 'agent_bot') {
      const id = Number(TOKEN.exec(token)?.[1]);
      if (!id) throw new PlaneError('INVALID_ARGUMENT', 'A bot token looks like 123456:AA...');
      const changes = createChanges();
      const fresh = { id, username, updates: [], sent: [], nextId: 1, poll: undefined, changes };
      const bot: Bot = bots.get(token) ?? fresh;
      bots.set(token, bot);
      return handleOf(bot, now);
    },
    close() {
      for (const bot of bots.values()) bot.poll?.abort();
    },
  };
}
