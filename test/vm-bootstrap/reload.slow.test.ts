/** Keys and channels that change under the real, running gateway: no restart, nothing left in a file. */

import type { ChildProcess } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { METADATA_KEYS } from '../../contracts/instance-metadata.ts';
import { fingerprintOf } from '../../local/model/server.ts';
import { serve } from '../../vm-bootstrap/broker/serve.ts';
import { fetchKeyCommand } from '../../vm-bootstrap/commands/fetch-key.ts';
import { forgetKeyCommand } from '../../vm-bootstrap/commands/forget-key.ts';
import { reloadKeyCommand } from '../../vm-bootstrap/commands/reload-key.ts';
import { openclawConfig } from '../../vm-bootstrap/steps/openclaw-config.ts';
import { converge } from '../../vm-bootstrap/steps/step.ts';
import { answerRequests } from './support/channel-requests.ts';
import {
  CHANNELS,
  type Cloud,
  GOOD_KEY,
  OTHER_GOOD_KEY,
  OWN,
  startConfiguredCloud,
} from './support/cloud.ts';
import {
  bootGateway,
  bootstrapMachine,
  startGateway,
  stopGateway,
  type TestMachine,
  turn as turnOf,
} from './support/machine.ts';
import { tracesOf } from './support/traces.ts';

const PORT = 20_160;
// In pieces: whoever scans repositories for tokens takes a whole one for real.
const BOT = ['7771234567', 'AAH4k2mQ9xZ7vB3nC5pL8sD1fG6hJ0wE2rT'].join(':');

let cloud: Cloud;
let machine: TestMachine;
let gateway: ChildProcess;
let telegram: Server;
/** Methods that were called with the right token. */
let bot: string[] = [];
let stopPathUnit: () => Promise<void>;

/** Just enough of the Bot API: https://core.telegram.org/bots/api */
async function startTelegram(): Promise<string> {
  telegram = createServer((incoming, response) => {
    incoming.resume();
    const [, token, method = ''] = /^\/bot([^/]+)\/(\w+)/.exec(incoming.url ?? '') ?? [];
    const good = token === BOT;
    if (good) bot.push(method);
    const result =
      method === 'getUpdates' ? [] : { id: 777, is_bot: true, first_name: 'B', username: 'b_bot' };
    const body = good ? { ok: true, result } : { ok: false, error_code: 401 };
    const send = () =>
      response
        .writeHead(good ? 200 : 401, { 'content-type': 'application/json' })
        .end(JSON.stringify(body));
    if (method === 'getUpdates') setTimeout(send, 500);
    else send();
  });
  await new Promise<void>((resolve) => telegram.listen(0, '127.0.0.1', resolve));
  return `http://127.0.0.1:${(telegram.address() as AddressInfo).port}`;
}

beforeAll(async () => {
  cloud = await startConfiguredCloud();
  const endpoints = JSON.parse(cloud.attributes[METADATA_KEYS.endpoints] ?? '{}');
  const telegramUrl = await startTelegram();
  cloud.attributes[METADATA_KEYS.endpoints] = JSON.stringify({
    ...endpoints,
    telegram: telegramUrl,
  });
  await cloud.createSecret(OWN, 'secretAccessor', 'secretVersionManager');
  await cloud.addVersion(OWN, GOOD_KEY);
  machine = await bootstrapMachine(cloud, PORT);
  gateway = await bootGateway(machine);
  stopPathUnit = answerRequests(machine);
}, 300_000);

afterAll(async () => {
  await stopPathUnit();
  await stopGateway(gateway);
  telegram.closeAllConnections();
  telegram.close();
  machine.remove();
  await cloud.close();
}, 240_000);

const turn = async (text: string): Promise<number> => (await turnOf(machine, text)).status;

const ask = async (command: object) => {
  const { facts } = await machine.context();
  return serve(machine.host, machine.layout, facts, JSON.stringify(command));
};
const add = (token: string, owner = '4242') =>
  ask({ command: 'channel-add', channel: 'telegram', owner, tokens: [token] });
const inFiles = (text: string): string[] =>
  tracesOf([text], machine.root).filter((path) => !path.includes('/opt/'));

/** Polls of the bot from now on, for as long as it takes two, or `ms` without any. */
async function polls(ms: number): Promise<number> {
  bot = [];
  const deadline = Date.now() + ms;
  const count = () => bot.filter((method) => method === 'getUpdates').length;
  while (count() < 2 && Date.now() < deadline) await new Promise((r) => setTimeout(r, 50));
  return count();
}

