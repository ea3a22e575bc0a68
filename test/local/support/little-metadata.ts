/** A metadata server with just what a booting machine asks for; connections are handed to it. */

import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { GuestConnection } from '../../../local/machine.ts';

export interface LittleMetadata {
  /** Give to `Hypervisor.onConnection`. */
  readonly accept: (connection: GuestConnection) => void;
  /** Machine names in the order of their connections. */
  readonly seen: string[];
  close(): Promise<void>;
}

function answer(request: IncomingMessage, response: ServerResponse, script: string): void {
  const url = new URL(request.url ?? '/', 'http://metadata');
  const path = url.pathname.replace(/^\/computeMetadata\/v1\//, '');
  response.setHeader('Metadata-Flavor', 'Google').setHeader('ETag', 'one');
  // A long poll hangs until something changes, and nothing does.
  if (url.searchParams.get('wait_for_change') === 'true' && url.searchParams.has('last_etag')) {
    if (url.searchParams.get('last_etag') === 'one') return;
  }
  const attributes = { 'startup-script': script };
  if (path === 'instance/attributes/startup-script') return void response.end(script);
  const trees: Readonly<Record<string, object>> = {
    '/': { instance: { attributes, id: 1 }, project: { attributes: {}, projectId: 'p' } },
    '': { instance: { attributes, id: 1 }, project: { attributes: {}, projectId: 'p' } },
    'instance/attributes/': attributes,
    'project/attributes/': {},
  };
  const tree = trees[path];
  if (tree === undefined) response.statusCode = 404;
  response.setHeader('content-type', 'application/json').end(JSON.stringify(tree ?? {}));
}

/** @param scriptOf the startup script of a machine */
export function littleMetadata(scriptOf: (machine: string) => string): LittleMetadata {
  const machineOf = new WeakMap<object, string>();
  const seen: string[] = [];
  const server: Server = createServer((request, response) => {
    answer(request, response, scriptOf(machineOf.get(request.socket) ?? ''));
  });
  return {
    seen,
    accept({ socket, port, machine }) {
      seen.push(machine);
      if (port !== 80) return void socket.resume().end(machine);
      machineOf.set(socket, machine);
      server.emit('connection', socket);
    },
    async close() {
      server.closeAllConnections();
      server.close();
    },
  };
}

/** A console that can be waited on. */
export function listenToConsole() {
  let text = '';
  const waiting = new Set<() => void>();
  return {
    text: () => text,
    hear(chunk: string) {
      text += chunk;
      for (const look of waiting) look();
    },
    /** Resolves when `wanted` was printed; the test's own timeout is the limit. */
    async until(wanted: string) {
      await new Promise<void>((resolve) => {
        const look = () => {
          if (!text.includes(wanted)) return;
          waiting.delete(look);
          resolve();
        };
        waiting.add(look);
        look();
      });
    },
  };
}
