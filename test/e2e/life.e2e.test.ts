/** One agent's life, from the one call to the second boot, with everything real that can be. */

import { fingerprintOf } from '../../local/model/server.ts';
import { LOCAL } from '../../local/plane/settings.ts';
import {
  callGateway,
  footprint,
  OPENCLAW,
  openclawConfig,
  SETTLED,
  STATE,
  UNITS,
  WORKSPACE,
} from './support/machine.ts';
import { mailsTo } from './support/mail.ts';
import { canRun, MINUTE, openStage, type Stage, until } from './support/stage.ts';

const SHARED_KEY = 'sk-ant-local-life-0123456789abcdef';
const ALLISON = { user: 'allison@nine30.com', userPhone: '+15551234567' };
const BO = { user: 'bo@nine30.com', userPhone: '+15557654321' };
const PROJECT = `projects/${LOCAL.project.id}`;
const INSTANCES = `/compute/v1/${PROJECT}/zones/${LOCAL.zone}/instances`;
const QUESTION = 'What can you do?';

const host = await canRun('nspawn');

(host.can ? describe : describe.skip)(
  host.can ? 'the life of an agent' : `the life of an agent (skipped: ${host.why})`,
  () => {
    let stage: Stage;
    let created: Awaited<ReturnType<Stage['api']>>;
    let states: string[];
    const out = (script: string): Promise<string> => stage.out('allison', script);
    const welcomes = () => mailsTo(stage.plane.mailDir, ALLISON.user);

    beforeAll(async () => {
      stage = await openStage({ kind: 'nspawn', sharedKey: SHARED_KEY });
      created = await stage.api('POST', '/v1/agents', ALLISON);
      states = await stage.follow('allison', 'ready');
      await out(SETTLED);
    }, 10 * MINUTE);

    afterAll(() => stage?.close(), MINUTE);

    test('the one call is accepted; the agent is provisioned, boots, is ready', async () => {
      expect(created).toMatchObject({ status: 202, body: { name: 'allison' } });
      expect(states).toEqual(['provisioning', 'booting', 'ready']);
      expect(await stage.agent('allison')).toMatchObject({ state: 'ready', key: 'shared' });
    });

    test('its owner has had one welcome mail', async () => {
      const mails = await welcomes();
      expect(mails.map((mail) => mail.subject)).toEqual(['Your AI assistant is ready! 🤖']);
      expect(mails[0]?.to?.map((each) => each.address)).toEqual([ALLISON.user]);
      expect(mails[0]?.from?.address).toBe(LOCAL.mailFrom);
    });

    test('the instance is closed as it should be', async () => {
      const { body } = await stage.google('GET', `${INSTANCES}/agent-allison`);
      const instance = body as {
        networkInterfaces: object[];
        metadata: { items: { key: string; value: string }[] };
      };
      expect(instance).toMatchObject({
        status: 'RUNNING',
        labels: { 'managed-by': 'agents-plane', 'agents-plane-agent': 'allison' },
        serviceAccounts: [{ email: `agent-allison@${LOCAL.project.id}.iam.gserviceaccount.com` }],
        shieldedInstanceConfig: {
          enableSecureBoot: true,
          enableVtpm: true,
          enableIntegrityMonitoring: true,
        },
      });
      expect(instance.networkInterfaces).toHaveLength(1);
      expect(instance.networkInterfaces[0]).not.toHaveProperty('accessConfigs');
      expect(instance.networkInterfaces[0]).not.toHaveProperty('ipv6AccessConfigs');
      const metadata = Object.fromEntries(
        instance.metadata.items.map(({ key, value }) => [key, value]),
      );
      expect(metadata).toMatchObject({
        'enable-oslogin': 'TRUE',
        'block-project-ssh-keys': 'TRUE',
        'enable-guest-attributes': 'TRUE',
      });
      expect(JSON.stringify(metadata)).not.toContain(ALLISON.userPhone);
    });

    test('Google shows what the machine says: guest attributes and serial port', async () => {
      const answer = await stage.google(
        'GET',
        `${INSTANCES}/agent-allison/getGuestAttributes?queryPath=agents-plane%2Fstatus`,
      );
      const { queryValue } = answer.body as { queryValue: { items: { value: string }[] } };
      const status = JSON.parse(queryValue.items[0]?.value ?? '{}');
      expect(status).toMatchObject({ state: 'ready', configVersion: '1', key: 'shared' });
      expect(await stage.serialOutput('allison')).toMatch(/agent: gateway ready/);
    });

    test('Debian 12, systemd, its own units active, none failed', async () => {
      expect(await out('cat /proc/1/comm')).toBe('systemd');
      expect(await out('. /etc/os-release; echo $ID-$VERSION_ID')).toBe('debian-12');
      expect(await out(`systemctl is-active ${UNITS.join(' ')} | sort -u`)).toBe('active');
      expect(await out('systemctl --failed --no-legend')).toBe('');
      expect(await out('systemctl is-active google-guest-agent')).toBe('active');
      // Every time costs the gateway's start 0.15 s (docs/decisions/073).
      expect(await out(`journalctl --no-pager _PID=1 | grep -c 'Reloading\\.$'`)).toBe('1');
    });

    test.each([
      ['600 openclaw', `${STATE}/openclaw.json`],
      ['600 openclaw', `${WORKSPACE}/AGENTS.md`],
      ['600 openclaw', `${WORKSPACE}/BOOTSTRAP.md`],
      ['600 openclaw', `${WORKSPACE}/HEARTBEAT.md`],
      ['600 openclaw', `${STATE}/skills/agents-plane/SKILL.md`],
      ['700 openclaw', STATE],
      ['600 root', '/var/lib/agents-plane/state/gateway-token'],
      ['644 root', '/etc/systemd/system/openclaw-gateway.service'],
      ['644 root', '/etc/agents-plane/metadata-guard.nft'],
      ['755 root', '/usr/local/bin/agent'],
    ])('%s %s', async (expected, path) => {
      expect(await out(`stat -c '%a %U' ${path}`)).toBe(expected);
    });

    test(
      'the agent answers on the key that only Secret Manager held, and goes on to onboard',
      async () => {
        const reply = await out(`agent ask "${QUESTION}"`);
        expect(reply).toContain(`I'm the private agent of ${ALLISON.user}`);
        const turns = stage.plane.model.requests.filter(({ messages }) => messages > 0);
        expect(turns.map(({ keyFingerprint }) => keyFingerprint)).toContain(
          fingerprintOf(SHARED_KEY),
        );
        expect(stage.plane.model.requests.filter(({ status }) => status !== 200)).toEqual([]);
        expect(await out(`ls ${WORKSPACE}`)).toContain('BOOTSTRAP.md');
      },
      MINUTE,
    );

    test('what the agent says stays between it and its owner: no log of the machine has it', async () => {
      expect(await out('journalctl --no-pager --all')).not.toContain('the private agent of');
      expect(await stage.serialOutput('allison')).not.toContain('the private agent of');
      expect(await out('journalctl --no-pager -u openclaw-gateway')).toContain(
        'agent: the gateway is ready',
      );
    });

    test('once the gateway runs, no file holds the key', async () => {
      expect(await out('ls -A /run/openclaw-gateway')).toBe('');
    });

    test(
      'WhatsApp is there, with the seed’s rules, and waits to be linked',
      async () => {
        const { channels } = await callGateway<{ channels: Record<string, object> }>(
          stage,
          'allison',
          'channels.status',
          {},
        );
        expect(channels.whatsapp).toMatchObject({ configured: true, linked: false });
        expect(await openclawConfig(stage, 'allison')).toMatchObject({
          channels: {
            whatsapp: {
              dmPolicy: 'allowlist',
              allowFrom: [ALLISON.userPhone],
              sendReadReceipts: true,
            },
          },
          messages: { ackReaction: '👀', ackReactionScope: 'direct' },
        });
      },
      MINUTE,
    );

    test(
      'the heartbeat’s text is in force, not only in a file',
      async () => {
        const { jobs } = await callGateway<{ jobs: { id: string; declarationKey: string }[] }>(
          stage,
          'allison',
          'cron.list',
          {},
        );
        const id = jobs.find((job) => job.declarationKey === 'heartbeat:main')?.id;
        const found = await callGateway<{ scratch: { content: string } }>(
          stage,
          'allison',
          'cron.scratch.get',
          { id },
        );
        const file = await out(`cat ${WORKSPACE}/HEARTBEAT.md`);
        expect(found.scratch.content.trim()).toBe(file);
        expect(file).toContain('Engagement Rules');
      },
      MINUTE,
    );

    test(
      'systemd finds nothing wrong with the units, and little exposed',
      async () => {
        const files = '/etc/systemd/system/agents-plane*.* /etc/systemd/system/openclaw*.*';
        const verified = await stage.sh('allison', `systemd-analyze verify --man=no ${files} 2>&1`);
        expect(verified).toMatchObject({ code: 0, stdout: '' });
        const lines = await out(
          'cd /etc/systemd/system; for unit in agents-plane*.service openclaw*.service; do ' +
            'systemd-analyze security --no-pager --offline=true $unit | tail -n 1; done',
        );
        const figures = [...lines.matchAll(/for (\S+): ([\d.]+)/g)].map(
          ([, unit, figure]) => [unit, Number(figure)] as const,
        );
        process.stdout.write(`exposure: ${figures.map((pair) => pair.join(' ')).join(', ')}\n`);
        expect(figures).toHaveLength(12);
        for (const [, figure] of figures) expect(figure).toBeLessThanOrEqual(3);
      },
      MINUTE,
    );

    test(
      'a bootstrap with nothing to do does nothing, three times',
      async () => {
        const before = await footprint(stage, 'allison');
        for (const _ of [1, 2, 3]) {
          const { code, stderr } = await stage.sh('allison', 'agent bootstrap');
          expect({ code, stderr }).toEqual({
            code: 0,
            stderr: expect.stringMatching(/^agent: ready after \d+ ms\n$/),
          });
        }
        expect(await footprint(stage, 'allison')).toBe(before);
        expect(await welcomes()).toHaveLength(1);
      },
      MINUTE,
    );

    test(
      'a changed config reaches the running machine; what the owner added is kept',
      async () => {
        await out(`${OPENCLAW} config set channels.telegram.enabled false`);
        const bootId = await out(
          'cat /proc/sys/kernel/random/boot_id; systemctl show -P UserspaceTimestampMonotonic',
        );
        const changed = {
          ...ALLISON,
          userPhone: '+15559998877',
          model: 'anthropic/claude-opus-4-6',
        };
        const answer = await stage.api('POST', '/v1/agents', changed);
        expect(answer).toMatchObject({ status: 202, body: { configVersion: '2' } });
        await until('version 2', async () =>
          (await out('cat /var/lib/agents-plane/state/facts.json')).includes(
            '"configVersion": "2"',
          ),
        );
        await stage.follow('allison', 'ready');
        await out(SETTLED);
        const config = await openclawConfig(stage, 'allison');
        expect(config).toMatchObject({
          agents: { defaults: { model: { primary: 'anthropic/claude-opus-4-6' } } },
          channels: { whatsapp: { allowFrom: ['+15559998877'] }, telegram: { enabled: false } },
          commands: { ownerAllowFrom: ['whatsapp:+15559998877'] },
        });
        expect(config.meta).toHaveProperty('lastTouchedVersion');
        await out(`agent ask "${QUESTION}"`);
        expect(stage.plane.model.requests.at(-1)?.model).toBe('claude-opus-4-6');
        expect(
          await out(
            'cat /proc/sys/kernel/random/boot_id; systemctl show -P UserspaceTimestampMonotonic',
          ),
        ).toBe(bootId);
        expect(await stage.api('POST', '/v1/agents', changed)).toMatchObject({
          status: 200,
          body: { configVersion: '2' },
        });
        expect(await welcomes()).toHaveLength(1);
      },
      3 * MINUTE,
    );

    test(
      'another agent’s machine that gets another program refuses to run it and says so',
      async () => {
        const object = `/upload/storage/v1/b/${LOCAL.bucket}/o?uploadType=media&name=vm%2Fagent.mjs`;
        expect(await stage.google('POST', object, { not: 'the bundle' })).toMatchObject({
          status: 200,
        });
        await stage.api('POST', '/v1/agents', BO);
        await stage.follow('bo', 'failed');
        const { reason } = await stage.agent('bo');
        expect(reason).toMatch(/SHA-256 [0-9a-f]{64}, but [0-9a-f]{64} is pinned\. It was not run/);
        expect(await stage.out('bo', 'ls -A /opt/agents-plane')).toBe('node');
        expect(await stage.serialOutput('bo')).toContain('It was not run');
        expect(await mailsTo(stage.plane.mailDir, BO.user)).toEqual([]);
      },
      2 * MINUTE,
    );

    test(
      'after onboarding and another boot: no BOOTSTRAP.md, no mail, nothing forgotten',
      async () => {
        await out(`rm ${WORKSPACE}/BOOTSTRAP.md; echo kept > ${WORKSPACE}/notes.md`);
        const token = await out('cat /var/lib/agents-plane/state/gateway-token');
        await stage.google('POST', `${INSTANCES}/agent-allison/stop`);
        await stage.follow('allison', 'stopped');
        await until('the machine to be off', async () => {
          const { body } = await stage.google('GET', `${INSTANCES}/agent-allison`);
          return (body as { status: string }).status === 'TERMINATED';
        });
        await stage.google('POST', `${INSTANCES}/agent-allison/start`);
        await stage.follow('allison', 'ready');
        await out(SETTLED);
        expect(await out(`ls ${WORKSPACE}`)).not.toContain('BOOTSTRAP.md');
        expect(await out(`cat ${WORKSPACE}/notes.md`)).toBe('kept');
        expect(await out('cat /var/lib/agents-plane/state/gateway-token')).toBe(token);
        expect(await openclawConfig(stage, 'allison')).toMatchObject({
          channels: { whatsapp: { allowFrom: ['+15559998877'] }, telegram: { enabled: false } },
        });
        const turnsBefore = stage.plane.model.requests.at(-1)?.messages ?? 0;
        await out(`agent ask "${QUESTION}"`);
        expect(stage.plane.model.requests.at(-1)?.messages).toBeGreaterThan(turnsBefore);
        expect(await welcomes()).toHaveLength(1);
        expect(await out(`systemctl is-active ${UNITS.join(' ')} | sort -u`)).toBe('active');
      },
      4 * MINUTE,
    );
  },
);
