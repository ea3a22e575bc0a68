/** A gateway that speaks protocol 4 and echoes at once: what is measured is the bridge. */

import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { type WebSocket, WebSocketServer } from 'ws';
import { HELLO } from '../../bridge/support/gateway-server.ts';

interface Frame {
  readonly id: string;
  readonly method: string;
  readonly params: { readonly message?: string; readonly idempotencyKey?: string };
}

function answer(socket: WebSocket, { id, method, params }: Frame): void {
  const reply = (payload: object): void =>
    socket.send(JSON.stringify({ type: 'res', id, ok: true, payload }));
  const runId = params.idempotencyKey;
  reply(method === 'connect' ? HELLO : { runId, status: 'accepted' });
  if (method === 'connect') return;
  const payloads = [{ text: params.message, mediaUrl: null }];
  reply({ runId, status: 'ok', summary: 'completed', result: { payloads } });
}

export async function startEchoGateway(): Promise<{ url: string; close(): Promise<void> }> {
  const server = new WebSocketServer({ host: '127.0.0.1', port: 0 });
  await once(server, 'listening');
  server.on('connection', (socket) => {
    const challenge = { nonce: 'n', ts: Date.now() };
    socket.send(JSON.stringify({ type: 'event', event: 'connect.challenge', payload: challenge }));
    socket.on('message', (data) => answer(socket, JSON.parse(String(data)) as Frame));
  });
  return {
    url: `ws://127.0.0.1:${(server.address() as AddressInfo).port}`,
    async close() {
      for (const client of server.clients) client.terminate();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
