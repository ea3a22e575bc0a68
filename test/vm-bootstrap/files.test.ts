/** Files on a disk that fills up, state that was cut short, secrets that somebody edited by hand. */

import { spawnSync } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { numberSecretId } from '../../contracts/names.ts';
import { fetchNumberCommand } from '../../vm-bootstrap/commands/fetch-number.ts';
import { FRESH_MEMORY } from '../../vm-bootstrap/core/pairing.ts';
import { plainFiles } from '../../vm-bootstrap/files.ts';
import { pairingStore } from '../../vm-bootstrap/pairing/store.ts';
import { type Cloud, startConfiguredCloud } from './support/cloud.ts';
import { createMachine, type TestMachine } from './support/machine.ts';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'agent-files-'));
});
afterEach(() => rmSync(folder, { recursive: true }));

test('no room for all of it: the old file stays, and nothing of the new one', () => {
  const path = join(folder, 'openclaw.json');
  writeFileSync(path, 'old');
  // The kernel takes 64 KB of a write and refuses the rest, as on a disk that is full.
  const script = join(import.meta.dirname, 'support/write-file.ts');
  const { status, stderr } = spawnSync(
    'prlimit',
    ['--fsize=65536', process.execPath, script, path],
    { encoding: 'utf8' },
  );
  expect([status, stderr]).toEqual([1, expect.stringContaining('EFBIG')]);
  expect(readFileSync(path, 'utf8')).toBe('old');
  expect(readdirSync(folder)).toEqual(['openclaw.json']);
});

test('a file that is there already is not created again', () => {
  const path = join(folder, 'lock');
  expect(plainFiles.create(path, '1')).toBe(true);
  expect(plainFiles.create(path, '2')).toBe(false);
  expect(readFileSync(path, 'utf8')).toBe('1');
  expect(readdirSync(folder)).toEqual(['lock']);
});

describe('on a machine', () => {
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

  test('state of the pairing that was cut short: it starts anew, and the greeting may have gone out', () => {
    const { host, layout } = machine;
    host.write(`${layout.pairingState}/pairing.json`, '{"attem', { mode: 0o600 });
    host.write(`${layout.pairingState}/greeting.json`, '', { mode: 0o600 });
    const store = pairingStore(host, layout);
    expect(store.readMemory()).toEqual(FRESH_MEMORY);
    expect(store.readGreeting()).toMatchObject({ phase: 'sending' });
  });

  test('credentials that are no JSON are not quoted', async () => {
    const { host, layout } = machine;
    const { facts } = await machine.context();
    host.write(layout.facts, JSON.stringify(facts), { mode: 0o644 });
    host.write(layout.gatewayToken, 'token', { mode: 0o600 });
    const secret = numberSecretId(facts.agent);
    await cloud.createSecret(secret, 'secretAccessor');
    await cloud.addVersion(secret, 'EAAGm0PX4ZCpsBAK');
    const failed = await fetchNumberCommand(host, layout).catch((error: Error) => error);
    expect(failed).toMatchObject({
      code: 'INVALID_ARGUMENT',
      message: `Secret ${secret} is not JSON.`,
    });
    expect(String(failed)).not.toContain('EAAG');
  });
});
