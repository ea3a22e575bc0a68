/**
 * `agent broker --peer=COUNT-PID-UID`: serves the one connection that systemd accepted and
 * made our standard input and output. `--listen` (no systemd: process mode) listens itself.
 */

import { createServer, type Socket } from 'node:net';
import { dirname } from 'node:path';
import type { Readable, Writable } from 'node:stream';
import { serve } from '../broker/serve.ts';
import { peerUid, REQUEST_MAX } from '../core/broker-protocol.ts';
import { parseFacts } from '../core/facts.ts';
import { GATEWAY_USER, type Layout } from '../core/layout.ts';
import type { Host } from '../host.ts';
import { readLine } from '../io.ts';

/** Who asks has the line ready. Of eight who do not, each would keep a place for as long as the unit may run. */
const LINE_WITHIN_MS = 5_000;

/** The request's line; an empty one, which is no request, for one that is too long or never ends. */
async function lineOf(from: Readable): Promise<string> {
  const late = Promise.withResolvers<string>();
  const timer = setTimeout(() => late.resolve(''), LINE_WITHIN_MS);
  try {
    return await Promise.race([readLine(from, REQUEST_MAX).catch(() => ''), late.promise]);
  } finally {
    clearTimeout(timer);
  }
}

async function answerOne(host: Host, layout: Layout, from: Readable, to: Writable): Promise<void> {
  const line = await lineOf(from);
  const answer = await serve(host, layout, parseFacts(host.read(layout.facts)), line);
  await new Promise<void>((resolve) => to.end(`${JSON.stringify(answer)}\n`, () => resolve()));
  // What more may come is nobody's: an open end would keep the process.
  from.destroy();
}

/** Root and the gateway's user: the socket's mode says so already, the peer's credentials say it again. */
function mayAsk(host: Host, instance: string): boolean {
  const uid = peerUid(instance);
  return uid !== undefined && (uid === 0 || uid === host.lookUpUser(GATEWAY_USER)?.uid);
}

async function listen(host: Host, layout: Layout): Promise<number> {
  host.makeDirectory(dirname(layout.brokerSocket), { mode: 0o755 });
  host.remove(layout.brokerSocket);
  const server = createServer({ allowHalfOpen: true }, (socket: Socket) => {
    socket.on('error', () => {});
    answerOne(host, layout, socket, socket).catch((error: Error) => {
      host.log(`agent broker: ${error.message}`);
      socket.destroy();
    });
  });
  await new Promise<void>((resolve) => server.listen(layout.brokerSocket, resolve));
  await new Promise<void>((resolve) => {
    process.once('SIGTERM', () => server.close(() => resolve()));
  });
  return 0;
}

export async function brokerCommand(
  host: Host,
  layout: Layout,
  options: { readonly peer?: string | undefined; readonly listen: boolean },
): Promise<number> {
  if (options.listen) return listen(host, layout);
  if (!mayAsk(host, options.peer ?? '')) {
    host.log('agent broker: refused a caller that is not the gateway');
    return 1;
  }
  await answerOne(host, layout, process.stdin, process.stdout);
  return 0;
}
