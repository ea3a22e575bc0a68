/** Two changes of an agent's channels at the same moment: the broker runs a process for each. */

import { rmSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { channelsDocument } from '../../contracts/channels.ts';
import { serve } from '../../vm-bootstrap/broker/serve.ts';
import { BROKER_MS, CHANGE_LOCK_MS } from '../../vm-bootstrap/core/patience.ts';
import { accessToken } from '../../vm-bootstrap/google/metadata.ts';
import { readSecret } from '../../vm-bootstrap/google/secrets.ts';
import { CHANNELS, type Cloud, startConfiguredCloud } from './support/cloud.ts';
import { newRoot, toldMachine } from './support/machine.ts';

let cloud: Cloud;
let root: string;
/** Telegram, and a signal-cli daemon: whatever they are asked is right. */
let outside: Server;

beforeEach(async () => {
  cloud = await startConfiguredCloud();
  root = newRoot();
  outside = createServer((_, response) => response.end('{"ok":true}'));
  await new Promise<void>((resolve) => outside.listen(0, '127.0.0.1', resolve));
});

afterEach(async () => {
  outside.close();
  rmSync(root, { recursive: true, force: true });
  await cloud.close();
});

test('both are there in the end', async () => {
  await cloud.createSecret(CHANNELS, 'secretAccessor', 'secretVersionManager');
  const { host, layout, facts: told } = await toldMachine(cloud, root);
  const url = `http://127.0.0.1:${(outside.address() as AddressInfo).port}`;
  const facts = { ...told, endpoints: { ...told.endpoints, telegram: url } };
  const ask = (request: object) =>
    serve(host, layout, facts, JSON.stringify({ command: 'channel-add', ...request }));
  host.write(`${layout.openclawPackages}/@openclaw/signal/package.json`, '{}', { mode: 0o644 });
  let asking = true;
  /** What agents-plane-channels.service answers. */
  const service = async (): Promise<void> => {
    while (asking) {
      const id = host.read(layout.channelsRequest);
      host.remove(layout.channelsRequest);
      if (id) {
        const result = { id, ok: true, message: '' };
        host.write(layout.channelsResult, JSON.stringify(result), { mode: 0o644 });
      }
      await host.sleep(5);
    }
  };
  const answering = service();
  const answers = await Promise.all([
    ask({ channel: 'telegram', owner: '4242', tokens: ['777:AAAA-secret-token'] }),
    ask({ channel: 'signal', account: '+15550001111', daemon: url, tokens: [] }),
  ]).finally(() => {
    asking = false;
  });
  await answering;
  expect(answers.map(({ ok }) => ok)).toEqual([true, true]);
  const token = await accessToken(host);
  const { secretmanager: endpoint } = facts.endpoints;
  const stored = await readSecret({ host, project: facts.project, token, endpoint }, CHANNELS);
  expect(Object.keys(channelsDocument.parse(JSON.parse(stored?.value ?? '')))).toEqual([
    'telegram',
    'signal',
  ]);
});

test('a change that can neither be taken nor taken back is said to be stored', async () => {
  await cloud.createSecret(CHANNELS, 'secretAccessor', 'secretVersionManager');
  const { host, layout, facts: told } = await toldMachine(cloud, root);
  const url = `http://127.0.0.1:${(outside.address() as AddressInfo).port}`;
  const facts = { ...told, endpoints: { ...told.endpoints, telegram: url } };
  let isCutOff = false;
  const onItsWay: typeof host = {
    ...host,
    request: (wanted) => (isCutOff ? Promise.reject(new Error('away')) : host.request(wanted)),
  };
  let asking = true;
  const service = async (): Promise<void> => {
    while (asking) {
      const id = host.read(layout.channelsRequest);
      if (id) {
        isCutOff = true;
        const result = { id, ok: false, message: 'No.' };
        host.write(layout.channelsResult, JSON.stringify(result), { mode: 0o644 });
      }
      await host.sleep(5);
    }
  };
  const answering = service();
  const add = { command: 'channel-add', channel: 'telegram', owner: '4242' };
  const request = JSON.stringify({ ...add, tokens: ['777:AAAA-secret-token'] });
  const answer = await serve(onItsWay, layout, facts, request).finally(() => {
    asking = false;
  });
  await answering;
  expect(answer).toMatchObject({ ok: false, message: expect.stringContaining('taken back') });
});

test('a change that would have to wait for too long is refused before anything is asked or stored', async () => {
  await cloud.createSecret(CHANNELS, 'secretAccessor', 'secretVersionManager');
  const { host, layout, facts: told } = await toldMachine(cloud, root);
  const url = `http://127.0.0.1:${(outside.address() as AddressInfo).port}`;
  const facts = { ...told, endpoints: { ...told.endpoints, telegram: url } };
  host.create(`${layout.channelsRequest}.lock`, String(process.pid));
  let elapsedMs = 0;
  const asked: string[] = [];
  const waiting: typeof host = {
    ...host,
    now: () => new Date(elapsedMs),
    sleep: async (ms) => {
      elapsedMs += ms;
      if (elapsedMs > BROKER_MS) throw new Error('systemd has killed the broker');
    },
    request: (request) => {
      asked.push(request.url);
      return host.request(request);
    },
  };
  for (const request of [
    { command: 'channel-add', channel: 'telegram', owner: '4242', tokens: ['777:AAAA-token'] },
    { command: 'channel-remove', channel: 'telegram' },
  ]) {
    elapsedMs = 0;
    expect(await serve(waiting, layout, facts, JSON.stringify(request))).toMatchObject({
      ok: false,
      code: 'UNAVAILABLE',
      message: expect.stringMatching(/under way.*try again/),
    });
    // The rest of the unit's time is counted on (core/patience.ts).
    expect(elapsedMs).toBeLessThan(CHANGE_LOCK_MS + 1_000);
  }
  expect(asked).toEqual([`${url}/bot777:AAAA-token/getMe`]);
  expect(await cloud.versions(CHANNELS)).toEqual([]);
});

test('no notice, no channel: nothing is stored while the owner cannot be told', async () => {
  await cloud.createSecret(CHANNELS, 'secretAccessor', 'secretVersionManager');
  const { host, layout, facts: told } = await toldMachine(cloud, root);
  const down = createServer((_, response) => response.writeHead(503).end());
  await new Promise<void>((resolve) => down.listen(0, '127.0.0.1', resolve));
  const at = (server: Server) => `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const facts = {
    ...told,
    planeUrl: at(down),
    endpoints: { ...told.endpoints, telegram: at(outside) },
  };
  const tokens = ['777:AAAA-secret-token'];
  const request = { command: 'channel-add', channel: 'telegram', owner: '4242', tokens };
  const answer = await serve(host, layout, facts, JSON.stringify(request));
  down.close();
  expect(answer).toMatchObject({ ok: false, code: 'UNAVAILABLE' });
  expect(answer.message).toMatch(
    /^Your owner could not be told of it by mail: .* Nothing was changed/,
  );
  expect(await cloud.versions(CHANNELS)).toEqual([]);
  expect(host.exists(layout.channelsRequest)).toBe(false);
});
