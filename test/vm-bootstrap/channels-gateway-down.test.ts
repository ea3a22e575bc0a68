/** A channel is added while the gateway does not answer: what it starts with then. */

import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { serve } from '../../vm-bootstrap/broker/serve.ts';
import { reloadChannelsCommand } from '../../vm-bootstrap/commands/reload-channels.ts';
import { CHANNELS, type Cloud, startConfiguredCloud } from './support/cloud.ts';
import { createMachine, newRoot, type TestMachine, toldMachine } from './support/machine.ts';

let cloud: Cloud;
let machine: TestMachine;
/** Telegram, to which every token is right. */
let telegram: Server;

beforeEach(async () => {
  cloud = await startConfiguredCloud();
  telegram = createServer((_, response) => response.end('{"ok":true}'));
  await new Promise<void>((resolve) => telegram.listen(0, '127.0.0.1', resolve));
  // Port 1, where nobody listens.
  machine = await createMachine(cloud, 1, newRoot());
});

afterEach(async () => {
  telegram.close();
  machine.remove();
  await cloud.close();
});

/** Answers one request as agents-plane-channels.service does. @returns what openclaw.json said at each restart */
async function answerOnce({ host, layout, templates }: TestMachine): Promise<string[]> {
  while (host.read(layout.channelsRequest) === undefined) await host.sleep(5);
  const starts: string[] = [];
  let elapsedMs = 0;
  const withoutSystemd: typeof host = {
    ...host,
    now: () => new Date(elapsedMs),
    sleep: async (ms) => {
      elapsedMs += ms;
    },
    exec: async (argv, options) => {
      if (argv[0] !== 'systemctl') return host.exec(argv, options);
      starts.push(host.read(layout.openclawConfig) ?? '');
      return { code: 0, stdout: '', stderr: '' };
    },
  };
  await reloadChannelsCommand(withoutSystemd, layout, templates);
  return starts;
}

test('it starts with the channel, and nobody is told that it is there already', async () => {
  await cloud.createSecret(CHANNELS, 'secretAccessor', 'secretVersionManager');
  const { host, layout, facts: told } = await toldMachine(cloud, machine.root);
  const url = `http://127.0.0.1:${(telegram.address() as AddressInfo).port}`;
  const facts = { ...told, endpoints: { ...told.endpoints, telegram: url } };
  host.write(`${layout.openclawPackages}/@openclaw/whatsapp/package.json`, '{}', { mode: 0o644 });
  host.write(layout.gatewayToken, 'token', { mode: 0o600 });
  host.write(layout.renderedConfig, '{"gateway":{"port":1}}', { mode: 0o600 });
  const tokens = ['777:AAAA-secret-token'];
  const request = { command: 'channel-add', channel: 'telegram', owner: '4242', tokens };
  const [starts, answer] = await Promise.all([
    answerOnce(machine),
    serve(host, layout, facts, JSON.stringify(request)),
  ]);
  expect(starts.map((config) => Object.keys(JSON.parse(config || '{}').channels ?? {}))).toEqual([
    expect.arrayContaining(['telegram']),
  ]);
  expect(answer).toMatchObject({
    ok: true,
    message: expect.stringContaining('in a minute or two'),
  });
});
