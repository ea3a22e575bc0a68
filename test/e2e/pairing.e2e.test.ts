/** The owner links WhatsApp: on a VM with the real OpenClaw, its plugin, and a local WhatsApp. */

import { LOCAL } from '../../local/plane/settings.ts';
import type { Phone } from '../../local/whatsapp/phone.ts';
import { open, seal } from '../../vm-bootstrap/backup/seal.ts';
import { callGateway, STATE } from './support/machine.ts';
import { mailsTo } from './support/mail.ts';
import { pairingOf, requestCode } from './support/phone.ts';
import { canRun, MINUTE, openStage, type Stage, until } from './support/stage.ts';

const OWNER = '+15551234567';
const STRANGER = '+15550001189';
const ALLISON = { user: 'allison@nine30.com', userPhone: OWNER };
const ZONE = `/compute/v1/projects/${LOCAL.project.id}/zones/${LOCAL.zone}`;
const INSTANCE = `${ZONE}/instances/agent-allison`;
/** Milliseconds from the link to the first message (the issue). */
const GREETING_WITHIN_MS = 10_000;
/** The next code comes when the one before dies; a busy machine takes its time. */
const ROTATION_TOLERANCE_MS = 10_000;
const DATA = '/var/lib/agents-plane';

const host = await canRun('nspawn');

