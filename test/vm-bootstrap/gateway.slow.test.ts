import type { ChildProcess } from 'node:child_process';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { gatewayAddress, withGateway } from '../../vm-bootstrap/gateway.ts';
import { channelPlugins } from '../../vm-bootstrap/steps/channel-plugins.ts';
import { files } from '../../vm-bootstrap/steps/files.ts';
import { heartbeat } from '../../vm-bootstrap/steps/heartbeat.ts';
import { openclawConfig } from '../../vm-bootstrap/steps/openclaw-config.ts';
import { converge } from '../../vm-bootstrap/steps/step.ts';
import {
  type Cloud,
  CONFIG,
  DOCUMENT,
  GOOD_KEY,
  OWN,
  startConfiguredCloud,
} from './support/cloud.ts';
import {
  bootGateway,
  bootstrapMachine,
  stopGateway,
  type TestMachine,
  turn as turnOf,
} from './support/machine.ts';

const PORT = 20_150;

let cloud: Cloud;
let machine: TestMachine;
let gateway: ChildProcess;

/** Bootstrapped up to the running gateway, as the units do it. */
beforeAll(async () => {
  cloud = await startConfiguredCloud();
  await cloud.createSecret(OWN, 'secretAccessor', 'secretVersionManager');
  await cloud.addVersion(OWN, GOOD_KEY);
  machine = await bootstrapMachine(cloud, PORT);
  gateway = await bootGateway(machine);
}, 300_000);

afterAll(async () => {
  await stopGateway(gateway);
  machine.remove();
  await cloud.close();
}, 240_000);

const call = (method: string, params: object): Promise<unknown> =>
  withGateway(gatewayAddress(machine.host, machine.layout), (rpc) => rpc.call(method, params));

const turn = async (text: string): Promise<string> => {
  const { status, answer } = await turnOf(machine, text);
  expect(status).toBe(200);
  return answer ?? '';
};

test('the key is deleted once resolved, the state is ready, and turns are answered with it', async () => {
  expect(existsSync(machine.layout.keyFile)).toBe(false);
  expect(cloud.statuses.at(-1)).toMatchObject({ state: 'ready', key: 'own' });
  expect((await turn('What can you do?')).length).toBeGreaterThan(0);
  expect(cloud.model.requests.some((one) => one.status === 200 && one.messages > 0)).toBe(true);
}, 150_000);

test('BOOTSTRAP.md is still there after a turn: OpenClaw did not delete it unread', () => {
  expect(existsSync(`${machine.layout.workspace}/BOOTSTRAP.md`)).toBe(true);
});

test('the skill is known to OpenClaw', async () => {
  const { skills } = (await call('skills.status', {})) as {
    skills: { name: string; eligible?: boolean }[];
  };
  expect(skills.find((skill) => skill.name === 'agents-plane')).toMatchObject({ eligible: true });
});

test('the WhatsApp plugin is loaded and waits to be linked', async () => {
  const status = (await call('channels.status', {})) as {
    channels: { whatsapp?: { configured?: boolean; linked?: boolean } };
  };
  expect(status.channels.whatsapp).toMatchObject({ linked: false });
});

test("the heartbeat's text is in the database, follows the template, and keeps the agent's words", async () => {
  const context = await machine.context();
  const scratch = async (): Promise<string | undefined> => {
    const { jobs } = (await call('cron.list', { includeDisabled: true })) as {
      jobs: { id: string; declarationKey?: string }[];
    };
    const id = jobs.find((job) => job.declarationKey === 'heartbeat:main')?.id;
    const found = (await call('cron.scratch.get', { id })) as { scratch?: { content: string } };
    if (found.scratch === undefined || found.scratch === null) return undefined;
    return found.scratch.content;
  };
  const first = machine.templates['HEARTBEAT.md'] ?? '';
  expect(await converge([heartbeat], context)).toEqual(['heartbeat text']);
  expect(await scratch()).toBe(first);
  expect(await converge([heartbeat], context)).toEqual([]);

  const second = first.replace('Morning:', 'Mornings:');
  const changed = { ...context, templates: { ...context.templates, 'HEARTBEAT.md': second } };
  expect(await converge([heartbeat], changed)).toEqual(['heartbeat text']);
  expect(await scratch()).toBe(second);
}, 60_000);

test('what the owner adds to openclaw.json and its meta block outlive a changed config', async () => {
  const { openclawConfig: path } = machine.layout;
  const theirs = JSON.parse(readFileSync(path, 'utf8'));
  writeFileSync(
    path,
    JSON.stringify({
      ...theirs,
      channels: { ...theirs.channels, telegram: { enabled: false } },
      meta: { lastTouchedVersion: '2026.9.6' },
    }),
  );
  await cloud.addVersion(CONFIG, JSON.stringify({ ...DOCUMENT, userPhone: '+15557654321' }));
  await converge([files, channelPlugins, openclawConfig], await machine.context());
  const now = JSON.parse(readFileSync(path, 'utf8'));
  expect(now.channels.whatsapp.allowFrom).toEqual(['+15557654321']);
  expect(now.channels.telegram).toEqual({ enabled: false });
  expect(now.meta).toEqual({ lastTouchedVersion: '2026.9.6' });
}, 60_000);

test('a configuration that OpenClaw refuses never replaces the working one', async () => {
  const before = readFileSync(machine.layout.openclawConfig, 'utf8');
  const context = await machine.context();
  const template = JSON.parse(context.templates['openclaw.json'] ?? '{}');
  template.channels.whatsapp.streamMode = 'block';
  const broken = { ...context.templates, 'openclaw.json': JSON.stringify(template) };
  await expect(converge([openclawConfig], { ...context, templates: broken })).rejects.toMatchObject(
    {
      code: 'FAILED_PRECONDITION',
    },
  );
  expect(readFileSync(machine.layout.openclawConfig, 'utf8')).toBe(before);
}, 60_000);
