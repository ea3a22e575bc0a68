/**
 * An agent on a business number: the bridge runs on its VM. Over Meta, whose webhooks the plane
 * takes for a VM that nobody can reach; then over Kapso, which the VM asks by itself.
 */

import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { LOCAL } from '../../local/plane/settings.ts';
import { SETTLED } from './support/machine.ts';
import { canRun, MINUTE, openStage, type Stage, until } from './support/stage.ts';

const OWNER = '15551234567';
const ALLISON = {
  user: 'allison@nine30.com',
  userPhone: `+${OWNER}`,
  whatsappNumber: '+15550001111',
  whatsapp: { mode: 'cloud-api' },
};
const APP_SECRET = 'app-secret-9d41c7';
const INSTANCE = `/compute/v1/projects/${LOCAL.project.id}/zones/${LOCAL.zone}/instances/agent-allison`;

const host = await canRun('nspawn');

(host.can ? describe : describe.skip)(
  host.can ? 'a business number' : `a business number (skipped: ${host.why})`,
  () => {
    let stage: Stage;
    const out = (script: string): Promise<string> => stage.out('allison', script);
    const texts = (sent: Stage['plane']['meta']['number']['sent']): string[] =>
      sent.map(({ request }) => (request.type === 'text' ? request.text.body : ''));
    /** Somebody writes to the number at Meta. @returns whether the plane took the webhook */
    const write = (id: string, body: string): Promise<boolean> => {
      const { meta, pagesUrl } = stage.plane;
      const target = { url: `${pagesUrl}/whatsapp/allison`, secret: APP_SECRET };
      const message = { id, from: OWNER, type: 'text', text: { body } };
      return meta.webhook(target, { messages: [message] });
    };
    const answers = () => stage.plane.meta.number.sent.length;

    beforeAll(async () => {
      stage = await openStage({ kind: 'nspawn', sharedKey: 'sk-ant-local-shared-3b1c9f7e5d' });
      await stage.api('POST', '/v1/agents', ALLISON);
      await stage.follow('allison', 'ready');
      await out(SETTLED);
    }, 10 * MINUTE);

    afterAll(() => stage?.close(), MINUTE);

    test(
      'Meta: connected while the VM runs, a message is answered by the agent, once',
      async () => {
        const { meta, google } = stage.plane;
        // Ready for some time, and nobody was told to write to a number that nobody answers at.
        expect(google.gmail.mailboxes.list(ALLISON.user)).toEqual([]);
        const { status } = await stage.api('POST', '/v1/agents/allison/whatsapp', {
          mode: 'cloud-api',
          phoneNumberId: meta.phoneNumberId,
          accessToken: meta.accessToken,
          appSecret: APP_SECRET,
          verifyToken: 'verify-me',
        });
        expect(status).toBe(200);
        expect(await write('wamid.1', 'Hello over the Cloud API')).toBe(true);
        expect(await write('wamid.1', 'Hello over the Cloud API')).toBe(true);
        await until('an answer', () => answers() > 0, 2 * MINUTE);
        expect(await write('wamid.2', 'Are you still there?')).toBe(true);
        await until('the second answer', () => answers() > 1);
        expect(meta.number.sent.map(({ request }) => request.to)).toEqual([OWNER, OWNER]);
        expect(texts(meta.number.sent).every((text) => text.length > 0)).toBe(true);
        await until('the welcome', () => google.gmail.mailboxes.list(ALLISON.user).length > 0);
      },
      4 * MINUTE,
    );

    test(
      'its credentials are on no disk, in no journal, and in no environment of the gateway',
      async () => {
        for (const secret of [APP_SECRET, stage.plane.meta.accessToken]) {
          const files = `grep -rlaF -e '${secret}' /etc /var /run /root /home /tmp /opt/agents-plane 2>/dev/null || true`;
          expect(await out(files)).toBe('');
          expect(await out(`journalctl --no-pager | grep -cF '${secret}' || true`)).toBe('0');
        }
        const open = `setpriv --reuid=openclaw --regid=openclaw --clear-groups cat /proc/$(systemctl show -P MainPID agents-plane-bridge)/environ 2>&1 || true`;
        expect(await out(open)).toMatch(/Permission denied/);
      },
      MINUTE,
    );

    test('what is open and dead there is told by the line that docs/bridge.md has', async () => {
      const guide = readFileSync(join(import.meta.dirname, '../../docs/bridge.md'), 'utf8');
      const [line = ''] = /^systemd-run .* status$/m.exec(guide) ?? [];
      expect(JSON.parse(await out(line))).toMatchObject({
        channel: { state: 'ok' },
        inbox: { open: 0, dead: 0 },
        outbox: { dead: 0 },
      });
    });

    test(
      'while the VM is down messages wait; it answers them after its boot, in their order',
      async () => {
        const before = answers();
        expect((await stage.api('POST', '/v1/agents/allison/stop')).status).toBe(202);
        await stage.follow('allison', 'stopped');
        expect(await write('wamid.3', 'First while you slept')).toBe(true);
        expect(await write('wamid.4', 'Second while you slept')).toBe(true);
        const subscription = `projects/${LOCAL.project.id}/subscriptions/agent-allison-whatsapp`;
        expect(stage.plane.google.pubsub.waiting(subscription)).toBe(2);
        expect((await stage.api('POST', '/v1/agents/allison/start')).status).toBe(202);
        await until('both answers', () => answers() === before + 2, 4 * MINUTE);
        await until('the queue', () => stage.plane.google.pubsub.waiting(subscription) === 0);
      },
      6 * MINUTE,
    );

    test(
      'Kapso: changed to it while it runs, the VM asks by itself',
      async () => {
        const { kapso } = stage.plane;
        await stage.follow('allison', 'ready');
        await out(SETTLED);
        const mode = { whatsapp: { mode: 'kapso' } };
        expect((await stage.api('PATCH', '/v1/agents/allison', mode)).status).toBe(202);
        const { status } = await stage.api('POST', '/v1/agents/allison/whatsapp', {
          mode: 'kapso',
          phoneNumberId: kapso.phoneNumberId,
          apiKey: kapso.apiKey,
        });
        expect(status).toBe(200);
        await until('the first poll', () => kapso.polls > 0, 2 * MINUTE);
        kapso.say(OWNER, 'Hello over Kapso');
        await until('an answer', () => kapso.number.sent.length > 0);
        kapso.say('15559990000', 'Let me in');
        await until('the refusal', () => kapso.number.sent.length > 1);
        expect(kapso.number.sent.map(({ request }) => request.to)).toEqual([OWNER, '15559990000']);
        expect(texts(kapso.number.sent)[1]).toMatch(/not authorized/);
        expect((await stage.google('GET', INSTANCE)).body).not.toHaveProperty(
          'networkInterfaces.0.accessConfigs',
        );
      },
      4 * MINUTE,
    );

    test(
      'Kapso posts to the plane: it takes from its queue, and answers once',
      async () => {
        const { kapso, pagesUrl, google } = stage.plane;
        const secret = 'kapso-hook-4d21';
        const { body } = await stage.api('POST', '/v1/agents/allison/whatsapp', {
          mode: 'kapso',
          phoneNumberId: kapso.phoneNumberId,
          apiKey: kapso.apiKey,
          webhookSecret: secret,
        });
        expect((body as { webhook?: string }).webhook).toMatch(/\/whatsapp\/allison$/);
        const before = kapso.number.sent.length;
        const id = kapso.say(OWNER, 'Hello by webhook');
        const target = { url: `${pagesUrl}/whatsapp/allison`, secret };
        // What the plane remembers of Meta's credentials it forgets within a minute.
        await until('the plane to take it', () => kapso.webhook(target, [id]), 2 * MINUTE);
        const subscription = `projects/${LOCAL.project.id}/subscriptions/agent-allison-whatsapp`;
        await until('the queue', () => google.pubsub.waiting(subscription) === 0, 2 * MINUTE);
        await until('the answer', () => kapso.number.sent.length > before);
        expect(kapso.number.sent.length).toBe(before + 1);
      },
      4 * MINUTE,
    );
  },
);
