/**
 * The outside world as a machine sees it on port 443: TLS for every emulated host name,
 * then on to whoever stands for that host here.
 */

import {
  createServer,
  type IncomingMessage,
  type RequestListener,
  request,
  type Server,
} from 'node:http';
import type { Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import { TLSSocket } from 'node:tls';
import type { Authority } from './authority.ts';

/** Takes over a connection that asks to become something else than HTTP. */
export type Upgrade = (incoming: IncomingMessage, socket: Duplex, head: Buffer) => void;

/** Who stands for a host name. */
export interface Host {
  readonly listener: RequestListener;
  readonly upgrade?: Upgrade;
}

export interface Front {
  /** Takes over a raw connection to port 443. */
  accept(socket: Socket): void;
  close(): Promise<void>;
}

/** What is left of a path without that beginning; undefined where it has another. */
function without(path: string, beginning: string): string | undefined {
  if (!path.startsWith(beginning)) return undefined;
  const rest = path.slice(beginning.length);
  if (rest.startsWith('/')) return rest;
  return rest === '' || rest.startsWith('?') ? `/${rest}` : undefined;
}

/**
 * Hands a request on to a server on loopback, body and answer streamed.
 * @param ownPath what is taken off the path, as Google takes off a function's name; 404 for other paths
 */
export function forwardTo(origin: string, ownPath = ''): RequestListener {
  const { hostname, port } = new URL(origin);
  return (incoming, outgoing) => {
    const path = without(incoming.url ?? '/', ownPath);
    if (path === undefined) {
      incoming.resume();
      outgoing.writeHead(404).end();
      return;
    }
    const { method, headers } = incoming;
    const onward = request({ hostname, port, path, method, headers }, (answer) => {
      outgoing.writeHead(answer.statusCode ?? 502, answer.headers);
      answer.pipe(outgoing);
    });
    onward.on('error', () => {
      if (!outgoing.headersSent) outgoing.writeHead(502);
      outgoing.end();
    });
    incoming.pipe(onward);
  };
}

/**
 * @param hosts who answers for which host name
 * @param authority signs for those names
 */
export function createFront(hosts: Readonly<Record<string, Host>>, authority: Authority): Front {
  const hostOf = ({ headers }: IncomingMessage): Host | undefined =>
    hosts[headers.host?.replace(/:\d+$/, '') ?? ''];
  const plain: Server = createServer((incoming, outgoing) => {
    const host = hostOf(incoming);
    if (host) host.listener(incoming, outgoing);
    else outgoing.writeHead(421).end();
  });
  plain.on('upgrade', (incoming: IncomingMessage, socket: Duplex, head: Buffer) => {
    const upgrade = hostOf(incoming)?.upgrade;
    if (upgrade) upgrade(incoming, socket, head);
    else socket.destroy();
  });
  return {
    accept(socket) {
      const secured = new TLSSocket(socket, {
        isServer: true,
        SNICallback(host, done) {
          if (!hosts[host]) return done(new Error(`nobody stands for ${host} here`));
          authority.contextFor(host).then((context) => done(null, context), done);
        },
      });
      secured.on('error', () => socket.destroy());
      socket.on('error', () => secured.destroy());
      plain.emit('connection', secured);
    },
    async close() {
      plain.closeAllConnections();
    },
  };
}
