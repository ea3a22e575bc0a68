/**
 * All four channels that an agent can add, in one running gateway: `npm run channels-test`. What CI
 * runs of it, with Telegram alone, is reload.slow.test.ts.
 */

import type { ChildProcess } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { parseEnv } from 'node:util';
import { ADDED_CHANNELS, type AddedChannel } from '../../contracts/channels.ts';
import { METADATA_KEYS } from '../../contracts/instance-metadata.ts';
import { fingerprintOf } from '../../local/model/server.ts';
import { serve } from '../../vm-bootstrap/broker/serve.ts';
import { fetchKeyCommand } from '../../vm-bootstrap/commands/fetch-key.ts';
import { forgetKeyCommand } from '../../vm-bootstrap/commands/forget-key.ts';
import { reloadKeyCommand } from '../../vm-bootstrap/commands/reload-key.ts';
import { channelPlugins } from '../../vm-bootstrap/steps/channel-plugins.ts';
import { openclawConfig } from '../../vm-bootstrap/steps/openclaw-config.ts';
import { converge } from '../../vm-bootstrap/steps/step.ts';
import { answerRequests } from './support/channel-requests.ts';
import { type Chats, startChats } from './support/chats.ts';
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
const MINUTE = 60_000;

let cloud: Cloud;
let chats: Chats;
let machine: TestMachine;
let gateway: ChildProcess;
let stopPathUnit: () => Promise<void>;

/** The scopes of the manifest that the agent gives its owner. */
function slackScopes(): string[] {
  const skill = readFileSync('templates/vm/SKILL.md', 'utf8');
  const [manifest = ''] = /^ {7}\{\n[\s\S]*?^ {7}\}$/m.exec(skill) ?? [];
  return JSON.parse(manifest).oauth_config.scopes.bot;
}

/** EnvironmentFile= of the gateway's unit. */
const gatewayEnv = () =>
  parseEnv(readFileSync(machine.layout.gatewayEnv, 'utf8')) as Record<string, string>;

/**
 * As the unit, which starts it again (Restart=always): OpenClaw gives a start up after which its plugin
 * registry is not what it had written, and the next one is well (2026.9.6).
 */
async function start(): Promise<void> {
  const { host, layout } = machine;
  for (let left = 3; left > 0; left--) {
    expect(await fetchKeyCommand(host, layout)).toBe(0);
    gateway = startGateway(machine, gatewayEnv());
    if ((await forgetKeyCommand(host, layout, gateway.pid)) === 0) return;
  }
  throw new Error('the gateway did not start in three tries');
}

beforeAll(async () => {
  cloud = await startConfiguredCloud();
  chats = await startChats(slackScopes());
  const endpoints = JSON.parse(cloud.attributes[METADATA_KEYS.endpoints] ?? '{}');
  cloud.attributes[METADATA_KEYS.endpoints] = JSON.stringify({ ...endpoints, ...chats.endpoints });
  await cloud.createSecret(OWN, 'secretAccessor', 'secretVersionManager');
  await cloud.addVersion(OWN, GOOD_KEY);
  machine = await bootstrapMachine(cloud, PORT);
  // SLACK_API_URL has OpenClaw take Slack for configured, and ask npm for its plugin where there is none.
  await converge([channelPlugins], { ...(await machine.context()), ahead: ['slack', 'discord'] });
  gateway = await bootGateway(machine, gatewayEnv());
  stopPathUnit = answerRequests(machine);
}, 10 * MINUTE);

afterAll(async () => {
  await stopPathUnit();
  await stopGateway(gateway);
  await chats[Symbol.asyncDispose]();
  machine.remove();
  await cloud.close();
}, MINUTE);

const turn = async (text: string): Promise<number> => (await turnOf(machine, text)).status;

const ask = async (command: object) => {
  const { facts } = await machine.context();
  return serve(machine.host, machine.layout, facts, JSON.stringify(command));
};
const add = (channel: AddedChannel, instead: object = {}) =>
  ask({ command: 'channel-add', channel, ...chats.of[channel].added, ...instead });
const inFiles = (text: string): string[] =>
  tracesOf([text], machine.root).filter((path) => !path.includes('/opt/'));
const config = () => JSON.parse(readFileSync(machine.layout.openclawConfig, 'utf8'));

/** The owner writes, and is answered. Discord tells a message to those alone who listen. */
async function talk(channel: AddedChannel, text: string): Promise<void> {
  const { connections, ownerSays, toOwner, until } = chats.of[channel];
  await until(`a connection to ${channel}`, () => connections() !== 0 || undefined);
  ownerSays(text);
  await until(`an answer on ${channel}`, () => toOwner().find((one) => one.includes(text)));
}

test('what a channel refuses changes nothing', async () => {
  const refused = { ok: false, code: 'INVALID_ARGUMENT' };
  const discord = 'MTIzNDU2Nzg5MDEyMzQ1Njc4.Gabcde.another-token-of-a-bot';
  expect(await add('telegram', { tokens: ['777:AAAA-another-token'] })).toMatchObject(refused);
  expect(await add('slack', { tokens: ['xoxb-1-another', 'xapp-1-A1-1-x'] })).toMatchObject(
    refused,
  );
  expect(await add('discord', { tokens: [discord] })).toMatchObject(refused);
  expect(await add('signal', { account: '+15551234567' })).toMatchObject(refused);
  expect(cloud.asked).not.toContain('/v1/self/channels-secret');
});

