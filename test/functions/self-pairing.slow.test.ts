/** What a VM reports of its WhatsApp, and the mails that come of it. */

import PostalMime, { type Email } from 'postal-mime';
import { pairingReplyAnswer, welcomeAnswer } from '../../contracts/vm-api.ts';
import { LOCAL } from '../../local/plane/settings.ts';
import { type Answered, type Harness, send, startHarness } from './harness.ts';
import { NUMBER as META } from './support/meta-number.ts';

const QR = `data:image/png;base64,${Buffer.from('a picture of a code').toString('base64').replace(/=*$/, '')}`;
const OWNER = 'allison@nine30.com';
const NUMBER = { whatsappNumber: '+15559876543' };
const SCOPES = 'https://www.googleapis.com/auth/';

let api: Harness;
let vm: Harness;
beforeEach(async () => {
  api = await startHarness({ target: 'api' });
  vm = await startHarness({ target: 'vm', google: api.google });
});
afterEach(async () => {
  await vm.close();
  await api.close();
});

async function provision(more: object = {}): Promise<void> {
  const body = { user: OWNER, userPhone: '+15551234567', ...more };
  const { status } = await send(`${api.plane.url}/v1/agents`, 'POST', await api.idToken(), body);
  expect(status).toBe(202);
  await api.google.compute.operations.idle();
}

const post = async (path: string, body?: object): Promise<Answered> =>
  send(`${vm.plane.url}/v1/self/${path}`, 'POST', await vm.vmToken('allison'), body);
const report = (state: string, at: string): Promise<Answered> =>
  post('channel', { channel: 'whatsapp', state, at });
const agent = async () =>
  (await send(`${api.plane.url}/v1/agents/allison`, 'GET', await api.idToken())).body;
const boxOf = (who: string) => api.google.gmail.mailboxes.list(who);
const mailsOf = (who: string, label: string): Promise<Email[]> =>
  Promise.all(
    boxOf(who)
      .filter(({ labels }) => labels.has(label))
      .map(({ raw }) => PostalMime.parse(raw)),
  );
const linkIn = (mail: Email | undefined): string =>
  /https:\/\/\S+\/pair\/[\w-]+\.[\w-]+/.exec(mail?.text ?? '')?.[0] ?? '';

/** The owner writes a mail of their own. */
async function write(
  subject: string,
  text: string,
  to: string = LOCAL.mailFrom,
  type = 'plain',
): Promise<void> {
  const { accessToken } = api.google.tokens.access(`user:${OWNER}`, [`${SCOPES}gmail.send`]);
  const raw = Buffer.from(
    `To: ${to}\r\nFrom: ${OWNER}\r\nSubject: ${subject}\r\nContent-Type: text/${type}\r\n\r\n${text}`,
  ).toString('base64url');
  const url = `${api.google.restUrl}/gmail/v1/users/me/messages/send`;
  expect((await send(url, 'POST', accessToken, { raw })).status).toBe(200);
}

const EARLY = '2026-11-20T10:00:00.000Z';
const LATER = '2026-11-20T11:00:00.000Z';
const LATEST = '2026-11-20T12:00:00.000Z';

