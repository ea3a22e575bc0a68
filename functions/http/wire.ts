/**
 * Takes the request's body, target and the process's signals back from functions-framework
 * (docs/decisions/011).
 *
 * The framework parses bodies of up to 1 GB before it calls a function and answers broken
 * JSON or a malformed percent escape with an HTML page that no function can prevent. Node
 * publishes every request on a diagnostics channel before the framework sees it; there, the
 * framework is shown a request for `/` without a body, and what really came is kept aside.
 */

import { subscribe } from 'node:diagnostics_channel';
import type { IncomingHttpHeaders, IncomingMessage, Server, ServerResponse } from 'node:http';

/** https://nodejs.org/api/diagnostics_channel.html#http */
const CHANNEL = 'http.server.request.start';

/** What a client really sent. */
export interface Wire {
  readonly target: string;
  readonly headers: IncomingHttpHeaders;
}

export type WireOf = (request: IncomingMessage) => Wire;

interface Started {
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
  readonly server: Server;
}

/** As much of `process` as draining takes. */
export interface Signals {
  removeAllListeners(signal: 'SIGTERM' | 'SIGINT'): unknown;
  on(signal: 'SIGTERM' | 'SIGINT', listener: () => void): unknown;
  exit(code: number): void;
}

/** Without the guard (the framework's own test server), a request is what the framework says. */
export const plainWire: WireOf = (request) => ({
  target: (request as { originalUrl?: string }).originalUrl ?? request.url ?? '',
  headers: request.headers,
});

/** Call once per process, before the framework listens. */
export function guardWire(signals: Signals): WireOf {
  const wires = new WeakMap<IncomingMessage, Wire>();
  const drain = createDrain(signals);
  subscribe(CHANNEL, (message) => {
    const { request, response, server } = message as Started;
    wires.set(request, { target: request.url ?? '', headers: { ...request.headers } });
    request.url = '/';
    delete request.headers['content-length'];
    delete request.headers['transfer-encoding'];
    drain(server, response);
  });
  return (request) => wires.get(request) ?? plainWire(request);
}

const lastOfItsConnection = (response: ServerResponse): void => {
  if (!response.headersSent) response.setHeader('connection', 'close');
};

/**
 * On SIGTERM the framework answers the request in flight with 500 and exits. Its listeners
 * are replaced at the first request (before that there is nothing to drain): no new
 * connections, the requests in flight end, then the process does, whatever connections are
 * still open without a request.
 */
function createDrain(signals: Signals): (server: Server, response: ServerResponse) => void {
  const inFlight = new Set<ServerResponse>();
  const taken = new WeakSet<Server>();
  const draining = new WeakSet<Server>();
  const endWhenIdle = (server: Server): void => {
    if (draining.has(server) && inFlight.size === 0) server.closeAllConnections();
  };
  const takeOver = (server: Server): void => {
    taken.add(server);
    for (const signal of ['SIGTERM', 'SIGINT'] as const) {
      signals.removeAllListeners(signal);
      signals.on(signal, () => {
        draining.add(server);
        inFlight.forEach(lastOfItsConnection);
        server.close(() => signals.exit(0));
        endWhenIdle(server);
      });
    }
  };
  return (server, response) => {
    if (!taken.has(server)) takeOver(server);
    if (draining.has(server)) lastOfItsConnection(response);
    inFlight.add(response);
    response.once('close', () => {
      inFlight.delete(response);
      endWhenIdle(server);
    });
  };
}
