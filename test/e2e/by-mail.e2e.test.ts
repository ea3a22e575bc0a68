/** An owner who opens no page: the code comes by mail when asked for, the key goes by mail. */

import PostalMime, { type Email } from 'postal-mime';
import { onboarding } from '../../local/model/onboarding.ts';
import { fingerprintOf } from '../../local/model/server.ts';
import { LOCAL } from '../../local/plane/settings.ts';
import { chat } from '../../scripts/stage/pairing.ts';
import { found, loggedOf } from './support/logged.ts';
import { mailsTo } from './support/mail.ts';
import { canRun, MINUTE, openStage, type Stage, until } from './support/stage.ts';

const ALLISON = { user: 'allison@nine30.com', userPhone: '+15551234567' };
const SHARED_KEY = 'sk-ant-local-shared-by-mail-0123456789';
const OWN_KEY = 'sk-ant-api03-by-mail-0123456789abcdefghijklmnopqrstuvwxyz-ABCDEFGHIJKLMNOP';
const WELCOME = 'Your AI assistant is ready! 🤖';

const host = await canRun('nspawn');

(host.can ? describe : describe.skip)(
  host.can ? 'everything by mail' : `everything by mail (skipped: ${host.why})`,
  () => {
    let stage: Stage;
    const boxes = () => stage.plane.google.gmail.mailboxes;
    const phone = () => stage.plane.whatsapp.phone(ALLISON.userPhone);
    const inbox = (): Promise<Email[]> =>
      Promise.all(
        boxes()
          .list(ALLISON.user)
          .filter(({ labels }) => labels.has('INBOX'))
          .map(({ raw }) => PostalMime.parse(raw)),
      );
    const arrived = (what: string, fits: (mail: Email) => boolean, withinMs: number) =>
      until(what, async () => (await inbox()).find(fits), withinMs);
    /** As the owner's mail program sends it. */
    const reply = (subject: string, text: string) => {
      const head = `From: ${ALLISON.user}\r\nTo: ${LOCAL.mailFrom}\r\nSubject: ${subject}`;
      const id = `<${text.length}.${subject.length}@mail.nine30.com>`;
      const type = 'text/plain; charset=utf-8';
      const raw = `${head}\r\nMessage-ID: ${id}\r\nContent-Type: ${type}\r\n\r\n${text}`;
      boxes().deliver(ALLISON.user, Buffer.from(raw));
    };

    beforeAll(async () => {
      stage = await openStage({ kind: 'nspawn', sharedKey: SHARED_KEY });
      stage.plane.acceptedKeys.add(OWN_KEY);
      stage.plane.model.script(onboarding);
      await stage.api('POST', '/v1/agents', ALLISON);
      await stage.follow('allison', 'ready');
    }, 10 * MINUTE);

    afterAll(() => stage?.close(), MINUTE);

    test(
      '"connect": a code comes by mail, and scanning it links',
      async () => {
        await arrived('the welcome mail', ({ subject }) => subject === WELCOME, MINUTE);
        reply(`Re: ${WELCOME}`, 'Connect, please');
        const mail = await arrived(
          'the mail with the code',
          ({ attachments }) => attachments.some(({ mimeType }) => mimeType === 'image/png'),
          2 * MINUTE,
        );
        const picture = mail.attachments.find(({ mimeType }) => mimeType === 'image/png');
        const png = Buffer.from(picture?.content as ArrayBuffer).toString('base64');
        await phone().scan(`data:image/png;base64,${png}`);
        await phone().until(
          'the greeting',
          ({ messages }) => messages.find(({ text }) => text.includes('What should I call you')),
          MINUTE,
        );
        await until('the plane to know', async () => {
          const { channel } = await stage.agent('allison');
          return channel?.state === 'linked';
        });
      },
      4 * MINUTE,
    );

    test(
      'a key in a mail is used, told about, and both copies are in the bin',
      async () => {
        reply('Re: my key', `Here it is: ${OWN_KEY}`);
        await until(
          'the own key in use',
          async () => (await stage.agent('allison')).key === 'own',
          5 * MINUTE,
        );
        const copies = await until('both copies in the bin', () => {
          const found = [ALLISON.user, LOCAL.mailFrom].flatMap((owner) =>
            boxes()
              .list(owner)
              .filter(({ raw }) => raw.includes(OWN_KEY)),
          );
          return found.length === 2 && found.every(({ labels }) => labels.has('TRASH')) && found;
        });
        expect(copies).toHaveLength(2);
        await until('the answer', async () => {
          const mails = await mailsTo(stage.plane.mailDir, ALLISON.user);
          return mails.some(({ subject }) => subject === 'Your API key');
        });
        await chat(phone(), "I'm Allison");
        const turn = stage.plane.model.requests.findLast(({ messages }) => messages > 0);
        expect(turn?.keyFingerprint).toBe(fingerprintOf(OWN_KEY));
      },
      8 * MINUTE,
    );

    test(
      'no log holds a word of a mail, the key, or the whole number',
      async () => {
        const logs = await loggedOf(stage, 'allison');
        expect(found(logs, ['/v1/self/'])).toEqual([
          'functions: /v1/self/',
          'Cloud Logging: /v1/self/',
        ]);
        const mails = ['Connect, please', 'Here it is', 'Re: my key', 'Your key works'];
        expect(found(logs, [OWN_KEY, ALLISON.userPhone.slice(1), ...mails])).toEqual([]);
      },
      2 * MINUTE,
    );
  },
);
