/** Secrets that the gateway takes at the second try: a hot reload that ends meanwhile supersedes the first. */

import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { WebSocketServer } from 'ws';
import {
  degradedOwners,
  type GatewayStatus,
  pluginsAhead,
} from '../../vm-bootstrap/core/reload.ts';
import { secretsTaken, withGateway } from '../../vm-bootstrap/gateway.ts';

/** Answers of one gateway, by method, the last for ever; `undefined` is a refusal. */
async function gatewayThatSays(answers: Record<string, unknown[]>) {
  const asked: string[] = [];
  const server = new WebSocketServer({ port: 0, host: '127.0.0.1' });
  server.on('connection', (socket) => {
    socket.send(JSON.stringify({ type: 'event', event: 'connect.challenge' }));
    socket.on('message', (data) => {
      const { id, method } = JSON.parse(String(data));
      asked.push(method);
      const known = answers[method] ?? [{}];
      const payload = known.length > 1 ? known.shift() : known[0];
      const error = { code: 'UNAVAILABLE', message: 'secrets.reload failed' };
      const said = payload === undefined ? { ok: false, error } : { ok: true, payload };
      socket.send(JSON.stringify({ type: 'res', id, ...said }));
    });
  });
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  /** The clock runs as fast as somebody sleeps. */
  let now = 0;
  const clock = {
    now: () => new Date(now),
    sleep: async (ms: number) => {
      now += ms;
    },
  };
  const take = () =>
    withGateway({ port, token: 't' }, (gateway) => secretsTaken(clock, gateway, degradedOwners));
  return { asked, take, [Symbol.asyncDispose]: async () => void server.close() };
}

const telegram: GatewayStatus = {
  degradedSecretOwners: [{ ownerKind: 'account', ownerId: 'telegram:default' }],
};

test('a refusal and a secret of the configuration before are asked about again', async () => {
  await using gateway = await gatewayThatSays({
    'secrets.reload': [undefined, {}],
    status: [{}, telegram, {}],
  });
  await gateway.take();
  expect(gateway.asked.filter((method) => method === 'secrets.reload')).toHaveLength(3);
});

test('a secret that is not there is named, in the end', async () => {
  await using gateway = await gatewayThatSays({ status: [telegram] });
  await expect(gateway.take()).rejects.toMatchObject({
    code: 'FAILED_PRECONDITION',
    message: 'The gateway could not read: telegram:default.',
  });
});

test('plugins that the gateway has not loaded come ahead of their channels; Telegram is its own', () => {
  const wanted = {
    telegram: { owner: '4242', botToken: '777:AAAA-token' },
    slack: { owner: 'U012AB3CD', botToken: 'xoxb-1-token', appToken: 'xapp-1-token' },
    discord: { owner: '123456789012345678', token: 'MTIz.GabcdE.token-token-token' },
  };
  expect(pluginsAhead({ channels: { whatsapp: {} } }, wanted)).toEqual(['slack', 'discord']);
  expect(pluginsAhead({ channels: { slack: { configured: false } } }, wanted)).toEqual(['discord']);
  expect(pluginsAhead({ channels: { slack: {}, discord: {} } }, wanted)).toEqual([]);
});
