/**
 * A whole first day, as its owner lives it: from the one call to the agent on the owner's own
 * key, and on to the first word that nobody asked for. A scripted model, no step by hand.
 */

import { isHeartbeat } from '../../local/model/answer.ts';
import { onboarding } from '../../local/model/onboarding.ts';
import { fingerprintOf } from '../../local/model/server.ts';
import { LOCAL } from '../../local/plane/settings.ts';
import type { Phone } from '../../local/whatsapp/phone.ts';
import { chat, pairingLinkIn, pairPhone } from '../../scripts/stage/pairing.ts';
import { found, loggedOf } from './support/logged.ts';
import { OPENCLAW, WORKSPACE } from './support/machine.ts';
import { mailsTo } from './support/mail.ts';
import { canRun, MINUTE, openStage, type Stage, until } from './support/stage.ts';

const ALLISON = { user: 'allison@nine30.com', userPhone: '+15551234567' };
const SHARED_KEY = 'sk-ant-local-shared-first-day-0123456789';
const OWN_KEY = 'sk-ant-api03-first-day-0123456789abcdefghijklmnopqrstuvwxyz-ABCDEFGHIJKLMNOP';
const MORNING = 'Good morning, Allison! Two invoices are due today: shall I draft the reminders?';
const INSTANCE = `/compute/v1/projects/${LOCAL.project.id}/zones/${LOCAL.zone}/instances/agent-allison`;

const host = await canRun('nspawn');

