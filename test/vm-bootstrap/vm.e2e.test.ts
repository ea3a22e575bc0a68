/** One agent's whole life on a real machine: Debian, systemd, OpenClaw, our one file. */

import { readFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { METADATA_KEYS } from '../../contracts/instance-metadata.ts';
import type { Hypervisor, Machine } from '../../local/machine.ts';
import { chooseHypervisor } from '../../local/machines/choose.ts';
import { ensureImage } from '../../local/machines/image.ts';
import { createNspawnHypervisor } from '../../local/machines/nspawn.ts';
import { createAuthority } from '../../local/plane/authority.ts';
import { createFront, type Front } from '../../local/plane/front.ts';
import {
  type Cloud,
  CONFIG,
  DOCUMENT,
  GOOD_KEY,
  OTHER_GOOD_KEY,
  OWN,
  SHARED,
  startCloud,
} from './support/cloud.ts';

const CACHE = process.env.AGENTS_PLANE_CACHE ?? join(homedir(), '.cache/agents-plane');
const RUN_DIR = join(CACHE, 'run-of-vm-tests');
const BUNDLE = join(import.meta.dirname, '../../dist/vm/agent.mjs');
const MINUTE = 60_000;
const WORKSPACE = '/var/lib/agents-plane/openclaw/workspace';
const DISKS = [{ name: 'agent-allison-data', deviceName: 'agents-plane-data' }];
/** As the plane's startup script does it, without the check of the digest. */
const STARTUP = `#!/bin/sh
set -e
curl -sSf -o /opt/agents-plane/agent.mjs https://storage.googleapis.com/agent.mjs
exec /opt/agents-plane/node/bin/node /opt/agents-plane/agent.mjs bootstrap
`;

const choice = await chooseHypervisor(RUN_DIR, process.getuid?.() ?? -1);
const real = choice.kind === 'nspawn';

(real ? describe : describe.skip)(
  real ? "an agent's VM" : `an agent's VM (skipped: ${choice.reason})`,
  () => {
    let cloud: Cloud;
    let hypervisor: Hypervisor;
    let front: Front;
    let machine: Machine;
    let console_ = '';

    const sh = async (script: string, user?: string) =>
      machine.exec(['/bin/sh', '-c', script], { timeoutMs: MINUTE, ...(user && { user }) });
    const out = async (script: string, user?: string): Promise<string> =>
      (await sh(script, user)).stdout.trim();

    /** Waits for a status that the machine publishes after `from`. */
    async function published(state: string, from = 0): Promise<void> {
      for (;;) {
        const said = cloud.statuses.slice(from);
        if (said.some((status) => status.state === state)) return;
        await new Promise((resolve) => setTimeout(resolve, 100));
      }
    }

    const boot = async (): Promise<void> => {
      machine = await hypervisor.boot({ name: 'agent-allison', dataDisks: DISKS }, (chunk) => {
        console_ += chunk;
      });
    };

    beforeAll(async () => {
      const image = await ensureImage({ cacheDir: CACHE, env: process.env });
      cloud = await startCloud();
      cloud.dropOverrides();
      cloud.attributes['startup-script'] = STARTUP;
      cloud.attributes[METADATA_KEYS.configVersion] = '1';
      await cloud.createSecret(CONFIG, 'secretAccessor');
      await cloud.addVersion(CONFIG, JSON.stringify(DOCUMENT));
      await cloud.createSecret(OWN, 'secretAccessor', 'secretVersionManager');
      await cloud.createSecret(SHARED, 'secretAccessor');
      const authority = await createAuthority(Date.now);
      const bundle = readFileSync(BUNDLE);
      const hosts = {
        ...cloud.hosts,
        'storage.googleapis.com': (_: unknown, response: { end(body: Buffer): void }) =>
          response.end(bundle),
      };
      hypervisor = await createNspawnHypervisor({
        image,
        runDir: RUN_DIR,
        hosts: Object.keys(hosts),
        caCertificate: authority.certificate,
      });
      front = createFront(hosts, authority);
      hypervisor.onConnection(({ socket, port }) =>
        port === 80 ? cloud.acceptMetadata(socket) : front.accept(socket),
      );
      await boot();
    }, 10 * MINUTE);

    afterAll(async () => {
      if (process.env.SHOW_CONSOLE) process.stderr.write(console_);
      await hypervisor?.close();
      await front?.close();
      await cloud?.close();
    }, MINUTE);

    test(
      'without any key it fails with a reason, and recovers by itself when one appears',
      async () => {
        await published('failed');
        expect(cloud.statuses.find((status) => status.state === 'failed')?.reason).toMatch(
          /No API key/,
        );
        expect(await out('journalctl -u openclaw-gateway --no-pager')).toMatch(/No API key/);
        expect(cloud.asked).toEqual([]);
        await cloud.addVersion(SHARED, GOOD_KEY);
        await published('ready');
        expect(cloud.statuses.at(-1)).toMatchObject({ state: 'ready', key: 'shared' });
      },
      3 * MINUTE,
    );

    test(
      'it answers, its units run, its owner is welcomed',
      async () => {
        const reply = await machine.exec(['agent', 'ask', 'What can you do?'], {
          timeoutMs: MINUTE,
        });
        expect(reply).toMatchObject({ code: 0 });
        expect(reply.stdout.trim().length).toBeGreaterThan(0);
        for (const unit of [
          'openclaw-gateway',
          'agents-plane-watch',
          'agents-plane-broker.socket',
        ]) {
          expect(await out(`systemctl is-active ${unit}`)).toBe('active');
        }
        // The unit that tries again (30 s apart) brings the heartbeat and the mail.
        while (!cloud.asked.includes('/v1/self/welcome'))
          await new Promise((resolve) => setTimeout(resolve, 200));
        expect(await out(`test -e ${WORKSPACE}/BOOTSTRAP.md && echo there`)).toBe('there');
      },
      2 * MINUTE,
    );

    test("the gateway's user cannot reach the metadata server; the broker's can", async () => {
      const ask = 'curl -s -m 3 -o /dev/null -w %{http_code} -H "Metadata-Flavor: Google" ';
      const url = 'http://169.254.169.254/computeMetadata/v1/project/project-id';
      expect(await out(`${ask} ${url}`, 'openclaw')).toBe('000');
      expect(await out(`${ask} ${url}`, 'agents-plane')).toBe('200');
      expect((await sh('cat /var/lib/agents-plane/state/gateway-token', 'openclaw')).code).not.toBe(
        0,
      );
    });

    test(
      'store-key: the broker knows its caller, the key is stored, the gateway runs on it',
      async () => {
        const from = cloud.statuses.length;
        const asked = await machine.exec(['agent', 'store-key'], {
          stdin: OTHER_GOOD_KEY,
          user: 'openclaw',
          timeoutMs: MINUTE,
        });
        expect(asked).toMatchObject({ code: 0, stderr: '' });
        expect(await cloud.versions(OWN)).toEqual(['1 ENABLED']);
        await published('ready', from);
        expect(cloud.statuses.at(-1)).toMatchObject({ state: 'ready', key: 'own' });
        const refused = await machine.exec(['agent', 'store-key'], {
          stdin: 'sk-ant-bad-000000000000000',
          user: 'openclaw',
        });
        expect(refused.code).toBe(1);
        expect(refused.stderr).toMatch(/does not accept/);
        expect(
          (await machine.exec(['agent', 'store-key'], { stdin: GOOD_KEY, user: 'nobody' })).code,
        ).toBe(1);
      },
      2 * MINUTE,
    );

    test(
      'no key is in any file, journal or argument list',
      async () => {
        for (const key of [GOOD_KEY, OTHER_GOOD_KEY]) {
          // The pattern is written so that grep does not find itself.
          const pattern = `[${key[0]}]${key.slice(1)}`;
          const found = await out(
            `grep -rlI "${pattern}" /etc /home /opt/agents-plane /root /run /srv /tmp /usr/local /var 2>/dev/null; ` +
              `grep -rla "${pattern}" /var/lib/agents-plane /var/log 2>/dev/null; ` +
              `journalctl --no-pager | grep -c "${pattern}" | grep -v '^0$'; ` +
              `grep -la "${pattern}" /proc/[0-9]*/cmdline 2>/dev/null`,
          );
          expect(found).toBe('');
        }
      },
      2 * MINUTE,
    );

    test(
      'a changed config reaches the VM by itself; a second bootstrap changes nothing',
      async () => {
        const from = cloud.statuses.length;
        await cloud.addVersion(CONFIG, JSON.stringify({ ...DOCUMENT, userPhone: '+15557654321' }));
        cloud.setAttribute(METADATA_KEYS.configVersion, '2');
        await published('ready', from);
        while (
          !(await out('cat /var/lib/agents-plane/state/facts.json')).includes(
            '"configVersion": "2"',
          )
        )
          await new Promise((resolve) => setTimeout(resolve, 200));
        expect(await out('cat /var/lib/agents-plane/openclaw/openclaw.json')).toContain(
          '+15557654321',
        );
        while ((await out('systemctl is-active agents-plane-bootstrap.service')) === 'activating')
          await new Promise((resolve) => setTimeout(resolve, 200));
        const pid = await out('systemctl show -P MainPID openclaw-gateway');
        const again = await machine.exec(['agent', 'bootstrap'], { timeoutMs: MINUTE });
        expect(again).toMatchObject({ code: 0 });
        expect(again.stderr).toMatch(/^agent: ready after \d+ ms\n$/);
        expect(await out('systemctl show -P MainPID openclaw-gateway')).toBe(pid);
      },
      3 * MINUTE,
    );

    test(
      'after onboarding and a reboot: no second welcome, no BOOTSTRAP.md',
      async () => {
        await sh(`rm ${WORKSPACE}/BOOTSTRAP.md`);
        await machine.stop();
        const from = cloud.statuses.length;
        await boot();
        await published('ready', from);
        while ((await out('systemctl is-active google-startup-scripts')) === 'activating')
          await new Promise((resolve) => setTimeout(resolve, 200));
        expect(await out(`ls ${WORKSPACE}`)).not.toContain('BOOTSTRAP.md');
        expect(cloud.asked.filter((path) => path === '/v1/self/welcome')).toHaveLength(1);
      },
      3 * MINUTE,
    );
  },
);