describe('linked: the owner’s own WhatsApp', () => {
  beforeEach(() => provision());

  test('the welcome has the link; once linked, the link is dead and the agent says so', async () => {
    expect((await agent()).channel).toEqual({ state: 'unlinked' });
    expect(welcomeAnswer.parse((await post('welcome')).body)).toEqual({ sent: 'now' });
    const [welcome] = await mailsOf(OWNER, 'INBOX');
    expect(linkIn(welcome)).not.toBe('');
    expect(welcome?.html).toContain(linkIn(welcome));
    expect((await report('linked', LATER)).body).toEqual({});
    expect((await agent()).channel).toEqual({ state: 'linked', since: LATER });
    const again = await send(
      `${api.plane.url}/v1/agents/allison/pairing-link`,
      'POST',
      await api.idToken(),
      {},
    );
    expect([again.status, again.body.error.details[0].problem]).toEqual([412, 'is linked already']);
    expect(boxOf(OWNER)).toHaveLength(1);
  });

  test('logged out: one mail with a fresh link, however often it is reported', async () => {
    await report('linked', EARLY);
    for (const _ of [1, 2, 3]) expect((await report('logged-out', LATER)).status).toBe(200);
    const mails = await mailsOf(OWNER, 'INBOX');
    expect(mails.map(({ subject }) => subject)).toEqual(['We lost our WhatsApp connection']);
    expect(linkIn(mails[0])).not.toBe('');
    expect((await agent()).channel).toEqual({ state: 'logged-out', since: LATER });
    await report('linked', LATEST);
    const another = '2026-11-20T13:00:00.000Z';
    await report('logged-out', another);
    expect(boxOf(OWNER)).toHaveLength(2);
    await report('linked', '2026-11-20T14:00:00.000Z');
    const changed = '2026-11-20T15:00:00.000Z';
    for (const _ of [1, 2]) expect((await report('number-changed', changed)).status).toBe(200);
    const [newest, ...before] = await mailsOf(OWNER, 'INBOX');
    expect(newest?.subject).toBe('Your number was changed: connect your WhatsApp again');
    expect(newest?.text).toMatch(/ends in 67/);
    expect([linkIn(newest) !== '', before.length]).toEqual([true, 2]);
    expect((await agent()).channel).toEqual({ state: 'unlinked', since: changed });
  });

  test('deaf and restored are shown, and nobody is written to', async () => {
    await report('linked', EARLY);
    await report('deaf', LATER);
    expect((await agent()).channel).toEqual({ state: 'deaf', since: LATER });
    await report('restored', LATEST);
    expect((await agent()).channel).toEqual({ state: 'linked', since: LATEST });
    expect(boxOf(OWNER)).toEqual([]);
  });

  test('another phone was scanned: one mail a day, in two digits; the link goes on', async () => {
    const scan = (at: string) => post('wrong-phone', { scanned: '89', expected: '67', at });
    for (const at of [EARLY, EARLY, LATER]) expect((await scan(at)).status).toBe(200);
    const [mail, ...more] = await mailsOf(OWNER, 'INBOX');
    expect([mail?.subject, more]).toEqual(['Another phone scanned your code', []]);
    expect(mail?.text).toMatch(/ends in 89.*ends in 67/s);
    expect(linkIn(mail)).not.toBe('');
    // Another day by the word of the VM alone.
    expect((await scan('2026-11-21T09:00:00.000Z')).status).toBe(200);
    expect(boxOf(OWNER)).toHaveLength(1);
    expect((await agent()).channel).toEqual({ state: 'unlinked' });
    const whole = { scanned: '15550001189', expected: '67', at: EARLY };
    expect((await post('wrong-phone', whole)).status).toBe(400);
  });

  test('a report that comes late changes nothing', async () => {
    await report('linked', LATER);
    await report('logged-out', EARLY);
    expect((await agent()).channel).toEqual({ state: 'linked', since: LATER });
    expect(boxOf(OWNER)).toEqual([]);
  });

  test('the code goes into the owner’s mailbox as a picture, and nowhere else', async () => {
    const until = new Date(Date.now() + 55_000).toISOString();
    expect((await post('pairing-mail', { qr: QR, until })).body).toEqual({});
    const [mail] = await mailsOf(OWNER, 'INBOX');
    expect(mail?.subject).toMatch(/code/);
    expect(mail?.html).toContain('cid:code');
    const [picture] = mail?.attachments ?? [];
    expect([picture?.contentId, picture?.mimeType, picture?.disposition]).toEqual([
      '<code>',
      'image/png',
      'inline',
    ]);
    const content = picture?.content as ArrayBuffer;
    expect(Buffer.from(content).toString()).toBe('a picture of a code');
    expect(linkIn(mail)).not.toBe('');
    // No copy among what the plane has sent.
    expect(boxOf(LOCAL.mailFrom)).toEqual([]);
  });

  test.each<[string, object, number]>([
    ['that is dead', { qr: QR, until: EARLY }, 412],
    ['that dies at once', { qr: QR, until: new Date(Date.now() + 5000).toISOString() }, 412],
    ['that is no picture', { qr: 'https://wa.me/x', until: LATER }, 400],
    ['as SVG', { qr: 'data:image/svg+xml;base64,AAAA', until: LATER }, 400],
    ['too large', { qr: `data:image/png;base64,${'A'.repeat(33_000)}`, until: LATER }, 400],
    ['to somebody else', { qr: QR, until: LATER, to: 'thief@example.org' }, 400],
  ])('a code %s is not mailed', async (_title, body, status) => {
    expect((await post('pairing-mail', body)).status).toBe(status);
    expect(boxOf(OWNER)).toEqual([]);
  });

  test('each reply "connect" counts once', async () => {
    const asked = async (): Promise<boolean> =>
      pairingReplyAnswer.parse((await post('pairing-reply')).body).connect;
    expect(await asked()).toBe(false);
    await write('Re: Your AI assistant is ready!', 'Thanks, I will connect later');
    await write('Re: Your AI assistant is ready!', 'connect', 'bo@nine30.com');
    expect(await asked()).toBe(false);
    await write('Re: Your AI assistant is ready!', 'Connect!\r\n\r\n> It is yours alone');
    const [reply] = boxOf(OWNER);
    const sent = reply?.receivedAt ?? 0;
    // As if it had been sent 31 minutes ago, when the agent was linked or asleep.
    Object.assign(reply ?? {}, { receivedAt: sent - 31 * 60_000 });
    expect(await asked()).toBe(false);
    Object.assign(reply ?? {}, { receivedAt: sent });
    expect([await asked(), await asked()]).toEqual([true, false]);
    await write('connect', '');
    expect(await asked()).toBe(true);
    // HTML alone, read by the one reader that goes through a mail once, whatever is in it.
    const html = '<head><title>Re</title></head><p>&#99;onnect</p><blockquote>Hi</blockquote>';
    await write('Re: Your AI assistant is ready!', html, LOCAL.mailFrom, 'html');
    expect(await asked()).toBe(true);
  });
});