test.each(ADDED_CHANNELS)(
  '%s is added to the running gateway, its tokens are in no file, the owner is told and answered, a stranger is not',
  async (channel) => {
    const { added, allowed, strangerSays, toOthers } = chats.of[channel];
    const { pid } = gateway;
    const mark = cloud.asked.length;
    expect(await add(channel)).toMatchObject({ ok: true });
    // Before anything was stored: no notice, no channel. The secret is there from the first one on.
    expect(cloud.asked[mark]).toBe('/v1/self/channel-notice');
    await talk(channel, `Hello over ${channel}`);
    strangerSays('Let me in');
    await talk(channel, 'Still there?');
    expect(toOthers()).toEqual([]);
    expect([gateway.pid, gateway.exitCode]).toEqual([pid, null]);
    for (const token of added.tokens) {
      expect(inFiles(token)).toEqual([]);
      expect(machine.lines.join()).not.toContain(token);
    }
    expect(config().channels[channel]).toMatchObject({
      dmPolicy: 'allowlist',
      allowFrom: [allowed],
      groupPolicy: 'disabled',
    });
    expect(config().commands.ownerAllowFrom).toContain(`${channel}:${allowed}`);
  },
  8 * MINUTE,
);

test('what the agent called is what each channel knows, and its app may do', () => {
  expect(chats.refused()).toEqual([]);
});

test('they are listed, without tokens and phone numbers', async () => {
  expect(await ask({ command: 'channel-list' })).toEqual({
    ok: true,
    message: [
      'whatsapp: set up by the plane',
      'telegram: for 4242',
      'slack: for U012AB3CD',
      'discord: for 223456789012345678',
      "signal: for the owner's phone number",
    ].join('\n'),
  });
});

test(
  'a new key is taken without a restart, and the channels stay',
  async () => {
    // While a plugin is loaded the gateway hears nothing, and the unit would be restarted: there is none here.
    for (const channel of ADDED_CHANNELS) await talk(channel, 'Still there?');
    await cloud.addVersion(OWN, OTHER_GOOD_KEY);
    expect(await reloadKeyCommand(machine.host, machine.layout)).toBe(0);
    expect(await turn('hello')).toBe(200);
    expect(cloud.model.requests.at(-1)?.keyFingerprint).toBe(fingerprintOf(OTHER_GOOD_KEY));
    expect(inFiles(OTHER_GOOD_KEY)).toEqual([]);
    for (const channel of ADDED_CHANNELS) await talk(channel, 'And with the new key?');
  },
  5 * MINUTE,
);

test(
  'after a restart the gateway has them again',
  async () => {
    await stopGateway(gateway);
    await start();
    for (const channel of ADDED_CHANNELS) {
      chats.of[channel].strangerSays('And now?');
      await talk(channel, 'And after a restart?');
      expect(chats.of[channel].toOthers()).toEqual([]);
      for (const token of chats.of[channel].added.tokens) expect(inFiles(token)).toEqual([]);
    }
  },
  8 * MINUTE,
);

test('what the agent writes into openclaw.json does not open the channel to others', async () => {
  const changed = config();
  changed.channels.telegram.allowFrom = ['4242', '666'];
  changed.commands.ownerAllowFrom.push('telegram:666');
  machine.host.write(machine.layout.openclawConfig, JSON.stringify(changed), { mode: 0o600 });
  await converge([openclawConfig], await machine.context());
  expect(config().channels.telegram.allowFrom).toEqual(['4242']);
  expect(config().commands.ownerAllowFrom).not.toContain('telegram:666');
}, 60_000);

test(
  'removed, each is silent, its token is destroyed, and the others go on',
  async () => {
    const left = [...ADDED_CHANNELS];
    for (const channel of ADDED_CHANNELS) {
      const { pid } = gateway;
      expect(await ask({ command: 'channel-remove', channel })).toEqual({
        ok: true,
        message: expect.stringMatching(/removed/),
      });
      left.shift();
      const { connections, ownerSays, toOwner, until } = chats.of[channel];
      await until('the end of the connection', () => !connections() || undefined);
      const before = toOwner().length;
      ownerSays('Gone?');
      const [next] = left;
      if (next) await talk(next, `Without ${channel}?`);
      else expect(await turn('Alone?')).toBe(200);
      expect(toOwner()).toHaveLength(before);
      expect(config().channels[channel]).toBeUndefined();
      expect(config().plugins.allow).not.toContain(channel);
      expect([gateway.pid, gateway.exitCode]).toEqual([pid, null]);
    }
    const states = (await cloud.versions(CHANNELS)).map((version) => version.split(' ')[1]);
    expect(states.filter((state) => state === 'ENABLED')).toHaveLength(1);
    expect(await ask({ command: 'channel-remove', channel: 'telegram' })).toMatchObject({
      ok: false,
      code: 'NOT_FOUND',
    });
  },
  12 * MINUTE,
);
