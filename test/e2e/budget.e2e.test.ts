/** A month's money from the first mail to the last dollar and back, in a VM, with the owner's phone. */

import { SHARED_KEY_SECRET } from '../../contracts/names.ts';
import { lastUserText } from '../../local/model/conversation.ts';
import { LOCAL } from '../../local/plane/settings.ts';
import { SETTLED } from './support/machine.ts';
import { mailsTo } from './support/mail.ts';
import { linkPhone } from './support/phone.ts';
import { canRun, MINUTE, openStage, type Stage, until } from './support/stage.ts';

const BUDGET = 10;
const AGENT_NUMBER = '+15559876543';
const ALLISON = {
  user: 'allison@nine30.com',
  userPhone: '+15551234567',
  whatsappNumber: AGENT_NUMBER,
  budget: BUDGET,
  timezone: 'Europe/Vienna',
};
const SHARED = 'sk-ant-local-shared-3b1c9f7e5d';
const ACCOUNT = `serviceAccount:agent-allison@${LOCAL.project.id}.iam.gserviceaccount.com`;
const SECRET = `/v1/projects/${LOCAL.project.id}/secrets/${SHARED_KEY_SECRET}/versions/latest:access`;
/** claude-sonnet-4-6, USD a token that comes out. */
const OUTPUT_PRICE = 15 / 1e6;
const NOTICE = /^This month's budget of \$10 is used up/;

const host = await canRun('nspawn');

(host.can ? describe : describe.skip)(
  host.can ? 'the budget' : `the budget (skipped: ${host.why})`,
  () => {
    let stage: Stage;
    const ask = (text: string): Promise<string> => stage.out('allison', `agent ask "${text}"`);
    /** One turn that costs this much; the rest of it costs some cents. */
    const spend = async (dollars: number): Promise<void> => {
      expect(await ask(`Spend ${dollars} dollars`)).toBe(`That was ${dollars} dollars.`);
    };
    const budgetMails = async (address: string): Promise<string[]> => {
      const mails = await mailsTo(stage.plane.mailDir, address);
      return mails.flatMap(({ subject }) => (/budget/.test(subject ?? '') ? (subject ?? '') : []));
    };
    const mayReadSharedKey = async (): Promise<boolean> =>
      (await stage.google('GET', SECRET, undefined, ACCOUNT)).status === 200;
    const gateway = (): Promise<string> =>
      stage.out('allison', 'systemctl show -P InvocationID openclaw-gateway.service');
    const phone = () => stage.plane.whatsapp.phone(ALLISON.userPhone);
    const notices = (): number =>
      phone().messages.filter(({ text = '' }) => NOTICE.test(text)).length;
    const modelRequests = (): number => stage.plane.model.requests.length;

    beforeAll(async () => {
      stage = await openStage({ kind: 'nspawn', sharedKey: SHARED });
      stage.plane.model.script((request) => {
        const [, dollars] = /Spend ([\d.]+) dollars/.exec(lastUserText(request)) ?? [];
        if (dollars === undefined) return undefined;
        const output = Math.round(Number(dollars) / OUTPUT_PRICE);
        return { text: `That was ${dollars} dollars.`, toolCalls: [], usage: { input: 0, output } };
      });
      await stage.api('POST', '/v1/agents', ALLISON);
      await stage.follow('allison', 'ready');
      await stage.out('allison', SETTLED);
      await linkPhone(stage, 'allison', AGENT_NUMBER);
    }, 10 * MINUTE);

    afterAll(() => stage?.close(), MINUTE);

    test(
      'what is spent shows in the agent, and 80 and 95 % are mailed, by themselves',
      async () => {
        await spend(8.1);
        await until('the first mail', async () => (await budgetMails(ALLISON.user)).length === 1);
        expect((await stage.agent('allison')).spend?.usd).toBeGreaterThanOrEqual(8.1);
        await spend(1.45);
        await until('the second mail', async () => (await budgetMails(ALLISON.user)).length === 2);
        expect(await mayReadSharedKey()).toBe(true);
      },
      6 * MINUTE,
    );

    test(
      'at 100 % the key is gone from Google and from the gateway, which stays up; the owner is told once',
      async () => {
        const before = await gateway();
        await spend(1);
        await until('the notice', () => notices() === 1);
        expect(await mayReadSharedKey()).toBe(false);
        await until('the VM', async () => (await stage.agent('allison')).key === 'none');
        expect(await budgetMails(ALLISON.user)).toHaveLength(3);
        expect(await budgetMails(LOCAL.admin)).toHaveLength(1);
        expect((await stage.agent('allison')).spend).toMatchObject({ withdrawn: true });

        const asked = modelRequests();
        expect(await ask('Are you there?')).toMatch(NOTICE);
        await phone().send(AGENT_NUMBER, 'Are you there?');
        await until('the answer on WhatsApp', () => notices() === 2);
        expect(modelRequests()).toBe(asked);
        expect(await gateway()).toBe(before);
        expect(await stage.out('allison', 'agent status')).toMatch(
          /Spent \$10\.\d\d of \$10\.00 in .*: the shared API key is withdrawn/,
        );
      },
      5 * MINUTE,
    );

    test(
      'a gateway that starts meanwhile comes up all the same, without a key',
      async () => {
        const before = await gateway();
        await stage.out('allison', 'systemctl restart --no-block openclaw-gateway');
        await until('the restart', async () => (await gateway()) !== before);
        const active = 'systemctl is-active openclaw-gateway';
        await until('the gateway', async () => (await stage.sh('allison', active)).code === 0);
        const asked = modelRequests();
        expect(await ask('And now?')).toMatch(NOTICE);
        expect(modelRequests()).toBe(asked);
      },
      4 * MINUTE,
    );

    test(
      'a higher budget opens it again, without a restart; nothing was mailed twice',
      async () => {
        const before = await gateway();
        expect((await stage.api('POST', '/v1/agents', { ...ALLISON, budget: 50 })).status).toBe(
          202,
        );
        await until('the key', async () => (await stage.agent('allison')).key === 'shared');
        expect(await mayReadSharedKey()).toBe(true);
        await spend(0.5);
        expect(await gateway()).toBe(before);
        expect(await budgetMails(ALLISON.user)).toHaveLength(3);
        // Two answers and the one that came unasked.
        expect(notices()).toBe(2);
      },
      4 * MINUTE,
    );
  },
);
