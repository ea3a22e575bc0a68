/** Discord's HTTP API as one bot sees it (https://docs.discord.com/developers/reference), without a network. */

import { z } from 'zod';
import type { Changes } from '../changes.ts';

/** A person who shares a server with the bot. */
export interface DiscordUser {
  readonly id: string;
  readonly username: string;
}

export interface SentMessage {
  readonly id: string;
  readonly channel: string;
  content: string;
  deleted: boolean;
}

export interface Bot {
  readonly id: string;
  readonly token: string;
  readonly username: string;
  /** Privileged intents that are switched on for the application. */
  readonly privileged: number;
  readonly users: Map<string, DiscordUser>;
  /** Direct messages that were opened, by person. */
  readonly directs: Map<string, string>;
  /** What the bot sent, in order. */
  readonly sent: SentMessage[];
  /** Reactions that stand now: `👀 1400000000000000001`. */
  readonly reactions: Set<string>;
  count: bigint;
  readonly changes: Changes;
}

/** An answer that is an error: https://docs.discord.com/developers/topics/opcodes-and-status-codes */
export class DiscordError extends Error {
  readonly status: number;
  readonly code: number;

  constructor(status: number, message: string, code = 0) {
    super(message);
    this.status = status;
    this.code = code;
  }
}

const EPOCH_MS = 1_420_070_400_000;

/** An id that says when it was made: https://docs.discord.com/developers/reference#snowflakes */
export const newId = (bot: Bot, now: number): string =>
  String((BigInt(now - EPOCH_MS) << 22n) | bot.count++);

const DIRECT = 1;
const posting = z.looseObject({ content: z.string().min(1).max(2000) });
const opening = z.looseObject({ recipient_id: z.string().regex(/^\d+$/) });

export const botUser = ({ id, username }: Bot) => ({
  ...{ id, username, discriminator: '0', global_name: null, avatar: null, bot: true },
});

export const personOf = ({ id, username }: DiscordUser) => ({
  ...{ id, username, discriminator: '0', global_name: username, avatar: null },
});

/** The direct message between a person and the bot. */
export function directWith(bot: Bot, user: string, now: number): string {
  const known = bot.directs.get(user) ?? newId(bot, now);
  bot.directs.set(user, known);
  return known;
}

function recipientOf(bot: Bot, channel: string): DiscordUser {
  const [user = ''] = [...bot.directs].find(([, direct]) => direct === channel) ?? [];
  const person = bot.users.get(user);
  if (!person) throw new DiscordError(404, 'Unknown Channel', 10_003);
  return person;
}

const channelOf = (bot: Bot, channel: string) => ({
  ...{ id: channel, type: DIRECT, last_message_id: null, flags: 0 },
  recipients: [personOf(recipientOf(bot, channel))],
});

/** @param author as `botUser` or `personOf` shows them */
export const messageBy = (
  author: object,
  {
    id,
    channel,
    content,
  }: { readonly id: string; readonly channel: string; readonly content: string },
  now: number,
) => ({
  ...{ id, channel_id: channel, type: 0, flags: 0, content, author, pinned: false, tts: false },
  ...{ timestamp: new Date(now).toISOString(), edited_timestamp: null, mention_everyone: false },
  ...{ mentions: [], mention_roles: [], attachments: [], embeds: [], components: [] },
});

function find(bot: Bot, channel: string, id: string): SentMessage {
  const found = bot.sent.find((one) => one.id === id && one.channel === channel && !one.deleted);
  if (!found) throw new DiscordError(404, 'Unknown Message', 10_008);
  return found;
}

interface Request {
  readonly bot: Bot;
  /** What the path's stars stand for. */
  readonly parts: readonly string[];
  readonly body: unknown;
  readonly now: number;
}

/** `undefined` is an answer without a body. */
type Route = (request: Request) => object | undefined;

const application = ({ id, username, privileged }: Bot) => ({
  ...{ id, name: username, flags: privileged === 0 ? 0 : 1 << 19 },
});

const react =
  (change: (bot: Bot, reaction: string) => void): Route =>
  ({ bot, parts: [channel = '', message, emoji = ''] }) => {
    recipientOf(bot, channel);
    change(bot, `${decodeURIComponent(emoji)} ${message}`);
    bot.changes.emit('change');
    return undefined;
  };

const named: Route = ({ body }) => body as object;

/** What OpenClaw's Discord channel calls; anything else is Discord's own 404. `*` is one part of a path. */
const ROUTES: Readonly<Record<string, Route>> = {
  'GET /users/@me': ({ bot }) => botUser(bot),
  'GET /applications/@me': ({ bot }) => application(bot),
  'GET /oauth2/applications/@me': ({ bot }) => application(bot),
  'GET /users/*': ({ bot, parts: [id = ''] }) => {
    const user = bot.users.get(id);
    if (!user) throw new DiscordError(404, 'Unknown User', 10_013);
    return personOf(user);
  },
  'POST /users/@me/channels': ({ bot, body, now }) => {
    const { recipient_id } = opening.parse(body);
    if (!bot.users.has(recipient_id)) throw new DiscordError(400, 'Invalid Recipient(s)', 50_033);
    return channelOf(bot, directWith(bot, recipient_id, now));
  },
  'GET /channels/*': ({ bot, parts: [channel = ''] }) => channelOf(bot, channel),
  'POST /channels/*/typing': ({ bot, parts: [channel = ''] }) =>
    recipientOf(bot, channel) && undefined,
  'GET /channels/*/messages': ({ bot, parts: [channel = ''], now }) =>
    bot.sent
      .filter((one) => one.channel === channel && !one.deleted)
      .map((one) => messageBy(botUser(bot), one, now))
      .reverse(),
  'POST /channels/*/messages': ({ bot, parts: [channel = ''], body, now }) => {
    recipientOf(bot, channel);
    const { content } = posting.parse(body);
    const message = { id: newId(bot, now), channel, content, deleted: false };
    bot.sent.push(message);
    bot.changes.emit('change');
    return messageBy(botUser(bot), message, now);
  },
  'PATCH /channels/*/messages/*': ({ bot, parts: [channel = '', id = ''], body, now }) => {
    const message = find(bot, channel, id);
    message.content = posting.parse(body).content;
    bot.changes.emit('change');
    return messageBy(botUser(bot), message, now);
  },
  'DELETE /channels/*/messages/*': ({ bot, parts: [channel = '', id = ''] }) => {
    find(bot, channel, id).deleted = true;
    bot.changes.emit('change');
    return undefined;
  },
  'PUT /channels/*/messages/*/reactions/*/@me': react(({ reactions }, one) => {
    reactions.add(one);
  }),
  'DELETE /channels/*/messages/*/reactions/*/@me': react(({ reactions }, one) => {
    reactions.delete(one);
  }),
  'GET /applications/*/commands': () => [],
  'PUT /applications/*/commands': named,
  'POST /applications/*/commands': ({ bot, body, now }) => ({
    ...(body as object),
    ...{ id: newId(bot, now), application_id: bot.id, version: '1' },
  }),
};

const PATTERNS = Object.entries(ROUTES).map(([name, route]) => ({
  route,
  pattern: new RegExp(`^${name.replaceAll('*', '([^/]+)')}$`),
}));

/** @param path below `/api/v10`. @throws DiscordError */
export function answer(bot: Bot, call: string, body: unknown, now: number): object | undefined {
  for (const { route, pattern } of PATTERNS) {
    const [whole, ...parts] = pattern.exec(call) ?? [];
    if (whole !== undefined) return route({ bot, parts, body, now });
  }
  throw new DiscordError(404, '404: Not Found');
}
