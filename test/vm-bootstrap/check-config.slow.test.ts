/** Mistakes of seeds/000 in openclaw.json, caught by the real OpenClaw before the gateway starts. */

import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { checkConfigCommand } from '../../vm-bootstrap/commands/check-config.ts';
import { channelPlugins } from '../../vm-bootstrap/steps/channel-plugins.ts';
import { files } from '../../vm-bootstrap/steps/files.ts';
import { openclawConfig } from '../../vm-bootstrap/steps/openclaw-config.ts';
import { converge } from '../../vm-bootstrap/steps/step.ts';
import { users } from '../../vm-bootstrap/steps/users.ts';
import { type Cloud, startConfiguredCloud } from './support/cloud.ts';
import { createMachine, installOpenclaw, type TestMachine } from './support/machine.ts';
import { findOpenclaw } from './support/openclaw.ts';

let cloud: Cloud;
let machine: TestMachine;

beforeAll(async () => {
  const openclaw = await findOpenclaw();
  cloud = await startConfiguredCloud();
  machine = await createMachine(cloud);
  installOpenclaw(machine, openclaw);
  await converge([users], machine);
  await converge([files, channelPlugins, openclawConfig], await machine.context());
}, 300_000);

afterAll(async () => {
  machine.remove();
  await cloud.close();
});

const check = () => checkConfigCommand(machine.host, machine.layout);
const current = (): string => readFileSync(machine.layout.openclawConfig, 'utf8');

/** Changes the file as an editor does. */
// biome-ignore lint/suspicious/noExplicitAny: a document of many shapes
function edit(change: (config: any) => void): string {
  const config = JSON.parse(current());
  change(config);
  const text = JSON.stringify(config, null, 2);
  writeFileSync(machine.layout.openclawConfig, text);
  return text;
}

test('what bootstrap wrote is not asked about', async () => {
  const before = performance.now();
  expect(await check()).toBe(0);
  expect(performance.now() - before).toBeLessThan(500);
});

test('a change that OpenClaw accepts stays, and is what counts from then on', async () => {
  const text = edit((config) => {
    config.channels.whatsapp.sendReadReceipts = false;
  });
  expect(await check()).toBe(0);
  expect(current()).toBe(text);
  expect(readFileSync(machine.layout.goodConfig, 'utf8')).toBe(text);
  expect(existsSync(machine.layout.rejectedConfig)).toBe(false);
}, 120_000);

test.each([
  ['streamMode', 'partial'],
  ['ackReaction', { emoji: '👀', direct: true }],
])(
  '%s in channels.whatsapp never replaces a working configuration',
  async (key, value) => {
    const good = current();
    const broken = edit((config) => {
      config.channels.whatsapp[key] = value;
    });
    expect(await check()).toBe(0);
    expect(current()).toBe(good);
    expect(readFileSync(machine.layout.rejectedConfig, 'utf8')).toBe(broken);
    expect(machine.lines.join('\n')).toContain(key);
  },
  120_000,
);

test('what only the plane decides is put back, the rest of a change stays', async () => {
  edit((config) => {
    config.agents.defaults.heartbeat.every = '1h';
    config.channels.whatsapp.allowFrom = ['*'];
    config.channels.whatsapp.dmPolicy = 'open';
    config.channels.whatsapp.accounts = { default: { dmPolicy: 'open', allowFrom: ['*'] } };
    config.commands.ownerAllowFrom = ['*'];
    config.gateway.bind = 'lan';
    config.gateway.auth = { mode: 'none' };
    config.plugins.entries['agents-plane'].enabled = false;
    const [provider] = Object.keys(config.models.providers);
    config.models.providers[provider ?? ''].baseUrl = 'https://evil.example';
    config.models.providers[provider ?? ''].models[0].cost.output = 0;
    config.models.providers.cheap = {
      ...structuredClone(config.models.providers[provider ?? '']),
      baseUrl: 'https://evil.example',
    };
  });
  machine.lines.length = 0;
  expect(await check()).toBe(0);
  const ours = JSON.parse(readFileSync(machine.layout.renderedConfig, 'utf8'));
  const now = JSON.parse(current());
  expect(now.agents.defaults.heartbeat.every).toBe('1h');
  for (const part of ['gateway', 'commands', 'models', 'secrets']) {
    expect(now[part]).toMatchObject(ours[part]);
  }
  expect(now.models.providers).toEqual(ours.models.providers);
  expect(now.channels.whatsapp).toEqual({
    ...ours.channels.whatsapp,
    sendReadReceipts: now.channels.whatsapp.sendReadReceipts,
  });
  expect(now.plugins.entries['agents-plane']).toEqual(ours.plugins.entries['agents-plane']);
  expect(machine.lines.join('\n')).toContain('what only the plane decides');
  expect(readFileSync(machine.layout.goodConfig, 'utf8')).toBe(current());
}, 120_000);

test('JSON with comments, which nobody else here can read, is put aside', async () => {
  const good = current();
  const broken = `// mine\n${good.replace(/"allowFrom": \[[^\]]*\]/, '"allowFrom": ["*"]')}`;
  writeFileSync(machine.layout.openclawConfig, broken);
  expect(await check()).toBe(0);
  expect(current()).toBe(good);
  expect(readFileSync(machine.layout.rejectedConfig, 'utf8')).toBe(broken);
}, 120_000);

test('half a file is no configuration either', async () => {
  const good = current();
  writeFileSync(machine.layout.openclawConfig, good.slice(0, 200));
  expect(await check()).toBe(0);
  expect(current()).toBe(good);
}, 120_000);