describe('dedicated: a number of the agent’s own', () => {
  beforeEach(() => provision(NUMBER));

  test('the welcome goes out when the number is linked, once', async () => {
    expect((await post('welcome')).body).toEqual({ sent: 'not-yet' });
    expect(boxOf(OWNER)).toEqual([]);
    await report('linked', LATER);
    await report('linked', LATER);
    expect((await post('welcome')).body).toEqual({ sent: 'before' });
    const mails = await mailsOf(OWNER, 'INBOX');
    expect(mails.map(({ text }) => text?.includes('+1 (555) 987-6543'))).toEqual([true]);
    expect(linkIn(mails[0])).toBe('');
  });

  test('lost, it is the administrators who hear of it', async () => {
    await report('linked', EARLY);
    await report('logged-out', LATER);
    const mails = await mailsOf(LOCAL.admin, 'INBOX');
    expect(mails.map(({ subject }) => subject)).toEqual([
      'Agent allison is not on WhatsApp any more',
    ]);
    expect(linkIn(mails[0])).not.toBe('');
    await report('number-changed', LATEST);
    const [newest] = await mailsOf(LOCAL.admin, 'INBOX');
    expect(newest?.subject).toBe('Agent allison has another number: link it');
    expect(newest?.text).toContain('+1 (555) 987-6543');
    expect((await mailsOf(OWNER, 'INBOX')).map(({ subject }) => subject)).toEqual([
      'Your AI assistant is ready! 🤖',
    ]);
  });

  test('another phone was scanned: the administrators hear of it', async () => {
    await post('wrong-phone', { expected: '43', at: EARLY });
    const [mail, ...more] = await mailsOf(LOCAL.admin, 'INBOX');
    expect([mail?.subject, more]).toEqual(['Agent allison: another phone was scanned', []]);
    expect(boxOf(OWNER)).toEqual([]);
  });

  test('its owner has nothing to scan', async () => {
    const until = new Date(Date.now() + 55_000).toISOString();
    expect((await post('pairing-mail', { qr: QR, until })).status).toBe(412);
    expect((await post('pairing-reply')).body).toEqual({ connect: false });
  });
});

describe('a business number', () => {
  const KAPSO = { mode: 'kapso', phoneNumberId: '647015955153740', apiKey: 'kapso-key' };
  const number = async (method: string, body?: object) =>
    send(`${api.plane.url}/v1/agents/allison/whatsapp`, method, await api.idToken(), body);
  const welcomed = async () => welcomeAnswer.parse((await post('welcome')).body).sent;
  beforeEach(() => provision({ ...NUMBER, whatsapp: { mode: 'cloud-api' } }));

  test('the welcome waits until it is connected, and goes out once, whatever becomes of it', async () => {
    expect(await welcomed()).toBe('not-yet');
    expect((await number('POST', META)).status).toBe(200);
    expect((await number('DELETE')).status).toBe(200);
    expect(await welcomed()).toBe('not-yet');
    expect(boxOf(OWNER)).toEqual([]);
    expect((await number('POST', META)).status).toBe(200);
    const path = `${api.plane.url}/v1/agents/allison`;
    const change = { whatsapp: { mode: 'kapso' } };
    expect((await send(path, 'PATCH', await api.idToken(), change)).status).toBe(202);
    // Those of Meta answer nobody at Kapso.
    expect(await welcomed()).toBe('not-yet');
    expect((await number('POST', KAPSO)).status).toBe(200);
    expect([await welcomed(), await welcomed()]).toEqual(['now', 'before']);
    expect((await number('POST', { ...KAPSO, apiKey: 'another-key' })).status).toBe(200);
    expect(await welcomed()).toBe('before');
    const mails = await mailsOf(OWNER, 'INBOX');
    expect(mails.map(({ text }) => text?.includes('+1 (555) 987-6543'))).toEqual([true]);
  });

  test('it has no channel that could be linked', async () => {
    expect((await report('linked', LATER)).status).toBe(412);
    expect((await agent()).channel).toBeUndefined();
  });

  test('deaf is shown until it is restored, and an alert is due when it lasts', async () => {
    expect((await report('deaf', EARLY)).status).toBe(200);
    expect((await agent()).channel).toEqual({ state: 'deaf', since: EARLY });
    const lasting = { channel: 'whatsapp', state: 'deaf', at: EARLY, lasting: true };
    expect((await post('channel', lasting)).status).toBe(200);
    expect((await report('restored', LATER)).status).toBe(200);
    expect((await agent()).channel).toBeUndefined();
    expect(boxOf(OWNER)).toEqual([]);
  });
});
