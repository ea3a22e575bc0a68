import { existsSync, mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { serve } from '../../vm-bootstrap/broker/serve.ts';
import { fetchKeyCommand } from '../../vm-bootstrap/commands/fetch-key.ts';
import { readInputs } from '../../vm-bootstrap/commands/inputs.ts';
import type { Facts } from '../../vm-bootstrap/core/facts.ts';
import { layoutOf } from '../../vm-bootstrap/core/layout.ts';
import { machineHost } from '../../vm-bootstrap/host.ts';
import {
  type Cloud,
  GOOD_KEY,
  OTHER_GOOD_KEY,
  OWN,
  SHARED,
  startConfiguredCloud,
} from './support/cloud.ts';

let cloud: Cloud;
let root: string;

beforeEach(async () => {
  cloud = await startConfiguredCloud();
  root = mkdtempSync(join(tmpdir(), 'agent-keys-'));
});

afterEach(async () => {
  await cloud.close();
  rmSync(root, { recursive: true, force: true });
});

/** A machine that bootstrap has told what it is. */
async function machine() {
  const lines: string[] = [];
  const host = machineHost({
    root,
    metadataHost: cloud.metadataHost,
    env: process.env,
    uid: process.getuid?.() ?? -1,
    log: (line) => lines.push(line),
  });
  const layout = layoutOf(root);
  const { facts } = await readInputs(host);
  host.write(layout.facts, JSON.stringify(facts), { mode: 0o644 });
  return { host, layout, lines, facts };
}

describe('fetch-key', () => {
  test("the agent's own key comes first, in a file that only its owner reads", async () => {
    await cloud.createSecret(OWN, 'secretAccessor', 'secretVersionManager');
    await cloud.createSecret(SHARED, 'secretAccessor');
    await cloud.addVersion(OWN, 'own-key');
    await cloud.addVersion(SHARED, 'shared-key');
    const { host, layout, lines } = await machine();
    expect(await fetchKeyCommand(host, layout)).toBe(0);
    expect(readFileSync(layout.keyFile, 'utf8')).toBe('own-key');
    expect(statSync(layout.keyFile).mode & 0o777).toBe(0o400);
    expect(lines.join()).not.toContain('own-key');
  });

  test.each([
    ['its secret is missing', async () => {}],
    ['its secret is empty', async () => cloud.createSecret(OWN, 'secretAccessor')],
    [
      'its only version is destroyed',
      async () => {
        await cloud.createSecret(OWN, 'secretAccessor', 'secretVersionManager');
        await cloud.addVersion(OWN, 'gone');
        await cloud.destroyVersion(OWN, '1');
      },
    ],
  ])('the shared key stands in when %s', async (_, arrange) => {
    await arrange();
    await cloud.createSecret(SHARED, 'secretAccessor');
    await cloud.addVersion(SHARED, 'shared-key');
    const { host, layout } = await machine();
    expect(await fetchKeyCommand(host, layout)).toBe(0);
    expect(readFileSync(layout.keyFile, 'utf8')).toBe('shared-key');
    expect(readFileSync(layout.keyOrigin, 'utf8')).toBe('shared');
  });

  test('an older version that is enabled counts when the newest is destroyed', async () => {
    await cloud.createSecret(OWN, 'secretAccessor', 'secretVersionManager');
    await cloud.addVersion(OWN, 'older');
    await cloud.addVersion(OWN, 'newest');
    await cloud.destroyVersion(OWN, '2');
    const { host, layout } = await machine();
    expect(await fetchKeyCommand(host, layout)).toBe(0);
    expect(readFileSync(layout.keyFile, 'utf8')).toBe('older');
  });

  test('no key at all: fails with one line that names both secrets, says so once, and recovers', async () => {
    const { host, layout, lines } = await machine();
    expect(await fetchKeyCommand(host, layout)).toBe(1);
    expect(await fetchKeyCommand(host, layout)).toBe(1);
    expect(lines).toHaveLength(2);
    expect(lines[0]).toMatch(new RegExp(`No API key: neither secret ${OWN} nor ${SHARED}`));
    expect(cloud.statuses).toHaveLength(1);
    expect(cloud.statuses[0]).toMatchObject({ state: 'failed', key: 'none' });
    expect(existsSync(layout.keyFile)).toBe(false);

    await cloud.createSecret(SHARED, 'secretAccessor');
    await cloud.addVersion(SHARED, 'late-key');
    expect(await fetchKeyCommand(host, layout)).toBe(0);
  });
});

describe('store-key', () => {
  const ask = (at: Awaited<ReturnType<typeof machine>>, key: string, facts: Facts = at.facts) =>
    serve(at.host, at.layout, facts, JSON.stringify({ command: 'store-key', key }));

  test('a good key is stored, the one before destroyed, the gateway restarted', async () => {
    await cloud.createSecret(OWN, 'secretAccessor', 'secretVersionManager');
    await cloud.addVersion(OWN, OTHER_GOOD_KEY);
    const at = await machine();
    expect(await ask(at, ` "${GOOD_KEY}"\n`)).toMatchObject({ ok: true });
    expect((await cloud.versions(OWN)).sort()).toEqual(['1 DESTROYED', '2 ENABLED']);
    expect(existsSync(at.layout.restartRequest)).toBe(true);
    expect(at.lines.join()).not.toContain(GOOD_KEY);
  });

  test('the plane makes the secret when it is missing', async () => {
    const at = await machine();
    expect(await ask(at, GOOD_KEY)).toMatchObject({ ok: true });
    expect(cloud.asked).toEqual(['/v1/self/key-secret']);
    expect(await cloud.versions(OWN)).toEqual(['1 ENABLED']);
  });

  test('the key that is stored already makes no version and no restart', async () => {
    await cloud.createSecret(OWN, 'secretAccessor', 'secretVersionManager');
    await cloud.addVersion(OWN, GOOD_KEY);
    const at = await machine();
    expect(await ask(at, GOOD_KEY)).toMatchObject({ ok: true });
    expect(await cloud.versions(OWN)).toEqual(['1 ENABLED']);
    expect(existsSync(at.layout.restartRequest)).toBe(false);
  });

  test.each([
    ['the provider refuses it', 'sk-ant-bad-00000000000000000', /Anthropic does not accept/],
    ['it is of another provider', 'sk-proj-0000000000000000000', /looks like a key of OpenAI/],
    ['it is a sentence', 'here is my key: sk-ant-1', /not an API key/],
    ['it is two lines', `${GOOD_KEY}\n${GOOD_KEY}`, /not an API key/],
    ['it is too short', 'abc', /not an API key/],
  ])('nothing changes when %s', async (_, key, sentence) => {
    await cloud.createSecret(OWN, 'secretAccessor', 'secretVersionManager');
    await cloud.addVersion(OWN, OTHER_GOOD_KEY);
    const at = await machine();
    const answer = await ask(at, key);
    expect(answer).toMatchObject({ ok: false, code: 'INVALID_ARGUMENT' });
    expect(answer.message).toMatch(sentence);
    expect(`${answer.message} ${at.lines.join()}`).not.toContain(key);
    expect(await cloud.versions(OWN)).toEqual(['1 ENABLED']);
    expect(existsSync(at.layout.restartRequest)).toBe(false);
  });

  test('a provider that is down is not a bad key', async () => {
    const at = await machine();
    const facts = {
      ...at.facts,
      endpoints: { ...at.facts.endpoints, anthropic: 'http://127.0.0.1:1' },
    };
    expect(await ask(at, GOOD_KEY, facts)).toMatchObject({ ok: false, code: 'UNAVAILABLE' });
    expect(cloud.asked).toEqual([]);
  });

  test.each([['{"command":"sudo"}'], ['not json'], ['{"command":"store-key"}'], ['']])(
    'the broker refuses %j',
    async (line) => {
      const { host, layout, facts } = await machine();
      expect(await serve(host, layout, facts, line)).toMatchObject({
        ok: false,
        code: 'INVALID_ARGUMENT',
      });
    },
  );

  test('mail goes to the plane', async () => {
    const { host, layout, facts } = await machine();
    const mail = { command: 'mail', mail: { subject: 'Hi', text: 'there' } };
    expect(await serve(host, layout, facts, JSON.stringify(mail))).toMatchObject({ ok: true });
    expect(cloud.asked).toEqual(['/v1/self/mail']);
  });
});
