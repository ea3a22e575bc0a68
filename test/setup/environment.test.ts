/** What setup tells the functions is what they read: nothing missing, nothing that they would ignore. */

import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseConfig } from '../../functions/config.ts';
import { environmentOf } from '../../scripts/setup/functions.ts';
import { infraHash } from '../../scripts/setup/infra.ts';
import { readSettings } from '../../scripts/setup/settings.ts';
import { SETTINGS } from './support/empty-project.ts';

const SHA256 = 'ab'.repeat(32);
const settings = readSettings(SETTINGS, 'plane.toml');
const root = mkdtempSync(join(tmpdir(), 'agents-plane-environment-'));
mkdirSync(join(root, 'dist/vm'), { recursive: true });
writeFileSync(join(root, 'dist/vm/agent.mjs.sha256'), `${SHA256}\n`);
afterAll(() => rmSync(root, { recursive: true, force: true }));

const attempt = (read: () => string): string => {
  try {
    return read();
  } catch {
    return 'refused';
  }
};

test('the functions start with it', async () => {
  const config = parseConfig(await environmentOf(settings, root));
  expect(config).toMatchObject({
    project: 'nine30-local',
    zone: 'europe-west1-b',
    audience: 'https://europe-west1-nine30-local.cloudfunctions.net/agents-plane-api',
    pagesUrl: 'https://europe-west1-nine30-local.cloudfunctions.net/agents-plane-pages',
    serviceAccount: 'agents-plane@nine30-local.iam.gserviceaccount.com',
    subnetwork: 'projects/nine30-local/regions/europe-west1/subnetworks/agents-plane',
    bundle: `gs://nine30-local-agents-plane/vm/agent-${SHA256.slice(0, 16)}.mjs`,
    bundleSha256: SHA256,
    image: 'projects/nine30-local/global/images/family/agents-plane',
  });
});

test('each of its variables is needed, or has a default that it overrides', async () => {
  const environment = await environmentOf(settings, root);
  const before = JSON.stringify(parseConfig(environment));
  const changed = { AGENTS_PLANE_MACHINE_TYPE: 'e2-small', AGENTS_PLANE_BUDGET_MAX: '7' };
  for (const name of Object.keys(environment).filter((each) => each.startsWith('AGENTS_PLANE_'))) {
    const value = name in changed ? changed[name as keyof typeof changed] : '!';
    const read = () => JSON.stringify(parseConfig({ ...environment, [name]: value }));
    // What nobody reads changes nothing, whatever it is set to.
    const ignored = attempt(read) === before;
    expect([name, ignored]).toEqual([name, false]);
  }
});

test('the hash of infra/ changes with an input, and with nothing else', () => {
  const other = readSettings(`${SETTINGS}\nkms = true\n`, 'plane.toml');
  expect(infraHash(settings, '')).toBe(infraHash(settings, ''));
  expect(infraHash(other, '')).not.toBe(infraHash(settings, ''));
  expect(infraHash(settings, 'https://api')).not.toBe(infraHash(settings, ''));
});
