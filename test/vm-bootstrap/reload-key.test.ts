/** A new key for a gateway that is starting, or that somebody else is at work with. */

import { once } from 'node:events';
import { rmSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { WebSocketServer } from 'ws';
import { reloadKeyCommand } from '../../vm-bootstrap/commands/reload-key.ts';
import { RESTARTING } from '../../vm-bootstrap/core/key-in-use.ts';
import { until } from '../bridge/support/bridge.ts';
import { type Cloud, GOOD_KEY, OWN, startConfiguredCloud } from './support/cloud.ts';
import { newRoot, toldMachine } from './support/machine.ts';

let cloud: Cloud;
let root: string;
beforeEach(async () => {
  cloud = await startConfiguredCloud();
  root = newRoot();
  await cloud.createSecret(OWN, 'secretAccessor', 'secretVersionManager');
  await cloud.addVersion(OWN, GOOD_KEY);
});
afterEach(async () => {
  await cloud.close();
  rmSync(root, { recursive: true, force: true });
});

/** A gateway that answers once it `isUp`, and takes whatever secrets lie there. */
async function startGateway(isUp: () => boolean) {
  const server = createServer((_, response) => response.writeHead(isUp() ? 200 : 503).end());
  const sockets = new WebSocketServer({ server });
  sockets.on('connection', (socket) => {
    socket.send(JSON.stringify({ type: 'event', event: 'connect.challenge' }));
    socket.on('message', (data) => {
      const { id } = JSON.parse(String(data));
      socket.send(JSON.stringify({ type: 'res', id, ok: true, payload: {} }));
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  return {
    port,
    [Symbol.dispose]() {
      server.closeAllConnections();
      server.close();
    },
  };
}

async function machineWith(port: number, states: readonly string[]) {
  const { host, layout } = await toldMachine(cloud, root);
  const own = { mode: 0o600 };
  host.write(layout.renderedConfig, JSON.stringify({ gateway: { port } }), own);
  host.write(layout.gatewayToken, 'token', own);
  const left = [...states];
  const ran: string[] = [];
  const done = { code: 0, stdout: '', stderr: '' };
  /** systemd's part; a second is a moment. */
  const beside: typeof host = {
    ...host,
    sleep: (ms) => host.sleep(ms / 100),
    exec: async (argv) => {
      ran.push(argv[1] ?? '');
      if (argv[1] !== 'show') return done;
      const state = (left.length > 1 ? left.shift() : left[0]) ?? '';
      return { ...done, stdout: `Id=${argv.at(-1)}\nActiveState=${state}\n` };
    },
  };
  return { host: beside, layout, ran, asked: () => states.length - left.length };
}

test('a gateway that is starting is waited for, and takes it without a restart', async () => {
  let asked = () => 0;
  using gateway = await startGateway(() => asked() >= 3);
  const machine = await machineWith(gateway.port, [
    'activating',
    'activating',
    'activating',
    'active',
  ]);
  const { host, layout, ran } = machine;
  asked = machine.asked;
  // What it was started with is its own until it has read it.
  host.write(layout.keyFile, 'the key of its start', { mode: 0o400 });
  expect(await reloadKeyCommand(host, layout)).toBe(0);
  expect(ran).not.toContain('restart');
  expect(host.read(layout.keyInUse)).toBe('own 1');
  expect(host.exists(layout.keyFile)).toBe(false);
});

test('whoever has the machine’s lock is waited for: its files stay', async () => {
  using gateway = await startGateway(() => true);
  const { host, layout, ran } = await machineWith(gateway.port, ['active']);
  host.create(layout.lock, String(process.pid));
  host.write(layout.channelsFile, '{}', { mode: 0o400 });
  let looks = 0;
  const waiting: typeof host = {
    ...host,
    async sleep(ms) {
      looks += 1;
      await host.sleep(ms);
    },
  };
  const reload = reloadKeyCommand(waiting, layout);
  await until('some looks at the lock', () => looks > 3);
  expect(host.read(layout.channelsFile)).toBe('{}');
  host.remove(layout.lock);
  expect(await reload).toBe(0);
  expect(host.read(layout.keyInUse)).not.toBe(RESTARTING);
  expect(ran).not.toContain('restart');
});