(host.can ? describe : describe.skip)(
  host.can ? 'the first day' : `the first day (skipped: ${host.why})`,
  () => {
    let stage: Stage;
    let phone: Phone;
    const out = (script: string): Promise<string> => stage.out('allison', script);
    const say = (text: string): Promise<string> => chat(phone, text);
    const notes = () => out(`cat ${WORKSPACE}/BOOTSTRAP.md`);
    const exists = async (path: string) =>
      (await stage.sh('allison', `test -e ${path}`)).code === 0;
    /** Whose key the last turn's request to the model carried. */
    const keyOfLastTurn = () =>
      stage.plane.model.requests.findLast(({ messages }) => messages > 0)?.keyFingerprint;

    beforeAll(async () => {
      stage = await openStage({ kind: 'nspawn', sharedKey: SHARED_KEY });
      stage.plane.acceptedKeys.add(OWN_KEY);
      stage.plane.model.script(onboarding);
      phone = stage.plane.whatsapp.phone(ALLISON.userPhone);
      await stage.api('POST', '/v1/agents', ALLISON);
      await stage.follow('allison', 'ready');
    }, 10 * MINUTE);

    afterAll(() => stage?.close(), MINUTE);

    test(
      'the welcome mail leads to WhatsApp; the agent writes first',
      async () => {
        const [mail] = await until('the welcome mail', async () => {
          const mails = await mailsTo(stage.plane.mailDir, ALLISON.user);
          return mails.length > 0 && mails;
        });
        const link = pairingLinkIn(mail?.text ?? '');
        const greeting = await pairPhone(phone, link);
        expect(greeting.text).toMatch(/What should I call you\?/);
        // How soon is pairing.e2e's to state: it counts from the link, and this from the scan.
        process.stderr.write(
          `the greeting came ${Math.round(greeting.afterMs)} ms after the scan\n`,
        );
        expect((await fetch(link)).status).toBe(410);
      },
      2 * MINUTE,
    );

    test(
      'it asks one thing at a time, and notes each answer',
      async () => {
        expect(await say("I'm Allison")).toMatch(/^Nice to meet you, Allison!.*vibe/);
        expect(await notes()).toContain('- name: Allison');
      },
      MINUTE,
    );

    test(
      'a restart in the middle: it goes on where it was, and says hello to nobody',
      async () => {
        await out('systemctl restart openclaw-gateway.service');
        await until('WhatsApp', () => phone.devices[0]?.connected, MINUTE);
        expect(await say('Casual is good')).toMatch(/shared API key/);
        expect(await notes()).toMatch(/- name: Allison\n- vibe: Casual is good/);
        expect(
          phone.messages.filter(({ text }) => text.includes('What should I call you')),
        ).toHaveLength(1);
        expect(keyOfLastTurn()).toBe(fingerprintOf(SHARED_KEY));
      },
      2 * MINUTE,
    );

    test(
      'the key is taken, used, and gone from the chat; the conversation goes on',
      async () => {
        const logins = phone.devices[0]?.logins;
        expect(await say(OWN_KEY)).toMatch(/^All set!.*I deleted your message.*about your work/s);
        expect(phone.messages.some(({ text }) => text.includes(OWN_KEY))).toBe(false);
        await until('the own key in use', async () => (await stage.agent('allison')).key === 'own');
        expect(await say('I keep the books of a bakery')).toMatch(/every morning/);
        expect(keyOfLastTurn()).toBe(fingerprintOf(OWN_KEY));
        expect(phone.devices[0]?.logins).toBe(logins);
      },
      2 * MINUTE,
    );

    test(
      'onboarding ends: what it learned is in its own files',
      async () => {
        expect(await say('yes')).toMatch(/set up/);
        expect(await exists(`${WORKSPACE}/BOOTSTRAP.md`)).toBe(false);
        expect(await out(`cat ${WORKSPACE}/USER.md`)).toContain('casual');
      },
      MINUTE,
    );

    test(
      'it writes first when there is something worth it',
      async () => {
        const away = stage.plane.model.script(({ turns }) =>
          turns.some(({ text }) => isHeartbeat(text)) ? MORNING : undefined,
        );
        await out(`${OPENCLAW} system event --text 'Check in' --mode now --json`);
        await phone.until(
          'the first unasked message',
          ({ messages }) => messages.find(({ text }) => text === MORNING),
          MINUTE,
        );
        away();
      },
      2 * MINUTE,
    );

    test(
      'the next boot: no greeting, no onboarding, the own key, the same link',
      async () => {
        await stage.google('POST', `${INSTANCE}/reset`);
        await until('a new boot', async () => (await stage.agent('allison')).state !== 'ready');
        await stage.follow('allison', 'ready');
        await until('WhatsApp', () => phone.devices[0]?.connected, MINUTE);
        await say('Good morning');
        expect(keyOfLastTurn()).toBe(fingerprintOf(OWN_KEY));
        expect(await exists(`${WORKSPACE}/BOOTSTRAP.md`)).toBe(false);
        expect(
          phone.messages.filter(({ text }) => text.includes('What should I call you')),
        ).toHaveLength(1);
      },
      4 * MINUTE,
    );

    test(
      'the key lies nowhere on the machine, nor in what it logged',
      async () => {
        const found = await stage.sh(
          'allison',
          `grep -rlaF --exclude-dir=proc --exclude-dir=sys '${OWN_KEY}' /var /etc /run /home /root /tmp /opt/agents-plane; journalctl --no-pager | grep -cF '${OWN_KEY}'`,
        );
        expect(found.stdout.trim()).toBe('0');
        expect(await stage.serialOutput('allison')).not.toContain(OWN_KEY);
      },
      2 * MINUTE,
    );

    test(
      'no log holds the whole number, nor a word of what was said',
      async () => {
        const logs = await loggedOf(stage, 'allison');
        // What must be there: this search finds.
        const there = ['journal: openclaw-gateway', 'functions: /v1/self/'];
        expect(found(logs, ['openclaw-gateway', '/v1/self/'])).toEqual(
          expect.arrayContaining(there),
        );
        const said = ['books of a bakery', 'Casual is good', 'Two invoices are due', 'call you?'];
        expect(found(logs, [ALLISON.userPhone.slice(1), ...said])).toEqual([]);
      },
      2 * MINUTE,
    );
  },
);
