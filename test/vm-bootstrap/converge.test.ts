import { spawnSync } from 'node:child_process';
import { appendFileSync, existsSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { METADATA_KEYS } from '../../contracts/instance-metadata.ts';
import { checkConfigCommand } from '../../vm-bootstrap/commands/check-config.ts';
import { forgetKeyCommand } from '../../vm-bootstrap/commands/forget-key.ts';
import { readInputs } from '../../vm-bootstrap/inputs.ts';
import { files } from '../../vm-bootstrap/steps/files.ts';
import { openclawConfig } from '../../vm-bootstrap/steps/openclaw-config.ts';
import { converge } from '../../vm-bootstrap/steps/step.ts';
import { users } from '../../vm-bootstrap/steps/users.ts';
import { welcome } from '../../vm-bootstrap/steps/welcome.ts';
import { type Cloud, CONFIG, DOCUMENT, startConfiguredCloud } from './support/cloud.ts';
import { createMachine, type TestMachine } from './support/machine.ts';

let cloud: Cloud;
let machine: TestMachine;

beforeEach(async () => {
  cloud = await startConfiguredCloud();
  machine = await createMachine(cloud);
});

afterEach(async () => {
  machine.remove();
  await cloud.close();
});

/** A bootstrap without the parts that need systemd and a gateway. @returns what it did. */
async function bootstrap(): Promise<string[]> {
  const first = await converge([users], machine);
  return [...first, ...(await converge([files, openclawConfig, welcome], await machine.context()))];
}

const inWorkspace = (name: string): string => join(machine.layout.workspace, name);
const text = (name: string): string => readFileSync(inWorkspace(name), 'utf8');

test('three bootstraps do the work of one', async () => {
  expect(await bootstrap()).toEqual(['users', 'files', 'openclaw.json', 'welcome mail']);
  const before = statSync(machine.layout.openclawConfig).mtimeMs;
  expect(await bootstrap()).toEqual([]);
  expect(await bootstrap()).toEqual([]);
  expect(statSync(machine.layout.openclawConfig).mtimeMs).toBe(before);
  expect(cloud.asked).toEqual(['/v1/self/welcome']);
});

test('the plane gets the identity token where Cloud Run leaves it whole, too', async () => {
  await bootstrap();
  const [headers] = cloud.askedWith;
  expect(headers?.authorization).toMatch(/^Bearer [\w-]+\.[\w-]+\.[\w-]{20,}$/);
  expect(headers?.['x-serverless-authorization']).toBe(headers?.authorization);
});

test('a changed config is picked up, the gateway keeps its token', async () => {
  await bootstrap();
  const token = readFileSync(machine.layout.gatewayToken, 'utf8');
  await cloud.addVersion(CONFIG, JSON.stringify({ ...DOCUMENT, userPhone: '+15557654321' }));
  // A working openclaw.json is there and no OpenClaw to try the new one out: it must stay.
  await expect(bootstrap()).rejects.toMatchObject({ code: 'FAILED_PRECONDITION' });
  expect(readFileSync(machine.layout.openclawConfig, 'utf8')).toContain('+15551234567');
  expect(text('AGENTS.md')).toContain('+15557654321');
  expect(readFileSync(machine.layout.gatewayToken, 'utf8')).toBe(token);
  expect(statSync(machine.layout.gatewayToken).mode & 0o777).toBe(0o600);
});

test('onboarding that is done stays done; what the agent wrote stays', async () => {
  await bootstrap();
  appendFileSync(inWorkspace('AGENTS.md'), '\nMy owner likes short answers.\n');
  appendFileSync(inWorkspace('BOOTSTRAP.md'), '- name: done\n');
  expect(await bootstrap()).toEqual([]);
  expect(text('BOOTSTRAP.md')).toMatch(/- name: done\n$/);
  rmSync(inWorkspace('BOOTSTRAP.md'));
  expect(await bootstrap()).toEqual([]);
  expect(existsSync(inWorkspace('BOOTSTRAP.md'))).toBe(false);
  expect(text('AGENTS.md')).toContain('short answers');
});

test('a bootstrap that died half way is made good', async () => {
  await bootstrap();
  rmSync(inWorkspace('HEARTBEAT.md'));
  rmSync(machine.layout.command);
  expect(await bootstrap()).toEqual(['files']);
  expect(existsSync(machine.layout.command)).toBe(true);
});

// What `jq .missing openclaw.json` leaves, and its like: JSON, and no configuration.
describe.each(['null', '[]', '"x"', '3'])('openclaw.json that reads %s', (broken) => {
  test('is put aside before the gateway starts', async () => {
    await bootstrap();
    const { host, layout } = machine;
    const good = readFileSync(layout.openclawConfig, 'utf8');
    writeFileSync(layout.openclawConfig, broken);
    expect(await checkConfigCommand(host, layout)).toBe(0);
    expect(readFileSync(layout.openclawConfig, 'utf8')).toBe(good);
    expect(readFileSync(layout.rejectedConfig, 'utf8')).toBe(broken);
  });

  test('is made anew by bootstrap', async () => {
    await bootstrap();
    const good = readFileSync(machine.layout.openclawConfig, 'utf8');
    writeFileSync(machine.layout.openclawConfig, broken);
    expect(await bootstrap()).toEqual(['openclaw.json']);
    expect(readFileSync(machine.layout.openclawConfig, 'utf8')).toBe(good);
  });
});

describe('inputs that are wrong name themselves', () => {
  test.each([
    ['not JSON', 'hello', /is not JSON/],
    ['a phone number that is none', JSON.stringify({ ...DOCUMENT, userPhone: '5' }), /userPhone/],
  ])('%s', async (_, document, reason) => {
    await cloud.addVersion(CONFIG, document);
    await expect(readInputs(machine.host)).rejects.toThrow(reason);
    expect(existsSync(machine.layout.facts)).toBe(false);
  });

  test('but for a field that a newer plane may have written: it is left out', async () => {
    await cloud.addVersion(CONFIG, JSON.stringify({ ...DOCUMENT, extra: 1 }));
    const { config } = await readInputs(machine.host);
    expect(config).toMatchObject({ userPhone: DOCUMENT.userPhone });
    expect(config).not.toHaveProperty('extra');
  });

  test('metadata without an agent', async () => {
    delete cloud.attributes[METADATA_KEYS.agent];
    await expect(readInputs(machine.host)).rejects.toMatchObject({ code: 'FAILED_PRECONDITION' });
  });
});

test('a gateway that ends at its start is not waited for, and its key goes', async () => {
  await bootstrap();
  const { host, layout } = machine;
  host.write(layout.keyFile, 'sk-ant-left', { mode: 0o400 });
  const { pid } = spawnSync('true');
  expect(await forgetKeyCommand(host, layout, pid)).toBe(1);
  expect(existsSync(layout.keyFile)).toBe(false);
});
