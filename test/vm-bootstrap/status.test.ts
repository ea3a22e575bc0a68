/** `agent status` where a directory stands in for `/`: the supervisor there answers for systemd. */

import { existsSync } from 'node:fs';
import { Supervisor } from '../../local/machines/supervisor.ts';
import { systemctl } from '../../local/machines/systemctl-verbs.ts';
import { readStatus } from '../../vm-bootstrap/commands/status.ts';
import { osName } from '../../vm-bootstrap/core/os-release.ts';
import { UNIT_PLAN } from '../../vm-bootstrap/core/units.ts';
import type { Host } from '../../vm-bootstrap/host.ts';
import { files } from '../../vm-bootstrap/steps/files.ts';
import { openclawConfig } from '../../vm-bootstrap/steps/openclaw-config.ts';
import { converge } from '../../vm-bootstrap/steps/step.ts';
import { users } from '../../vm-bootstrap/steps/users.ts';
import { type Cloud, startConfiguredCloud } from './support/cloud.ts';
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

/** The machine's host, with the supervisor's systemctl in place of the one on this machine's PATH. */
function supervised(): { host: Host; calls: string[] } {
  const supervisor = new Supervisor({ root: machine.root, environment: {}, log: () => {} });
  const calls: string[] = [];
  const host: Host = {
    ...machine.host,
    exec: (argv) => {
      calls.push(argv.join(' '));
      return systemctl(supervisor, argv.slice(1));
    },
  };
  return { host, calls };
}

test('it names the system, every unit, and every file that bootstrap wrote', async () => {
  await converge([users], machine);
  await converge([files, openclawConfig], await machine.context());
  const { host, calls } = supervised();
  const status = await readStatus(host, machine.layout);
  expect(status.os).toBe(osName(machine.host.read('/etc/os-release') ?? ''));
  expect(calls).toHaveLength(1);
  expect(status.units.map(({ unit }) => unit)).toEqual(
    UNIT_PLAN.map(({ name }) => name).filter((name) => name !== 'agents-plane-broker@.service'),
  );
  expect(new Set(status.units.map(({ state }) => state))).toEqual(new Set(['inactive']));
  expect(status.files.filter((file) => !existsSync(file))).toEqual([]);
  const names = status.files.map((file) => file.replace(`${machine.layout.state}/`, ''));
  expect(names).toEqual(
    expect.arrayContaining([
      'openclaw.json',
      'skills/agents-plane/SKILL.md',
      ...['AGENTS', 'BOOTSTRAP', 'HEARTBEAT'].map((name) => `workspace/${name}.md`),
      ...UNIT_PLAN.map(({ name }) => `${machine.layout.units}/${name}`),
    ]),
  );
});

test('it tells of the WhatsApp link, and never of a code', async () => {
  await converge([users], machine);
  await converge([files, openclawConfig], await machine.context());
  const { host } = supervised();
  expect(await readStatus(host, machine.layout)).not.toHaveProperty('whatsapp');
  const said = { state: 'paused', failures: 3, retryAt: '2026-11-20T18:15:00Z', at: '' };
  machine.host.write(machine.layout.pairingCopy, JSON.stringify({ ...said, qr: 'x' }), {
    mode: 0o644,
  });
  const { at: _, ...told } = said;
  expect((await readStatus(host, machine.layout)).whatsapp).toEqual(told);
});

test('systemd that does not answer is said, not fatal', async () => {
  await converge([users], machine);
  await converge([files], await machine.context());
  const host: Host = {
    ...machine.host,
    exec: async () => ({ code: 1, stdout: '', stderr: 'no bus' }),
  };
  const status = await readStatus(host, machine.layout);
  expect(new Set(status.units.map(({ state }) => state))).toEqual(new Set(['unknown']));
});

test.each([
  ['ID=debian\nPRETTY_NAME="Debian GNU/Linux 12 (bookworm)"\n', 'Debian GNU/Linux 12 (bookworm)'],
  ["PRETTY_NAME='Other'\n", 'Other'],
  ['PRETTY_NAME=Bare\n', 'Bare'],
  ['NAME=x\n', 'Linux'],
])('os-release %j is %s', (text, name) => {
  expect(osName(text)).toBe(name);
});
