/** What setup tells the functions is what they read: nothing missing, nothing that they would ignore. */

import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseConfig } from '../../functions/config.ts';
import { parseProvision } from '../../functions/core/request.ts';
import { runtime } from '../../local/plane/infra.ts';
import { environmentOf } from '../../scripts/setup/functions.ts';
import { cellRoot, infraHash, planeRoot } from '../../scripts/setup/infra.ts';
import { readSettings, type Settings } from '../../scripts/setup/settings.ts';
import { SETTINGS } from './support/empty-project.ts';

const ROOT = join(import.meta.dirname, '../..');
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

test('a time zone of the plane is that of requests that name none, of its first agent, too', async () => {
  const more = `timezone = "America/New_York"\nmodel = "openai/gpt-5.4"`;
  const agent = `[agent]\nuser = "allison@nine30.com"`;
  const read = (...lines: readonly string[]) =>
    readSettings([SETTINGS, ...lines].join('\n'), 'plane.toml');
  const ours = read(more, agent);
  expect(ours.agent).toMatchObject({ timezone: 'America/New_York', model: 'openai/gpt-5.4' });
  expect(read(more, agent, 'timezone = "Asia/Tokyo"').agent?.timezone).toBe('Asia/Tokyo');
  expect(() => read('timezone = "New York"')).toThrow('timezone');
  const config = parseConfig(await environmentOf(ours, root));
  const body = { user: 'bo@nine30.com', userPhone: '+15551234567' };
  expect(parseProvision(config, body).timezone).toBe('America/New_York');
  expect(parseProvision(config, { ...body, timezone: 'UTC' }).timezone).toBe('UTC');
  expect(() => parseProvision(config, { ...body, timezone: null })).toThrow();
  const plain = parseConfig(await environmentOf(settings, root));
  expect(parseProvision(plain, body).timezone).toBe('UTC');
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

test('what V8 may take leaves a fifth of the memory for all that is not its heap', async () => {
  const { NODE_OPTIONS = '' } = await environmentOf(settings, root);
  const sizeOf = (flag: string) => Number(new RegExp(`--${flag}=(\\d+)`).exec(NODE_OPTIONS)?.[1]);
  // The young generation is three semi-spaces.
  const heap = sizeOf('max-old-space-size') + 3 * sizeOf('max-semi-space-size');
  expect(heap).toBeLessThanOrEqual(0.8 * Number(/^(\d+)Mi$/.exec(runtime().memory)?.[1]));
});

test('the hash of infra/ changes with an input, and with nothing else', () => {
  const other = readSettings(`${SETTINGS}\nkms = true\n`, 'plane.toml');
  const hash = (all: Settings, url = '', cells = '') => infraHash(planeRoot(all, url, cells));
  expect(hash(settings)).toBe(hash(settings));
  expect(hash(other)).not.toBe(hash(settings));
  expect(hash(settings, 'https://api')).not.toBe(hash(settings));
  expect(hash(settings, '', '223456789012')).not.toBe(hash(settings));
  expect(infraHash(cellRoot(settings, 'nine30-two'))).not.toBe(
    infraHash(cellRoot(settings, 'nine30-three')),
  );
});

const withCells = (...cells: readonly string[]): string =>
  [SETTINGS, 'room = 1000', ...cells.map((cell) => `[[cells]]\nproject = "${cell}"`)].join('\n');

test('cells: the plane’s own project first, each with its room', async () => {
  const two = readSettings(`${withCells('nine30-two')}\nroom = 5\n`, 'plane.toml');
  expect(parseConfig(await environmentOf(two, root)).cells).toEqual([
    { project: 'nine30-local', room: 1000 },
    { project: 'nine30-two', room: 5 },
  ]);
  expect(parseConfig(await environmentOf(settings, root)).cells).toEqual([]);
  expect(cellRoot(two, 'nine30-two').inputs).toMatchObject({
    project: 'nine30-two',
    plane_account: 'agents-plane@nine30-local.iam.gserviceaccount.com',
  });
});

test.each([
  ["the plane's own project", withCells('nine30-local'), "cells.0.project: is the plane's own"],
  ['one twice', withCells('nine30-two', 'nine30-two'), 'cells.1.project: is named twice'],
  ['no project id', withCells('Two'), 'cells.0.project: not a project id'],
  ['too much room', `${withCells('nine30-two')}\nroom = 1500`, 'cells.0.room'],
  ['an unknown key', `${withCells('nine30-two')}\nsize = 1`, 'cells.0.size: there is no such'],
])('cells: %s is refused', (_what, text, message) => {
  expect(() => readSettings(text, 'plane.toml')).toThrow(message);
});

test("each of Google's APIs that a driver calls is enabled in the plane's project", () => {
  const drivers = join(ROOT, 'functions/drivers');
  const called = readdirSync(drivers).flatMap((file) =>
    [
      ...readFileSync(join(drivers, file), 'utf8').matchAll(
        /'(?:googleapis\/build\/src\/apis|@google-cloud)\/([\w-]+)/g,
      ),
    ].map(([, name = '']) => name.replace('-', '')),
  );
  expect(called.length).toBeGreaterThan(5);
  const step = join(ROOT, 'scripts/setup/steps/10-apis.sh');
  const { stdout } = spawnSync('bash', ['-c', `. "${step}"; echo $APIS`], { encoding: 'utf8' });
  expect(stdout.trim().split(' ')).toEqual(expect.arrayContaining([...new Set(called)]));
});
