/** The agent's API key: none, the organisation's, its own; and that no disk, log or process list ever holds one. */

import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { SHARED_KEY_SECRET } from '../../contracts/names.ts';
import { fingerprintOf } from '../../local/model/server.ts';
import { LOCAL } from '../../local/plane/settings.ts';
import { SETTLED } from './support/machine.ts';
import { mailsTo } from './support/mail.ts';
import { canRun, MINUTE, openStage, type Stage, until } from './support/stage.ts';

const ALLISON = { user: 'allison@nine30.com', userPhone: '+15551234567' };
const SECRETS = `/v1/projects/${LOCAL.project.id}/secrets`;
const OWN = 'agent-allison-api-key';
const KEYS = {
  shared: 'sk-ant-local-shared-3b1c9f7e5d',
  first: 'sk-ant-local-first-a7d2e8c4b6',
  second: 'sk-ant-local-second-f1e3d5c7b9',
  third: 'sk-ant-local-third-0c2e4a6f8d',
  refused: 'sk-ant-local-refused-9a8b7c6d5e',
  otherProvider: 'sk-proj-local-openai-5f4e3d2c1b',
};
const QUESTION = 'What can you do?';

const host = await canRun('nspawn');

(host.can ? describe : describe.skip)(
  host.can ? "an agent's API key" : `an agent's API key (skipped: ${host.why})`,
  () => {
    let stage: Stage;
    const out = (script: string): Promise<string> => stage.out('allison', script);
    const storeKey = (stdin: string) =>
      stage.sh('allison', 'agent store-key', { user: 'openclaw', stdin });
    const addVersion = (secret: string, key: string) =>
      stage.google('POST', `${SECRETS}/${secret}:addVersion`, {
        payload: { data: Buffer.from(key).toString('base64') },
      });
    const versions = async (): Promise<string[]> => {
      const { body } = await stage.google('GET', `${SECRETS}/${OWN}/versions`);
      const found = (body as { versions?: { name: string; state: string }[] }).versions ?? [];
      return found.map(({ name, state }) => `${name.split('/').at(-1)} ${state}`);
    };
    const invocation = (): Promise<string> =>
      out('systemctl show -P InvocationID openclaw-gateway.service');
    /** Key of the next turn's request to the model. */
    const keyOfNextTurn = async (): Promise<string | undefined> => {
      const from = stage.plane.model.requests.length;
      await out(`agent ask "${QUESTION}"`);
      const turns = stage.plane.model.requests.slice(from).filter(({ messages }) => messages > 0);
      expect(turns.map(({ status }) => status)).not.toContain(401);
      return turns[0]?.keyFingerprint;
    };

    beforeAll(async () => {
      stage = await openStage({ kind: 'nspawn', sharedKey: undefined });
      const { acceptedKeys } = stage.plane;
      for (const key of [KEYS.shared, KEYS.first, KEYS.second, KEYS.third]) acceptedKeys.add(key);
      // As setup leaves it in an organisation that has not stored its key yet.
      await stage.google('POST', `${SECRETS}?secretId=${SHARED_KEY_SECRET}`, {
        replication: { automatic: {} },
        labels: { 'managed-by': 'agents-plane' },
      });
      await stage.api('POST', '/v1/agents', ALLISON);
      await stage.follow('allison', 'failed');
    }, 10 * MINUTE);

    afterAll(() => stage?.close(), MINUTE);

    test('without any key: failed, with a reason, in the agent, the journal, the guest attributes', async () => {
      const agent = await stage.agent('allison');
      expect(agent).toMatchObject({ state: 'failed', key: 'none' });
      expect(agent.reason).toMatch(
        /^No API key: neither secret agent-allison-api-key nor agents-plane-api-key has an enabled version\. Add a version/,
      );
      expect(await out('journalctl --no-pager -u openclaw-gateway')).toContain(agent.reason);
      expect(await stage.serialOutput('allison')).toContain('No API key');
      expect(await out('systemctl show -P Result openclaw-gateway')).toBe('exit-code');
      expect(stage.plane.model.requests).toEqual([]);
      expect(await mailsTo(stage.plane.mailDir, ALLISON.user)).toEqual([]);
    });

    test(
      'it recovers by itself as soon as there is one',
      async () => {
        await addVersion(SHARED_KEY_SECRET, KEYS.shared);
        await stage.follow('allison', 'ready');
        expect(await stage.agent('allison')).toMatchObject({ state: 'ready', key: 'shared' });
        expect(await keyOfNextTurn()).toBe(fingerprintOf(KEYS.shared));
        await until(
          'the welcome mail',
          async () => (await mailsTo(stage.plane.mailDir, ALLISON.user)).length === 1,
        );
        await out(SETTLED);
      },
      3 * MINUTE,
    );

    test.each([
      ['that the provider refuses', KEYS.refused, /does not accept that key.*Nothing was changed/],
      ['of another provider', KEYS.otherProvider, /looks like a key of OpenAI/],
      ['that is none', 'my key is secret', /not an API key/],
    ])('a key %s changes nothing', async (_, key, sentence) => {
      const [before, stored] = [await invocation(), await versions()];
      const asked = await storeKey(key);
      expect(asked).toMatchObject({ code: 1, stdout: '' });
      expect(asked.stderr).toMatch(sentence);
      expect(asked.stderr).not.toContain(key);
      expect(await versions()).toEqual(stored);
      expect(await out('ls -A /run/agents-plane-broker')).toBe('');
      expect(await invocation()).toBe(before);
    });

    test(
      'a good key is stored, the one before destroyed, and the gateway runs on it',
      async () => {
        await addVersion(OWN, KEYS.first);
        const before = await invocation();
        expect(await storeKey(`${KEYS.second}\n`)).toMatchObject({ code: 0, stderr: '' });
        expect(await versions()).toEqual(['2 ENABLED', '1 DESTROYED']);
        // Handed over while it runs: no restart, no conversation dropped.
        expect(await invocation()).toBe(before);
        expect(await stage.agent('allison')).toMatchObject({ state: 'ready', key: 'own' });
        expect(await keyOfNextTurn()).toBe(fingerprintOf(KEYS.second));
      },
      3 * MINUTE,
    );

    test('the same key again is not a version', async () => {
      const before = await invocation();
      expect(await storeKey(KEYS.second)).toMatchObject({ code: 0 });
      expect(await versions()).toEqual(['2 ENABLED', '1 DESTROYED']);
      expect(await out('ls -A /run/agents-plane-broker')).toBe('');
      expect(await invocation()).toBe(before);
    });

    test(
      'a secret that is missing is made again by the plane',
      async () => {
        await stage.google('DELETE', `${SECRETS}/${OWN}`);
        const before = await invocation();
        expect(await storeKey(KEYS.third)).toMatchObject({ code: 0, stderr: '' });
        expect(await versions()).toEqual(['1 ENABLED']);
        // Handed over while it runs: no restart, no conversation dropped.
        expect(await invocation()).toBe(before);
        expect(await stage.agent('allison')).toMatchObject({ state: 'ready', key: 'own' });
      },
      3 * MINUTE,
    );

    describe('no key is left anywhere', () => {
      const patterns = `${Object.values(KEYS).join('\n')}\n`;
      /** `grep` with the keys on its standard input: in argv, it would find itself. */
      const grep = (options: string) =>
        stage.sh('allison', `LC_ALL=C grep ${options}`, { stdin: patterns, timeoutMs: 2 * MINUTE });

      test(
        'in no file of the machine',
        async () => {
          // Proves that the search finds: a file that it must come up with.
          await stage.sh('allison', 'cat > /var/lib/agents-plane/openclaw/found', {
            stdin: `"${KEYS.second}"`,
          });
          const all = '$(find / -maxdepth 1 -mindepth 1 ! -name proc ! -name sys ! -name dev)';
          const found = await grep(`--file=- -rlaF --devices=skip ${all}`);
          await out('rm /var/lib/agents-plane/openclaw/found');
          expect(found.stdout.trim()).toBe('/var/lib/agents-plane/openclaw/found');
        },
        3 * MINUTE,
      );

      test('in no argument list or environment', async () => {
        const found = await grep('--file=- -laF /proc/[0-9]*/cmdline /proc/[0-9]*/environ');
        expect(found.stdout).toBe('');
        const lists = await out('cat /proc/[0-9]*/cmdline | tr "\\0" " "');
        expect(lists).toContain('openclaw-gateway');
      });

      test(
        'not in the journal, nor on the serial port',
        async () => {
          const found = await stage.sh(
            'allison',
            'journalctl --no-pager --all --output=export > /tmp/journal; LC_ALL=C grep --file=- -caF /tmp/journal; grep -c MESSAGE= /tmp/journal; rm /tmp/journal',
            { stdin: patterns },
          );
          const [hits, lines] = found.stdout.trim().split('\n').map(Number);
          expect(hits).toBe(0);
          expect(lines).toBeGreaterThan(100);
          const serial = await stage.serialOutput('allison');
          for (const key of Object.values(KEYS)) expect(serial).not.toContain(key);
        },
        MINUTE,
      );

      test('not in what the plane logs or mails, nor in what Google and the model recorded', async () => {
        const { google, logDir, mailDir, model } = stage.plane;
        const files = await Promise.all(
          [logDir, mailDir].map(async (folder) =>
            Promise.all(
              (await readdir(folder)).map((name) => readFile(join(folder, name), 'utf8')),
            ),
          ),
        );
        const entries = await stage.google('POST', '/v2/entries:list', {
          resourceNames: [`projects/${LOCAL.project.id}`],
        });
        const said = [...files.flat(), google.recording, model.requests, entries].map((part) =>
          JSON.stringify(part),
        );
        expect(google.recording.length).toBeGreaterThan(10);
        expect(files[0]?.join('')).toContain('/v1/self/key-secret');
        for (const key of Object.values(KEYS)) {
          for (const part of said) {
            expect(part).not.toContain(key);
            expect(part).not.toContain(Buffer.from(key).toString('base64'));
          }
        }
      });
    });
  },
);
