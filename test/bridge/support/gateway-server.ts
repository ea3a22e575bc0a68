/** As much of OpenClaw's gateway (protocol 4) as a test says: who is let in, and what is answered. */

import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { WebSocketServer } from 'ws';

export interface GatewayScript {
  /** @returns a code of its refusals (`AUTH_TOKEN_MISMATCH`); undefined to let the caller in */
  connect?(): string | undefined;
  /** @returns the final answer; undefined for none */
  answer(method: string, params: Readonly<Record<string, unknown>>): object | undefined;
}

/** What it says to whom it lets in. */
export const HELLO = {
  type: 'hello-ok',
  protocol: 4,
  server: { version: 'test', connId: 'c1' },
  features: { methods: ['agent'], events: [] },
  snapshot: {},
  auth: { role: 'operator', scopes: ['operator.read', 'operator.write'] },
  policy: { maxPayload: 26_214_400, maxBufferedBytes: 52_428_800, tickIntervalMs: 30_000 },
};

interface Frame {
  readonly id: string;
  readonly method: string;
  readonly params: Readonly<Record<string, unknown>>;
}

export async function startGatewayServer(
  script: GatewayScript,
): Promise<AsyncDisposable & { readonly url: string }> {
  const server = new WebSocketServer({ host: '127.0.0.1', port: 0, maxPayload: 64_000_000 });
  await once(server, 'listening');
  server.on('connection', (socket) => {
    const send = (frame: object): void => socket.send(JSON.stringify(frame));
    send({ type: 'event', event: 'connect.challenge', payload: { nonce: 'n', ts: Date.now() } });
    socket.on('message', (data) => {
      const { id, method, params } = JSON.parse(String(data)) as Frame;
      const reply = (payload: object): void => send({ type: 'res', id, ok: true, payload });
      if (method !== 'connect') {
        const payload = script.answer(method, params);
        if (payload) reply(payload);
        return;
      }
      const code = script.connect?.();
      if (code === undefined) return reply(HELLO);
      const error = { code: 'INVALID_REQUEST', message: 'unauthorized', details: { code } };
      send({ type: 'res', id, ok: false, error });
      socket.close(1008, 'connect failed');
    });
  });
  return {
    url: `ws://127.0.0.1:${(server.address() as AddressInfo).port}`,
    async [Symbol.asyncDispose]() {
      for (const client of server.clients) client.terminate();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
