/** The Telegram Bot API as one bot sees it (https://core.telegram.org/bots/api), without a network. */

import type { EventEmitter } from 'node:events';
import { once } from 'node:events';
import { z } from 'zod';

/** A person who writes to the bot. */
export interface TelegramUser {
  readonly id: number;
  readonly firstName: string;
  readonly username?: string;
}

export interface SentMessage {
  readonly id: number;
  readonly chat: number;
  text: string;
  deleted: boolean;
}

interface Update {
  readonly update_id: number;
  readonly message: object;
}

export interface Bot {
  readonly id: number;
  readonly username: string;
  readonly updates: Update[];
  /** What the bot sent, in order. */
  readonly sent: SentMessage[];
  nextId: number;
  /** Ends the long poll that waits now: Telegram serves one reader. */
  poll: AbortController | undefined;
  readonly changes: EventEmitter<{ change: [] }>;
}

/** An answer that is not `ok`. */
export class BotApiError extends Error {
  readonly code: number;

  constructor(code: number, description: string) {
    super(description);
    this.code = code;
  }
}

const whole = z.coerce.number().int();
const polling = z.looseObject({
  offset: whole.optional(),
  limit: whole.min(1).max(100).default(100),
  /** Seconds. */
  timeout: whole.min(0).max(50).default(0),
});
const sending = z.looseObject({ chat_id: whole, text: z.string().min(1).max(4096) });
const editing = sending.extend({ message_id: whole });
const naming = z.looseObject({ chat_id: whole, message_id: whole });

const self = ({ id, username }: Bot) => ({
  id,
  is_bot: true,
  first_name: username,
  username,
  can_join_groups: true,
  can_read_all_group_messages: false,
  supports_inline_queries: false,
});

async function getUpdates(bot: Bot, params: unknown): Promise<Update[]> {
  const { offset, limit, timeout } = polling.parse(params);
  bot.poll?.abort();
  const poll = new AbortController();
  bot.poll = poll;
  // An offset confirms everything before it.
  if (offset !== undefined && offset > 0) {
    const confirmed = bot.updates.findIndex(({ update_id }) => update_id >= offset);
    bot.updates.splice(0, confirmed === -1 ? bot.updates.length : confirmed);
  }
  const end = AbortSignal.any([poll.signal, AbortSignal.timeout(timeout * 1000)]);
  while (bot.updates.length === 0 && !end.aborted) {
    await once(bot.changes, 'change', { signal: end }).catch(() => {});
  }
  if (poll.signal.aborted) {
    throw new BotApiError(409, 'Conflict: terminated by other getUpdates request');
  }
  return bot.updates.slice(0, limit);
}

function find(bot: Bot, params: unknown): SentMessage {
  const { chat_id, message_id } = naming.parse(params);
  const found = bot.sent.find(({ id, chat }) => id === message_id && chat === chat_id);
  if (!found || found.deleted) throw new BotApiError(400, 'Bad Request: message not found');
  return found;
}

const shown = (bot: Bot, { id, chat, text }: SentMessage, at: number) => ({
  message_id: id,
  from: self(bot),
  chat: { id: chat, type: 'private' },
  date: Math.floor(at / 1000),
  text,
});

type Method = (bot: Bot, params: unknown, now: number) => unknown;
const accepted: Method = () => true;

/** What OpenClaw's Telegram channel calls; anything else is Telegram's own 404. */
export const METHODS: Readonly<Record<string, Method>> = {
  getMe: self,
  getUpdates,
  sendMessage(bot, params, now) {
    const { chat_id, text } = sending.parse(params);
    const message = { id: bot.nextId++, chat: chat_id, text, deleted: false };
    bot.sent.push(message);
    bot.changes.emit('change');
    return shown(bot, message, now);
  },
  editMessageText(bot, params, now) {
    const message = find(bot, params);
    message.text = editing.parse(params).text;
    bot.changes.emit('change');
    return shown(bot, message, now);
  },
  deleteMessage(bot, params) {
    find(bot, params).deleted = true;
    bot.changes.emit('change');
    return true;
  },
  deleteWebhook: accepted,
  getWebhookInfo: () => ({ url: '', has_custom_certificate: false, pending_update_count: 0 }),
  setMyCommands: accepted,
  deleteMyCommands: accepted,
  getMyCommands: () => [],
  sendChatAction: accepted,
  setMessageReaction: accepted,
  getChat: (_bot, params) => ({
    id: z.looseObject({ chat_id: whole }).parse(params).chat_id,
    type: 'private',
  }),
};