test('a token that Telegram refuses changes nothing', async () => {
  expect(await add('777:AAAA-another-token')).toMatchObject({
    ok: false,
    code: 'INVALID_ARGUMENT',
  });
  expect(cloud.asked).not.toContain('/v1/self/channels-secret');
});

test('a channel is added to the running gateway, its token is in no file, the owner is told', async () => {
  const { pid } = gateway;
  // As when the owner sent it in a chat: our plugin gives it to the broker, and the agent's command names none.
  expect(await ask({ command: 'hold-tokens', tokens: [BOT] })).toMatchObject({ ok: true });
  expect(inFiles(BOT)).toEqual([machine.layout.heldTokens]);
  const sent = {
    command: 'channel-add',
    channel: 'telegram',
    owner: '4242',
    tokens: [],
    sent: true,
  };
  expect(await ask(sent)).toMatchObject({ ok: true });
  expect(await polls(60_000)).toBeGreaterThanOrEqual(2);
  expect([gateway.pid, gateway.exitCode]).toEqual([pid, null]);
  expect(inFiles(BOT)).toEqual([]);
  const config = JSON.parse(readFileSync(machine.layout.openclawConfig, 'utf8'));
  expect(config.channels.telegram).toMatchObject({
    botToken: { source: 'file', provider: 'channels', id: '/telegram/botToken' },
    dmPolicy: 'allowlist',
    allowFrom: ['4242'],
    groupPolicy: 'disabled',
  });
  expect(config.commands.ownerAllowFrom).toEqual(['whatsapp:+15551234567', 'telegram:4242']);
  // Before anything was stored: no notice, no channel.
  expect(cloud.asked.slice(-2)).toEqual(['/v1/self/channel-notice', '/v1/self/channels-secret']);
  expect(machine.lines.join()).not.toContain(BOT);
  expect(await cloud.versions(CHANNELS)).toEqual(['1 ENABLED']);
}, 300_000);

test('it is listed, without its token', async () => {
  const answer = await ask({ command: 'channel-list' });
  expect(answer).toEqual({
    ok: true,
    message: 'whatsapp: set up by the plane\ntelegram: for 4242',
  });
});

test('a new key is taken without a restart, and the channel stays', async () => {
  await cloud.addVersion(OWN, OTHER_GOOD_KEY);
  expect(await reloadKeyCommand(machine.host, machine.layout)).toBe(0);
  expect(await turn('hello')).toBe(200);
  expect(cloud.model.requests.at(-1)?.keyFingerprint).toBe(fingerprintOf(OTHER_GOOD_KEY));
  expect(inFiles(OTHER_GOOD_KEY)).toEqual([]);
  expect(await polls(60_000)).toBeGreaterThanOrEqual(2);
}, 300_000);

test('after a restart the gateway has it again', async () => {
  await stopGateway(gateway);
  expect(await fetchKeyCommand(machine.host, machine.layout)).toBe(0);
  gateway = startGateway(machine);
  expect(await forgetKeyCommand(machine.host, machine.layout)).toBe(0);
  expect(await polls(60_000)).toBeGreaterThanOrEqual(2);
  expect(inFiles(BOT)).toEqual([]);
}, 300_000);

test('what the agent writes into openclaw.json does not open the channel to others', async () => {
  const path = machine.layout.openclawConfig;
  const config = JSON.parse(readFileSync(path, 'utf8'));
  config.channels.telegram.allowFrom = ['4242', '666'];
  config.commands.ownerAllowFrom.push('telegram:666');
  machine.host.write(path, JSON.stringify(config), { mode: 0o600 });
  await converge([openclawConfig], await machine.context());
  const now = JSON.parse(readFileSync(path, 'utf8'));
  expect(now.channels.telegram.allowFrom).toEqual(['4242']);
  expect(now.commands.ownerAllowFrom).not.toContain('telegram:666');
}, 60_000);

test('removed, it is silent, and its token is destroyed', async () => {
  const answer = await ask({ command: 'channel-remove', channel: 'telegram' });
  expect(answer).toEqual({ ok: true, message: expect.stringMatching(/removed/) });
  expect(await polls(3_000)).toBe(0);
  const config = JSON.parse(readFileSync(machine.layout.openclawConfig, 'utf8'));
  expect(config.channels.telegram).toBeUndefined();
  expect(config.plugins.allow).not.toContain('telegram');
  expect((await cloud.versions(CHANNELS)).sort()).toEqual(['1 DESTROYED', '2 ENABLED']);
  expect(await ask({ command: 'channel-remove', channel: 'telegram' })).toMatchObject({
    ok: false,
    code: 'NOT_FOUND',
  });
}, 300_000);
