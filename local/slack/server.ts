/** A Slack on this machine, for apps: whoever holds an app's tokens is that app. */

import type { IncomingMessage, RequestListener } from 'node:http';
import type { Duplex } from 'node:stream';
import { text } from 'node:stream/consumers';
import { type WebSocket, WebSocketServer } from 'ws';
import { z } from 'zod';
import { PlaneError } from '../../contracts/errors.ts';
import { createChanges, untilSeen } from '../changes.ts';
import { accept, deliver, messageTo } from './socket-mode.ts';
import { type App, METHODS, type SentMessage, SlackError, type SlackUser } from './web-api.ts';

export const SLACK_HOST = 'slack.com';
/** Where `apps.connections.open` sends an app for its events. */
export const SLACK_SOCKET_HOST = 'wss-primary.slack.com';

export interface AppOptions {
  /** `xoxb-...` */
  readonly botToken: string;
  /** `xapp-1-A0123-...`: the app's id is in it. */
  readonly appToken: string;
  /** What the bot token may do. */
  readonly scopes: readonly string[];
  readonly name?: string;
}

/** The other side of an app's direct messages. */
export interface AppHandle {
  readonly sent: readonly Readonly<SentMessage>[];
  /** Reactions that stand now, `eyes 1700000000.000001`. */
  readonly reactions: ReadonlySet<string>;
  /** Methods that failed, with why: `users.list unknown_method`. */
  readonly refused: readonly string[];
  /** Socket Mode connections that are open now. */
  connections(): number;
  /** Events that the app has not said it has. */
  unacknowledged(): number;
  /** Somebody writes to the app. */
  say(from: SlackUser, message: string): void;
  /** The direct message with that person. */
  sentTo(user: string): readonly Readonly<SentMessage>[];
  /** Waits for what `look` finds. @throws Error after `timeoutMs` (10 s when left out) */
  until<T>(what: string, look: () => T | undefined, timeoutMs?: number): Promise<T>;
}

export interface Slack {
  readonly listener: RequestListener;
  /** Takes over a Socket Mode connection. */
  upgrade(incoming: IncomingMessage, socket: Duplex, head: Buffer): void;
  /** Creates an app and installs it in the workspace. @throws PlaneError */
  app(options: AppOptions): AppHandle;
  /** Cuts every connection. */
  close(): void;
}

const TEAM = 'T0NINE30';
const PATH = /^\/api\/([\w.]+)$/;
const APP_TOKEN = /^xapp-\d-(A\w+)-/;

interface Known {
  readonly app: App;
  readonly sockets: Set<WebSocket>;
  readonly refused: string[];
}

async function paramsOf(incoming: IncomingMessage): Promise<unknown> {
  const body = await text(incoming);
  const json = incoming.headers['content-type']?.startsWith('application/json');
  return json ? JSON.parse(body) : Object.fromEntries(new URLSearchParams(body));
}

const bearerOf = ({ headers }: IncomingMessage): string =>
  /^Bearer (.+)$/.exec(headers.authorization ?? '')?.[1] ?? '';

/** Where the client that asks finds Socket Mode: at the host that it knows this Slack by. */
function socketUrl({ headers }: IncomingMessage, ticket: string): string {
  const { host = SLACK_HOST } = headers;
  const origin = host === SLACK_HOST ? `wss://${SLACK_SOCKET_HOST}` : `ws://${host}`;
  return `${origin}/link/?ticket=${ticket}`;
}

/** An error as Slack words it. */
function failure(error: unknown): SlackError {
  if (error instanceof SlackError) return error;
  if (error instanceof z.ZodError || error instanceof SyntaxError) {
    return new SlackError('invalid_arguments');
  }
  throw error;
}

