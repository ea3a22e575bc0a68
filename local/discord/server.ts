/** A Discord on this machine, for bots: whoever holds a bot's token is that bot. */

import type { IncomingMessage, RequestListener } from 'node:http';
import type { Duplex } from 'node:stream';
import { text } from 'node:stream/consumers';
import { WebSocketServer } from 'ws';
import { z } from 'zod';
import { PlaneError } from '../../contracts/errors.ts';
import { createChanges, untilSeen } from '../changes.ts';
import { accept, type Known, say } from './gateway.ts';
import { answer, type Bot, DiscordError, type DiscordUser, type SentMessage } from './rest.ts';

export const DISCORD_HOST = 'discord.com';
export const DISCORD_GATEWAY_HOST = 'gateway.discord.gg';

export interface BotOptions {
  /** Its first part is the bot's id in base64. */
  readonly token: string;
  readonly username?: string;
  /** Bits of `INTENTS`; none when left out. */
  readonly privileged?: number;
}

/** The other side of a bot's direct messages. */
export interface BotHandle {
  readonly sent: readonly Readonly<SentMessage>[];
  /** Reactions that stand now, `👀 1400000000000000001`. */
  readonly reactions: ReadonlySet<string>;
  /** Calls that failed, with why: `GET /guilds/1 404: Not Found`. */
  readonly refused: readonly string[];
  /** With what the gateway closed connections of its own accord. */
  readonly closed: readonly number[];
  /** Clients that are connected and ready now. */
  connections(): number;
  /** Somebody writes to the bot. */
  say(from: DiscordUser, message: string): void;
  /** The direct message with that person. */
  sentTo(user: string): readonly Readonly<SentMessage>[];
  /** Waits for what `look` finds. @throws Error after `timeoutMs` (10 s when left out) */
  until<T>(what: string, look: () => T | undefined, timeoutMs?: number): Promise<T>;
}

export interface Discord {
  readonly listener: RequestListener;
  /** Takes over a connection to the gateway. */
  upgrade(incoming: IncomingMessage, socket: Duplex, head: Buffer): void;
  /** Creates an application with a bot. @throws PlaneError */
  bot(options: BotOptions): BotHandle;
  /** Cuts every connection. */
  close(): void;
}

const API = '/api/v10';
const TOKEN = /^([\w-]+)\.[\w-]+\.[\w-]+$/;
const START_LIMIT = { total: 1000, remaining: 999, reset_after: 14_400_000, max_concurrency: 1 };

/** Where the client that asks finds the gateway: at the host that it knows this Discord by. */
function gatewayUrl({ headers }: IncomingMessage): string {
  const { host = DISCORD_HOST } = headers;
  const known = host === DISCORD_HOST || host === DISCORD_GATEWAY_HOST;
  return known ? `wss://${DISCORD_GATEWAY_HOST}` : `ws://${host}`;
}

/** An error as Discord words it. */
function failure(error: unknown): DiscordError {
  if (error instanceof DiscordError) return error;
  if (error instanceof z.ZodError || error instanceof SyntaxError) {
    return new DiscordError(400, 'Invalid Form Body', 50_035);
  }
  throw error;
}

function handleOf(known: Known, refused: readonly string[], now: () => number): BotHandle {
  const { bot, sessions, closed } = known;
  return {
    ...{ sent: bot.sent, reactions: bot.reactions, refused, closed },
    connections: () => sessions.filter(({ socket }) => socket !== undefined).length,
    say: (from, message) => say(known, from, message, now()),
    sentTo: (user) => bot.sent.filter(({ channel }) => channel === bot.directs.get(user)),
    until: (what, look, timeoutMs) => untilSeen(bot.changes, what, look, timeoutMs),
  };
}

function newBot({ token, username = 'agent', privileged = 0 }: BotOptions): Bot {
  const id = Buffer.from(TOKEN.exec(token)?.[1] ?? '', 'base64url').toString();
  if (!/^\d+$/.test(id)) {
    throw new PlaneError('INVALID_ARGUMENT', "A bot token begins with the bot's id in base64.");
  }
  return {
    ...{ id, token, username, privileged, users: new Map(), directs: new Map(), sent: [] },
    ...{ reactions: new Set(), count: 1n, changes: createChanges() },
  };
}

/** @param now milliseconds since 1970 */
export function createDiscord({ now }: { readonly now: () => number }): Discord {
  const bots = new Map<string, Known & { readonly refused: string[] }>();
  const server = new WebSocketServer({ noServer: true });

  async function serve(incoming: IncomingMessage): Promise<object | undefined> {
    const { pathname } = new URL(incoming.url ?? '/', `https://${DISCORD_HOST}`);
    const body = await text(incoming);
    const known = bots.get(incoming.headers.authorization?.replace(/^Bot /, '') ?? '');
    if (!known) throw new DiscordError(401, '401: Unauthorized');
    const call = `${incoming.method} ${pathname.replace(API, '')}`;
    if (call === 'GET /gateway/bot') {
      return { url: gatewayUrl(incoming), shards: 1, session_start_limit: START_LIMIT };
    }
    try {
      return answer(known.bot, call, body === '' ? undefined : JSON.parse(body), now());
    } catch (error) {
      known.refused.push(`${call} ${failure(error).message}`);
      throw error;
    }
  }

  return {
    listener(incoming, outgoing) {
      const reply = (status: number, body: object | undefined) =>
        body === undefined
          ? outgoing.writeHead(204).end()
          : outgoing
              .writeHead(status, { 'content-type': 'application/json' })
              .end(JSON.stringify(body));
      serve(incoming).then(
        (body) => reply(200, body),
        (error) => {
          const { status, message, code } = failure(error);
          reply(status, { message, code });
        },
      );
    },
    upgrade(incoming, socket, head) {
      const url = gatewayUrl(incoming);
      server.handleUpgrade(incoming, socket, head, (client) =>
        accept(client, (token) => bots.get(token), url),
      );
    },
    bot(options) {
      const { token } = options;
      const fresh = { bot: newBot(options), sessions: [], closed: [], refused: [] };
      const known = bots.get(token) ?? fresh;
      bots.set(token, known);
      return handleOf(known, known.refused, now);
    },
    close() {
      for (const client of server.clients) client.terminate();
      server.close();
    },
  };
}
