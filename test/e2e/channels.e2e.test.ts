/** Telegram, added by one command on the machine: works beside WhatsApp, outlives a reboot, leaves no token anywhere. */

import { LOCAL } from '../../local/plane/settings.ts';
import type { BotHandle } from '../../local/telegram/server.ts';
import { SETTLED, STATE } from './support/machine.ts';
import { mailsTo } from './support/mail.ts';
import { canRun, MINUTE, openStage, type Stage, until } from './support/stage.ts';

const ALLISON = { user: 'allison@nine30.com', userPhone: '+15551234567' };
const TOKEN = '7770001:AA-local-telegram-9f8e7d6c5b4a';
const OWNER = { id: 4242, firstName: 'Allison' };
const STRANGER = { id: 666, firstName: 'Mallory' };
const VERSIONS = `/v1/projects/${LOCAL.project.id}/secrets/agent-allison-channels/versions`;
const INSTANCE = `/compute/v1/projects/${LOCAL.project.id}/zones/${LOCAL.zone}/instances/agent-allison`;

const host = await canRun('nspawn');

(host.can ? describe : describe.skip)(
  host.can ? 'an added channel' : `an added channel (skipped: ${host.why})`,
  () => {
    let stage: Stage;
    let bot: BotHandle;
    const out = (script: string): Promise<string> => stage.out('allison', script);
    /** As the model runs it: under the gateway's user. */
    const channel = (args: string, stdin = '') =>
      stage.sh('allison', `agent channel ${args}`, {
        user: 'openclaw',
        stdin,
        timeoutMs: 3 * MINUTE,
      });
    const gateway = (): Promise<string> =>
      out('systemctl show -P InvocationID openclaw-gateway.service');
    const sentTo = (id: number) => bot.sent.filter(({ chat }) => chat === id).length;
    /** The owner writes, and is answered. */
    const talk = async (text: string): Promise<void> => {
      const before = sentTo(OWNER.id);
      bot.say(OWNER, text);
      await until(`an answer to ${text}`, () => sentTo(OWNER.id) > before);
    };
    const states = async (): Promise<string[]> => {
      const { body } = await stage.google('GET', VERSIONS);
      return (body as { versions: { state: string }[] }).versions.map(({ state }) => state).sort();
    };

    beforeAll(async () => {
      stage = await openStage({ kind: 'nspawn', sharedKey: 'sk-ant-local-shared-3b1c9f7e5d' });
      bot = stage.plane.telegram.bot(TOKEN, 'allison_bot');
      await stage.api('POST', '/v1/agents', ALLISON);
      await stage.follow('allison', 'ready');
      await out(SETTLED);
    }, 10 * MINUTE);

    afterAll(() => stage?.close(), MINUTE);

    test('a token that Telegram does not know is refused, and so is one without an owner', async () => {
      const wrong = await channel('add telegram --owner 4242', '123456:AA-not-a-token-of-anybody');
      expect([wrong.code, wrong.stderr]).toEqual([
        1,
        expect.stringMatching(/Telegram does not accept/),
      ]);
      const nobody = await channel('add telegram', TOKEN);
      expect([nobody.code, nobody.stderr]).toEqual([1, expect.stringMatching(/owner is missing/)]);
      expect((await stage.google('GET', VERSIONS)).status).toBe(404);
    });

    test(
      'added under the running gateway: the owner is answered, a stranger is not, the owner hears of it',
      async () => {
        const before = await gateway();
        expect(await channel('add telegram --owner 4242', TOKEN)).toMatchObject({ code: 0 });
        expect(await gateway()).toBe(before);
        await talk('Hello over Telegram');
        bot.say(STRANGER, 'Let me in');
        await talk('Are you still there?');
        expect(sentTo(STRANGER.id)).toBe(0);
        const mails = await mailsTo(stage.plane.mailDir, ALLISON.user);
        expect(mails.map(({ subject }) => subject)).toContain(
          'Telegram is being added to your assistant',
        );
        expect((await channel('list')).stdout).toMatch(/^telegram: for 4242$/m);
      },
      5 * MINUTE,
    );

    test(
      'it outlives a reboot',
      async () => {
        expect((await stage.google('POST', `${INSTANCE}/reset`)).status).toBe(200);
        await until('the reboot', async () => (await stage.agent('allison')).state !== 'ready');
        await stage.follow('allison', 'ready');
        await talk('And after a reboot?');
        bot.say(STRANGER, 'And now?');
        await talk('Nobody else there?');
        expect(sentTo(STRANGER.id)).toBe(0);
      },
      5 * MINUTE,
    );

    test(
      'its token is in no file, no command line and no journal',
      async () => {
        await out(SETTLED);
        const files = `grep -rlaF -e '${TOKEN}' /etc /var /run /root /home /tmp /opt/agents-plane 2>/dev/null`;
        expect(await out(`${files} || true`)).toBe('');
        expect(
          await out(`cat /proc/[0-9]*/cmdline | tr '\\0' ' ' | grep -c '[l]ocal-telegram' || true`),
        ).toBe('0');
        expect(await out(`journalctl --no-pager | grep -cF '${TOKEN}' || true`)).toBe('0');
        expect(await stage.serialOutput('allison')).not.toContain(TOKEN);
      },
      MINUTE,
    );

    test(
      'removed, it is silent, and its token is destroyed',
      async () => {
        expect(await channel('remove telegram')).toMatchObject({ code: 0 });
        const before = sentTo(OWNER.id);
        bot.say(OWNER, 'Gone?');
        const status = await out(`agent ask "What can you do?"`);
        expect(status).not.toBe('');
        expect(sentTo(OWNER.id)).toBe(before);
        expect(await states()).toEqual(['DESTROYED', 'ENABLED']);
        expect(await out(`grep -c telegram ${STATE}/openclaw.json || true`)).toBe('0');
      },
      3 * MINUTE,
    );
  },
);
