/**
 * A signal-cli daemon on this machine (`signal-cli daemon --http`): it holds accounts, has no
 * token, and whoever reaches it may use them.
 */

import type { IncomingMessage, RequestListener, ServerResponse } from 'node:http';
import { json } from 'node:stream/consumers';
import { z } from 'zod';
import { createChanges, untilSeen } from '../changes.ts';
import {
  type Account,
  METHODS,
  messageTo,
  RpcError,
  type SentMessage,
  type SignalUser,
} from './daemon.ts';

/** The other side of an account's messages. */
export interface AccountHandle {
  readonly sent: readonly Readonly<SentMessage>[];
  /** Calls that failed, with why: `sendRocket Method not implemented`. */
  readonly refused: readonly string[];
  /** Who listens for messages now. */
  connections(): number;
  /** Somebody writes to the account. */
  say(from: SignalUser, message: string): void;
  /** What that number was sent. */
  sentTo(number: string): readonly Readonly<SentMessage>[];
  /** Waits for what `look` finds. @throws Error after `timeoutMs` (10 s when left out) */
  until<T>(what: string, look: () => T | undefined, timeoutMs?: number): Promise<T>;
}

export interface SignalDaemon {
  readonly listener: RequestListener;
  /** Registers an account. @param number `+15550001111` */
  account(number: string): AccountHandle;
  /** Ends every stream. */
  close(): void;
}

interface Known {
  readonly account: Account;
  readonly streams: Set<ServerResponse>;
  readonly refused: string[];
}

const rpc = z.looseObject({
  jsonrpc: z.literal('2.0'),
  id: z.string(),
  method: z.string(),
  params: z.looseObject({ account: z.string().optional() }).optional(),
});

const VERSION = '0.13.22';
const INVALID_PARAMS = -32_602;
const NOT_IMPLEMENTED = -32_601;

function failure(error: unknown): RpcError {
  if (error instanceof RpcError) return error;
  if (error instanceof z.ZodError) return new RpcError(INVALID_PARAMS, 'Invalid params');
  throw error;
}

const tell = (stream: ServerResponse, message: object): void =>
  void stream.write(`event:receive\ndata:${JSON.stringify(message)}\n\n`);

/** Hands over what was received before, and then what comes. */
function listen({ account, streams }: Known, stream: ServerResponse): void {
  stream.writeHead(200, { 'content-type': 'text/event-stream' });
  stream.flushHeaders();
  streams.add(stream);
  stream.on('close', () => {
    streams.delete(stream);
    account.changes.emit('change');
  });
  for (const message of account.waiting.splice(0)) tell(stream, message);
  account.changes.emit('change');
}

function handleOf({ account, streams, refused }: Known, now: () => number): AccountHandle {
  return {
    ...{ sent: account.sent, refused },
    connections: () => streams.size,
    say(from, text) {
      const message = messageTo(account, from, text, now());
      if (streams.size === 0) account.waiting.push(message);
      for (const stream of streams) tell(stream, message);
    },
    sentTo: (number) => account.sent.filter(({ recipient }) => recipient === number),
    until: (what, look, timeoutMs) => untilSeen(account.changes, what, look, timeoutMs),
  };
}

/** @param now milliseconds since 1970 */
export function createSignalDaemon({ now }: { readonly now: () => number }): SignalDaemon {
  const accounts = new Map<string, Known>();

  async function call(incoming: IncomingMessage): Promise<object> {
    const { id, method, params } = rpc.parse(await json(incoming));
    const known = accounts.get(params?.account ?? '');
    const reply = (body: object) => ({ jsonrpc: '2.0', id, ...body });
    try {
      if (method === 'version') return reply({ result: { version: VERSION } });
      const found = METHODS[method];
      if (!found) throw new RpcError(NOT_IMPLEMENTED, 'Method not implemented');
      if (!known) throw new RpcError(INVALID_PARAMS, 'Method requires valid account parameter');
      return reply({ result: found(known.account, params, now()) });
    } catch (error) {
      const { code, message } = failure(error);
      known?.refused.push(`${method} ${message}`);
      return reply({ error: { code, message } });
    }
  }

  return {
    listener(incoming, outgoing) {
      const url = new URL(incoming.url ?? '/', 'http://daemon');
      const known = accounts.get(url.searchParams.get('account') ?? '');
      switch (`${incoming.method} ${url.pathname}`) {
        case 'GET /api/v1/check':
          return void outgoing.writeHead(200).end();
        case 'GET /api/v1/events':
          return known ? listen(known, outgoing) : void outgoing.writeHead(400).end();
        case 'POST /api/v1/rpc':
          return void call(incoming).then(
            (body) =>
              outgoing
                .writeHead(200, { 'content-type': 'application/json' })
                .end(JSON.stringify(body)),
            () => outgoing.writeHead(400).end(),
          );
        default:
          return void outgoing.writeHead(404).end();
      }
    },
    account(number) {
      const account = {
        ...{ number, sent: [], read: new Set<number>(), waiting: [], lastTimestamp: 0 },
        changes: createChanges(),
      };
      const known = accounts.get(number) ?? { account, streams: new Set(), refused: [] };
      accounts.set(number, known);
      return handleOf(known, now);
    },
    close() {
      for (const { streams } of accounts.values()) for (const stream of streams) stream.end();
    },
  };
}