function handleOf({ app, sockets, refused }: Known, now: () => number): AppHandle {
  const sentTo = (user: string) =>
    app.sent.filter(({ channel }) => channel === app.directs.get(user));
  return {
    ...{ sent: app.sent, reactions: app.reactions, refused, sentTo },
    connections: () => sockets.size,
    unacknowledged: () => app.envelopes.length,
    say(from, message) {
      app.users.set(from.id, from);
      const envelope = messageTo(app, from, message, now());
      app.envelopes.push(envelope);
      // Slack hands an event to one of the connections.
      const [socket] = sockets;
      if (socket) deliver(socket, envelope);
    },
    until: (what, look, timeoutMs) => untilSeen(app.changes, what, look, timeoutMs),
  };
}

function newApp({ appToken, name = 'agent', scopes }: AppOptions): App {
  const [, id] = APP_TOKEN.exec(appToken) ?? [];
  if (id === undefined) {
    throw new PlaneError('INVALID_ARGUMENT', 'An app-level token looks like xapp-1-A0123-...');
  }
  const rest = id.slice(1);
  return {
    ...{ id, team: TEAM, user: `U${rest}`, bot: `B${rest}`, name, scopes },
    ...{ users: new Map(), directs: new Map(), sent: [], envelopes: [] },
    ...{ reactions: new Set(), tickets: new Set(), nextId: 1, changes: createChanges() },
  };
}

/** @param now milliseconds since 1970 */
export function createSlack({ now }: { readonly now: () => number }): Slack {
  const byBotToken = new Map<string, Known>();
  const byAppToken = new Map<string, Known>();
  const server = new WebSocketServer({ noServer: true });

  function call(incoming: IncomingMessage, name: string, params: unknown): object {
    const method = METHODS[name];
    const token = bearerOf(incoming);
    const known = byBotToken.get(token) ?? byAppToken.get(token);
    if (!known) throw new SlackError(token === '' ? 'not_authed' : 'invalid_auth');
    try {
      if (!method) throw new SlackError('unknown_method', { req_method: name });
      if (byAppToken.has(token) !== (method.ofApp ?? false)) {
        throw new SlackError('not_allowed_token_type');
      }
      const { scope } = method;
      if (scope !== undefined && !method.ofApp && !known.app.scopes.includes(scope)) {
        throw new SlackError('missing_scope', { needed: scope, provided: known.app.scopes.join() });
      }
      const result = method.call(known.app, params, now());
      const { ticket } = result as { ticket?: string };
      return ticket === undefined ? result : { url: socketUrl(incoming, ticket) };
    } catch (error) {
      known.refused.push(`${name} ${failure(error).message}`);
      throw error;
    }
  }

  return {
    listener(incoming, outgoing) {
      const { pathname } = new URL(incoming.url ?? '/', `https://${SLACK_HOST}`);
      const [, name] = PATH.exec(pathname) ?? [];
      const reply = (body: object) =>
        outgoing.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify(body));
      if (name === undefined) return void outgoing.writeHead(404).end();
      paramsOf(incoming)
        .then((params) => call(incoming, name, params))
        .then(
          (result) => reply({ ok: true, ...result }),
          (error) => {
            const { message, details } = failure(error);
            reply({ ok: false, error: message, ...details });
          },
        );
    },
    upgrade(incoming, socket, head) {
      const url = new URL(incoming.url ?? '/', `https://${SLACK_SOCKET_HOST}`);
      const ticket = url.searchParams.get('ticket') ?? '';
      const known = [...byAppToken.values()].find(({ app }) => app.tickets.delete(ticket));
      if (url.pathname !== '/link/' || !known) {
        return void socket.end('HTTP/1.1 404 Not Found\r\n\r\n');
      }
      server.handleUpgrade(incoming, socket, head, (client) => accept(known, client));
    },
    app(options) {
      const app = newApp(options);
      const known = byAppToken.get(options.appToken) ?? { app, sockets: new Set(), refused: [] };
      byAppToken.set(options.appToken, known);
      byBotToken.set(options.botToken, known);
      return handleOf(known, now);
    },
    close() {
      for (const client of server.clients) client.terminate();
      server.close();
    },
  };
}
