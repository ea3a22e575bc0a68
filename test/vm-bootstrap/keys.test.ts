import { existsSync, readFileSync, rmSync, statSync } from 'node:fs';
import { dirname } from 'node:path';
import { serve } from '../../vm-bootstrap/broker/serve.ts';
import { fetchKeyCommand } from '../../vm-bootstrap/commands/fetch-key.ts';
import { look } from '../../vm-bootstrap/commands/meter.ts';
import type { Facts } from '../../vm-bootstrap/core/facts.ts';
import { RESTARTING } from '../../vm-bootstrap/core/key-in-use.ts';
import { readyStatus } from '../../vm-bootstrap/ready-status.ts';
import {
  AGENT,
  CHANNELS,
  type Cloud,
  GOOD_KEY,
  OTHER_GOOD_KEY,
  OWN,
  PROJECT,
  SHARED,
  startConfiguredCloud,
} from './support/cloud.ts';
import { newRoot, toldMachine } from './support/machine.ts';

let cloud: Cloud;
let root: string;

beforeEach(async () => {
  cloud = await startConfiguredCloud();
  root = newRoot();
});

afterEach(async () => {
  await cloud.close();
  rmSync(root, { recursive: true, force: true });
});

const machine = () => toldMachine(cloud, root);

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

  test('a withdrawn shared key is not handed out although Google still would; an own key is', async () => {
    await cloud.createSecret(OWN, 'secretAccessor', 'secretVersionManager');
    await cloud.createSecret(SHARED, 'secretAccessor');
    await cloud.addVersion(SHARED, 'shared-key');
    const { host, layout } = await machine();
    host.write(layout.budget, JSON.stringify({ withdrawn: true }), { mode: 0o644 });
    expect(await fetchKeyCommand(host, layout)).toBe(0);
    expect(readFileSync(layout.keyFile, 'utf8')).not.toContain('shared-key');
    expect(readFileSync(layout.keyOrigin, 'utf8')).toBe('withdrawn');
    await cloud.addVersion(OWN, 'own-key');
    expect(await fetchKeyCommand(host, layout)).toBe(0);
    expect(readFileSync(layout.keyFile, 'utf8')).toBe('own-key');
  });

  test.each([
    ['own key of another provider', 'sk-ant-own-1', 'sk-proj-shared-1', 'stand-in', 'shared'],
    ['both of another', 'sk-ant-own-1', 'AQ.shared-1', 'misfit', 'none'],
    ['a shared key of another alone', '', 'AIzashared-1', 'misfit', 'none'],
    ['an own key of unknown shape', 'nobody-knows-1', 'sk-proj-shared-1', 'own', 'own'],
  ])(
    'a model of OpenAI, %s: no key goes to another company',
    async (_, own, shared, origin, key) => {
      await cloud.createSecret(OWN, 'secretAccessor', 'secretVersionManager');
      await cloud.createSecret(SHARED, 'secretAccessor');
      if (own) await cloud.addVersion(OWN, own);
      await cloud.addVersion(SHARED, shared);
      const { host, layout, facts } = await machine();
      const changed = { ...facts, provider: 'openai' } as const;
      host.write(layout.facts, JSON.stringify(changed), { mode: 0o644 });
      expect(await fetchKeyCommand(host, layout)).toBe(0);
      expect(readFileSync(layout.keyOrigin, 'utf8')).toBe(origin);
      expect(readFileSync(layout.keyFile, 'utf8')).not.toMatch(/^(sk-ant|AQ|AIza)/);
      const reason = origin === 'own' ? undefined : expect.stringMatching(/OpenAI/);
      expect(readyStatus(host, layout, changed)).toMatchObject({ state: 'ready', key });
      expect(readyStatus(host, layout, changed).reason).toEqual(reason);
    },
  );

  test('tokens of added channels lie beside the key; an agent without any has no such file', async () => {
    await cloud.createSecret(SHARED, 'secretAccessor');
    await cloud.addVersion(SHARED, 'shared-key');
    const { host, layout } = await machine();
    expect(await fetchKeyCommand(host, layout)).toBe(0);
    expect(existsSync(layout.channelsFile)).toBe(false);
    await cloud.createSecret(CHANNELS, 'secretAccessor');
    await cloud.addVersion(CHANNELS, '{"telegram":{"owner":"4242","botToken":"1:AA"}}');
    expect(await fetchKeyCommand(host, layout)).toBe(0);
    expect(statSync(layout.channelsFile).mode & 0o777).toBe(0o400);
  });

  test.each([
    ['own key whose grant comes late', 'sk-ant-own-1', 'sk-ant-shared-1', 'shared', 'own'],
    ['shared key that fits the model at last', '', 'sk-proj-shared-1', 'misfit', 'shared'],
  ])(
    'the meter finds an %s, and has the gateway take it',
    async (_, own, shared, origin, after) => {
      await cloud.createSecret(OWN, 'secretVersionAdder');
      await cloud.createSecret(SHARED, 'secretAccessor');
      if (own) await cloud.addVersion(OWN, own);
      await cloud.addVersion(SHARED, shared);
      const { host, layout, facts } = await machine();
      expect(await fetchKeyCommand(host, layout)).toBe(0);
      expect(readFileSync(layout.keyOrigin, 'utf8')).toBe(origin);
      cloud.answers['/v1/self/usage'] = ({ month }) => ({
        month,
        usd: 0,
        limit: 50,
        withdrawn: false,
      });
      const texts = { withdrawn: '', misfit: '', 'stand-in': '', ownKey: '' };
      const settings = { timezone: 'UTC', port: 1, linkedPhone: '+15551234567', texts };
      const gateway = () => Promise.reject(new Error('not up'));
      const meter = { host, layout, facts, settings, gateway };
      await look(meter, true);
      expect(existsSync(layout.keyRequest)).toBe(false);
      const vm = `serviceAccount:agent-${AGENT}@${PROJECT}.iam.gserviceaccount.com`;
      const { iam } = cloud.google.world;
      iam.grant(`projects/${PROJECT}/secrets/${OWN}`, 'roles/secretmanager.secretAccessor', [vm]);
      if (!own) await cloud.addVersion(SHARED, 'sk-ant-shared-2');
      await look(meter, true);
      expect(existsSync(layout.keyRequest)).toBe(true);
      expect(await fetchKeyCommand(host, layout)).toBe(0);
      expect(readFileSync(layout.keyOrigin, 'utf8')).toBe(after);
    },
  );

  test('a full data disk does not keep the shared key with an agent whose budget is used up', async () => {
    await cloud.createSecret(SHARED, 'secretAccessor');
    await cloud.addVersion(SHARED, 'sk-ant-shared-1');
    const { host, layout, facts } = await machine();
    expect(await fetchKeyCommand(host, layout)).toBe(0);
    const answer = { month: '2026-11', usd: 50, limit: 50, withdrawn: true };
    cloud.answers['/v1/self/usage'] = ({ month }) => ({ ...answer, month });
    const texts = { withdrawn: '', misfit: '', 'stand-in': '', ownKey: '' };
    const settings = { timezone: 'UTC', port: 1, linkedPhone: '+15551234567', texts };
    const gateway = () => Promise.reject(new Error('not up'));
    const meter = { host, layout, facts, settings, gateway };
    // A file stands where the meter's folder would be: nothing can be written there.
    const folder = dirname(layout.budget);
    host.write(folder, '', { mode: 0o600 });
    await look(meter, true);
    expect(existsSync(layout.keyRequest)).toBe(true);
    expect(await fetchKeyCommand(host, layout)).toBe(0);
    expect(readFileSync(layout.keyOrigin, 'utf8')).toBe('withdrawn');
    host.remove(folder);
    await look(meter, true);
    expect(existsSync(layout.budgetAside)).toBe(false);
    expect(await fetchKeyCommand(host, layout)).toBe(0);
    expect(readFileSync(layout.keyOrigin, 'utf8')).toBe('withdrawn');
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
  /** What agents-plane-key.service does, short of the gateway; gives back what it left there. */
  async function keyService(at: Awaited<ReturnType<typeof machine>>, leaves = 'own 2') {
    while (!existsSync(at.layout.keyRequest)) await at.host.sleep(5);
    at.host.write(at.layout.keyInUse, leaves, { mode: 0o644 });
  }

  const ask = (at: Awaited<ReturnType<typeof machine>>, key: string, facts: Facts = at.facts) =>
    serve(at.host, at.layout, facts, JSON.stringify({ command: 'store-key', key }));

  test('a good key is stored, the one before destroyed, the gateway given it', async () => {
    await cloud.createSecret(OWN, 'secretAccessor', 'secretVersionManager');
    await cloud.addVersion(OWN, OTHER_GOOD_KEY);
    const at = await machine();
    const [answer] = await Promise.all([ask(at, ` "${GOOD_KEY}"\n`), keyService(at)]);
    expect(answer).toMatchObject({ ok: true, outcome: 'in-use' });
    expect((await cloud.versions(OWN)).sort()).toEqual(['1 DESTROYED', '2 ENABLED']);
    expect(at.lines.join()).not.toContain(GOOD_KEY);
  });

  test('two keys at once: the newest is alive, whoever ends last, and nobody hears of an error', async () => {
    await cloud.createSecret(OWN, 'secretAccessor', 'secretVersionManager');
    const at = await machine();
    for (let round = 0; round < 5; round++) {
      const lines = [GOOD_KEY, OTHER_GOOD_KEY, GOOD_KEY, OTHER_GOOD_KEY].map((key) =>
        JSON.stringify({ command: 'store-key', key, wait: false }),
      );
      const answers = await Promise.all(
        lines.map((line) => serve(at.host, at.layout, at.facts, line)),
      );
      expect(answers.map(({ ok }) => ok)).toEqual([true, true, true, true]);
      const [newest, ...older] = await cloud.versions(OWN);
      expect(newest).toMatch(/ ENABLED$/);
      expect(older.filter((version) => !version.endsWith('DESTROYED'))).toEqual([]);
    }
  });

  test('a key that another took the place of while it waited is in use no less', async () => {
    await cloud.createSecret(OWN, 'secretAccessor', 'secretVersionManager');
    const at = await machine();
    const [answer] = await Promise.all([ask(at, GOOD_KEY), keyService(at, 'own 2')]);
    expect(answer).toMatchObject({ ok: true, outcome: 'in-use' });
  });

  test('numbers begin anew in a secret that was made again: what the gateway holds is still the old key', async () => {
    const at = await machine();
    at.host.write(at.layout.keyInUse, 'own 2', { mode: 0o644 });
    let taken = false;
    const service = async () => {
      while (!existsSync(at.layout.keyRequest)) await at.host.sleep(5);
      await at.host.sleep(300);
      taken = true;
      at.host.write(at.layout.keyInUse, 'own 1', { mode: 0o644 });
    };
    const asked = ask(at, GOOD_KEY).then((answer) => ({ ...answer, taken }));
    const [answer] = await Promise.all([asked, service()]);
    expect(answer).toMatchObject({ ok: true, outcome: 'in-use', taken: true });
  });

  test('who need not wait is answered as soon as the key is stored', async () => {
    const at = await machine();
    const line = JSON.stringify({ command: 'store-key', key: GOOD_KEY, wait: false });
    const answer = await serve(at.host, at.layout, at.facts, line);
    expect(answer).toMatchObject({ ok: true, outcome: 'stored' });
    expect(existsSync(at.layout.keyRequest)).toBe(true);
  });

  test('a gateway that cannot take the key while it runs is said to restart', async () => {
    const at = await machine();
    const [answer] = await Promise.all([ask(at, GOOD_KEY), keyService(at, RESTARTING)]);
    expect(answer).toMatchObject({ ok: true, outcome: 'restarting' });
    expect(answer.message).toMatch(/restart now/);
  });

  test('the plane makes the secret when it is missing', async () => {
    const at = await machine();
    const [answer] = await Promise.all([ask(at, GOOD_KEY), keyService(at, 'own 1')]);
    expect(answer).toMatchObject({ ok: true, outcome: 'in-use' });
    expect(cloud.asked).toEqual(['/v1/self/key-secret']);
    expect(await cloud.versions(OWN)).toEqual(['1 ENABLED']);
  });

  test('the key that is in use already makes no version and asks for nothing', async () => {
    await cloud.createSecret(OWN, 'secretAccessor', 'secretVersionManager');
    await cloud.addVersion(OWN, GOOD_KEY);
    const at = await machine();
    at.host.write(at.layout.keyInUse, 'own 1', { mode: 0o644 });
    expect(await ask(at, GOOD_KEY)).toMatchObject({ ok: true, outcome: 'unchanged' });
    expect(await cloud.versions(OWN)).toEqual(['1 ENABLED']);
    expect(existsSync(at.layout.keyRequest)).toBe(false);
  });

  test('a key that is stored and not yet in use is taken into use', async () => {
    await cloud.createSecret(OWN, 'secretAccessor', 'secretVersionManager');
    await cloud.addVersion(OWN, GOOD_KEY);
    const at = await machine();
    at.host.write(at.layout.keyInUse, 'shared 1', { mode: 0o644 });
    const [answer] = await Promise.all([ask(at, GOOD_KEY), keyService(at, 'own 1')]);
    expect(answer).toMatchObject({ ok: true, outcome: 'in-use' });
    expect(await cloud.versions(OWN)).toEqual(['1 ENABLED']);
  });

  test.each([
    ['the provider refuses it', 'sk-ant-bad-00000000000000000', 'refused', /does not accept/],
    ['it is of another provider', 'sk-proj-0000000000000000000', 'other-provider', /key of OpenAI/],
    ['it is a new one of Google', 'AQ.Ab8RN6KM0000000000000000', 'other-provider', /key of Google/],
    ['it is a sentence', 'here is my key: sk-ant-1', 'not-a-key', /not an API key/],
    ['it is two lines', `${GOOD_KEY}\n${GOOD_KEY}`, 'not-a-key', /not an API key/],
    ['it is too short', 'abc', 'not-a-key', /not an API key/],
  ])('nothing changes when %s', async (_, key, outcome, sentence) => {
    await cloud.createSecret(OWN, 'secretAccessor', 'secretVersionManager');
    await cloud.addVersion(OWN, OTHER_GOOD_KEY);
    const at = await machine();
    const answer = await ask(at, key);
    expect(answer).toMatchObject({ ok: false, code: 'INVALID_ARGUMENT', outcome });
    expect(answer.message).toMatch(sentence);
    expect(`${answer.message} ${at.lines.join()}`).not.toContain(key);
    expect(await cloud.versions(OWN)).toEqual(['1 ENABLED']);
    expect(existsSync(at.layout.keyRequest)).toBe(false);
  });

  test('a provider that is down is not a bad key', async () => {
    const at = await machine();
    const facts = {
      ...at.facts,
      endpoints: { ...at.facts.endpoints, anthropic: 'http://127.0.0.1:1' },
    };
    expect(await ask(at, GOOD_KEY, facts)).toMatchObject({
      ok: false,
      code: 'UNAVAILABLE',
      outcome: 'unchecked',
    });
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