(host.can ? describe : describe.skip)(
  host.can ? 'pairing' : `pairing (skipped: ${host.why})`,
  () => {
    let stage: Stage;
    let phone: Phone;
    /** Every code that was on the screen. */
    const codes: string[] = [];
    const view = () => pairingOf(stage, 'allison');
    const out = (script: string): Promise<string> =>
      stage.out('allison', script, { timeoutMs: 3 * MINUTE });
    const code = (what: string, other = '') =>
      until(
        what,
        async () => {
          const said = await view();
          return said?.qr !== undefined && said.qr !== other && said;
        },
        2 * MINUTE,
      );
    const greetings = () => phone.messages.filter(({ text }) => text?.startsWith('Hey! 👋'));
    const connected = () => phone.devices.find((device) => device.connected);

    beforeAll(async () => {
      stage = await openStage({ kind: 'nspawn', sharedKey: 'sk-ant-local-pair-0123456789abcdef' });
      phone = stage.plane.whatsapp.phone(OWNER);
      await stage.api('POST', '/v1/agents', ALLISON);
      await stage.follow('allison', 'ready');
    }, 10 * MINUTE);
    afterAll(() => stage?.close(), MINUTE);

    test(
      'a code comes when it is asked for, and the next before the first is dead for long',
      async () => {
        await until('idle', async () => (await view())?.state === 'idle');
        await requestCode(stage, 'allison', 'first');
        const first = await code('a code');
        codes.push(first.qr ?? '');
        expect(first).toMatchObject({ state: 'qr', request: 'first', failures: 0 });
        const second = await code('another code', first.qr);
        codes.push(second.qr ?? '');
        expect(Math.abs(Date.parse(second.at) - Date.parse(first.until ?? ''))).toBeLessThan(
          ROTATION_TOLERANCE_MS,
        );
      },
      3 * MINUTE,
    );

    test(
      'a phone of another number is unlinked at once; its owner, the page and the mail say so',
      async () => {
        const stranger = stage.plane.whatsapp.phone(STRANGER);
        await stranger.scan(codes.at(-1) ?? '');
        await stranger.until('an empty list', () => !stranger.devices.length || undefined, MINUTE);
        const next = await code('a fresh code', codes.at(-1));
        codes.push(next.qr ?? '');
        expect(next).toMatchObject({
          failures: 1,
          wrongPhone: { scanned: STRANGER.slice(-2), expected: OWNER.slice(-2) },
        });
        expect(await out('agent status')).toContain('Another phone scanned');
        expect(stranger.messages).toEqual([]);
        expect(await out(`ls ${DATA}/pairing`)).not.toContain('greeting');
        await until('the mail', async () => {
          const mails = await mailsTo(stage.plane.mailDir, ALLISON.user);
          return mails.some(({ subject }) => subject === 'Another phone scanned your code');
        });
      },
      3 * MINUTE,
    );

    test(
      'scanned: linked, and the first message is there within 10 s, in the transcript too',
      async () => {
        await phone.scan(codes.at(-1) ?? '');
        const linked = await until('linked', async () => {
          const said = await view();
          return said?.state === 'linked' && said;
        });
        expect(linked).not.toHaveProperty('qr');
        const greeting = await phone.until('the first message', () => greetings()[0], MINUTE);
        const took = greeting.at - Date.parse(linked.at);
        process.stderr.write(`the first message came ${took} ms after the link\n`);
        expect(took).toBeLessThan(GREETING_WITHIN_MS);
        await until('the report', async () => {
          const memory = JSON.parse(await out(`cat ${DATA}/pairing/pairing.json`));
          return memory.reported === true;
        });
      },
      2 * MINUTE,
    );

    test(
      'no code is in a journal, on the serial port or in any file',
      async () => {
        // Any part of a code will do: the middle of it, as it is written and as bytes.
        const parts = codes.map((each) => each.slice(3_000, 3_060));
        expect(parts.every((part) => part.length === 60)).toBe(true);
        for (const part of parts) {
          const script = `journalctl --no-pager --output=export | grep -c -F '${part}' || true; grep -r -l -F --binary-files=text --devices=skip --exclude-dir=proc --exclude-dir=sys '${part}' / 2>/dev/null || true`;
          expect(await out(script)).toBe('0');
          expect(await stage.serialOutput('allison')).not.toContain(part);
        }
      },
      5 * MINUTE,
    );

    test(
      'neither a restart of both services nor a reboot says hello again',
      async () => {
        const logins = () => phone.devices[0]?.logins ?? 0;
        for (const [what, again] of [
          ['restart', () => out('systemctl restart openclaw-gateway agents-plane-pairing')],
          ['reboot', () => stage.google('POST', `${INSTANCE}/reset`)],
        ] as const) {
          const before = logins();
          await again();
          await until(`a login after the ${what}`, () => logins() > before, 3 * MINUTE);
          await until('linked', async () => connected() && (await view())?.state === 'linked');
        }
        // Whatever might be sent is sent within a few rounds of the service.
        await out('sleep 3');
        expect(greetings()).toHaveLength(1);
      },
      6 * MINUTE,
    );

    test(
      'the credentials are backed up; a VM on a new disk is linked without a scan and does not greet',
      async () => {
        await out('agent backup-whatsapp --now');
        const [device] = phone.devices;
        const before = device?.logins ?? Number.NaN;
        expect(before).toBeGreaterThan(0);
        await remove(INSTANCE);
        await remove(`${ZONE}/disks/agent-allison-data`);
        expect((await stage.api('POST', '/v1/agents', ALLISON)).status).toBe(202);
        await stage.follow('allison', 'ready');
        await phone.until(
          'a login of the same device',
          () => phone.devices.find(({ id, logins }) => id === device?.id && logins > before),
          2 * MINUTE,
        );
        await until('linked', async () => (await view())?.state === 'linked', 2 * MINUTE);
        await out('sleep 3');
        expect(greetings()).toHaveLength(1);
        await phone.sendToSelf('Are you still there?');
        await phone.until(
          'an answer',
          () =>
            phone.messages.find(({ text, device: from }) => from && text?.includes('still there')),
          MINUTE,
        );
      },
      12 * MINUTE,
    );

    test(
      'by hand: a damaged backup and one of another agent change nothing; the right one brings the link back',
      async () => {
        await out('agent backup-whatsapp --now');
        const good = await kept();
        const key = Buffer.from(await secretOf('agent-allison-backup-key'), 'base64');
        // OpenClaw's logout clears the credentials; the phone still lists the device.
        await callGateway(stage, 'allison', 'channels.logout', { channel: 'whatsapp' });
        const files = () => out(`find ${STATE}/credentials -type f 2>/dev/null | sort`);
        const before = await files();
        const bad = {
          damaged: Buffer.concat([good.subarray(0, -1), Buffer.of((good.at(-1) ?? 0) ^ 1)]),
          cut: good.subarray(0, 1000),
          "another agent's": seal(open(good, key, 'allison'), key, 'bo'),
        };
        for (const [what, backup] of Object.entries(bad)) {
          await keep(backup);
          const { code: exit, stderr } = await stage.sh('allison', 'agent restore-whatsapp');
          expect([what, exit, stderr]).toEqual([what, 1, expect.stringMatching(/Nothing was ch/)]);
          expect(await files()).toBe(before);
        }
        await keep(good);
        const logins = phone.devices[0]?.logins ?? 0;
        expect(await out('agent restore-whatsapp')).toContain('The backup is restored');
        await until('a login', () => (phone.devices[0]?.logins ?? 0) > logins && connected());
        expect(await out('agent restore-whatsapp')).toContain('WhatsApp is linked');
        await until('linked', async () => (await view())?.state === 'linked');
        expect(phone.devices).toHaveLength(1);
        expect(greetings()).toHaveLength(1);
      },
      5 * MINUTE,
    );

    /** What the plane keeps for the agent, as Cloud Storage has it. */
    const token = () => stage.plane.google.tokens.access(`user:${LOCAL.admin}`).accessToken;
    const storage = (path: string, init: RequestInit = {}) =>
      fetch(`${stage.plane.google.restUrl}${path}`, {
        ...init,
        headers: { authorization: `Bearer ${token()}` },
      });
    const OBJECT = 'agents/allison/whatsapp';
    async function kept(): Promise<Buffer> {
      const path = `/storage/v1/b/${LOCAL.bucket}/o/${encodeURIComponent(OBJECT)}?alt=media`;
      return Buffer.from(await (await storage(path)).arrayBuffer());
    }
    async function keep(backup: Buffer): Promise<void> {
      const query = `uploadType=media&name=${encodeURIComponent(OBJECT)}`;
      const path = `/upload/storage/v1/b/${LOCAL.bucket}/o?${query}`;
      const body = new Uint8Array(backup);
      expect((await storage(path, { method: 'POST', body })).status).toBe(200);
    }
    async function secretOf(id: string): Promise<string> {
      const path = `/v1/projects/${LOCAL.project.id}/secrets/${id}/versions/latest:access`;
      const { payload } = (await stage.google('GET', path)).body as { payload: { data: string } };
      return Buffer.from(payload.data, 'base64').toString();
    }

    /** Somebody's hands in the console; waits until it is gone. */
    async function remove(path: string): Promise<void> {
      expect((await stage.google('DELETE', path)).status).toBe(200);
      await until(`${path} to go`, async () => (await stage.google('GET', path)).status === 404);
    }
  },
);
