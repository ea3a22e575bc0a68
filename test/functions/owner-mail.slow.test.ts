/** The owner's mailbox through the plane: only the owner's, bounded, and keys that they mail. */

import { readFileSync } from 'node:fs';
import type { Fault } from '../../local/google/gate.ts';
import { LOCAL } from '../../local/plane/settings.ts';
import { until } from '../e2e/support/stage.ts';
import { DOCUMENT } from './fixtures.ts';
import { type Answered, type Harness, send, startHarness, startVm } from './harness.ts';

const SECRETS = `/v1/projects/${LOCAL.project.id}/secrets`;
const OWNER = DOCUMENT.user;
const STRANGER = 'bo@nine30.com';
const KEY = 'sk-ant-api03-mailed-a7d2e8c4b6Zx9Cv5Bn1Mq3Lw7';

let harness: Harness;
let token: string;
/** What becomes of the next mail that the plane sends. */
let nextSend: Fault | undefined;

async function asAdmin(method: string, path: string, body?: object): Promise<Answered['body']> {
  const { accessToken } = harness.google.tokens.access(`user:${LOCAL.admin}`);
  const answer = await send(`${harness.google.restUrl}${path}`, method, accessToken, body);
  if (answer.status !== 200) throw new Error(`${path} answered ${answer.status}`);
  return answer.body;
}

beforeEach(async () => {
  nextSend = undefined;
  const fault = ({ method }: { readonly method: string }): Fault | undefined => {
    if (!/messages.send$/.test(method)) return undefined;
    const next = nextSend;
    nextSend = undefined;
    return next;
  };
  harness = await startHarness({ target: 'vm', fault });
  await asAdmin('POST', `${SECRETS}?secretId=agent-allison-config`, {
    replication: { automatic: {} },
    labels: { 'managed-by': 'agents-plane', 'agents-plane-agent': 'allison' },
    annotations: { 'agents-plane-user': OWNER },
  });
  const data = Buffer.from(JSON.stringify(DOCUMENT)).toString('base64');
  await asAdmin('POST', `${SECRETS}/agent-allison-config:addVersion`, { payload: { data } });
  await startVm(harness.google, 'allison');
  token = await harness.vmToken('allison');
});
afterEach(() => harness.close());

const post = (path: string, body: object = {}) =>
  send(`${harness.plane.url}/v1/self/mail${path}`, 'POST', token, body);
const boxes = () => harness.google.gmail.mailboxes;

/** As if that person had sent it with their own mail program. */
function mail(from: string, to: string, subject: string, text: string, type = 'text/plain') {
  const id = `<${subject.replaceAll(/\W/g, '')}@mail.nine30.com>`;
  const head = `From: ${from}\r\nTo: ${to}\r\nSubject: ${subject}\r\nMessage-ID: ${id}`;
  const raw = Buffer.from(`${head}\r\nContent-Type: ${type}; charset=utf-8\r\n\r\n${text}`);
  return boxes().deliver(from, raw);
}
const idIn = (owner: string, subject: string): string =>
  boxes()
    .list(owner)
    .find(({ raw }) => raw.includes(`Subject: ${subject}`))?.id ?? '';
const binned = (owner: string, subject: string): boolean =>
  boxes().find(owner, idIn(owner, subject))?.labels.has('TRASH') ?? false;

describe('inbox, read, delete', () => {
  test('what is in the inbox, newest first, as many as asked for', async () => {
    for (const subject of ['one', 'two', 'three']) mail(STRANGER, OWNER, subject, 'hello');
    mail(OWNER, STRANGER, 'sent', 'not in the inbox');
    const { body } = await post('/inbox', { limit: 2 });
    expect(body.mails).toMatchObject([
      { subject: 'three', from: STRANGER, id: idIn(OWNER, 'three') },
      { subject: 'two' },
    ]);
    expect((await post('/inbox', { query: 'subject:one' })).body.mails).toHaveLength(1);
    expect((await post('/inbox', { query: 'subject:nothing' })).body).toEqual({ mails: [] });
  });

  test('a mail is text, HTML without its tags, and has an end', async () => {
    mail(STRANGER, OWNER, 'html', '<p>Hello <b>there</b></p>', 'text/html');
    mail(STRANGER, OWNER, 'long', 'x'.repeat(50_000));
    const html = await post('/read', { id: idIn(OWNER, 'html') });
    expect(html.body).toMatchObject({ subject: 'html', text: 'Hello there', cut: false });
    const long = await post('/read', { id: idIn(OWNER, 'long') });
    expect(long.body).toMatchObject({ cut: true, text: 'x'.repeat(20_000) });
  });

  test('deleted is in the bin and out of the inbox; twice is as good', async () => {
    mail(STRANGER, OWNER, 'gone', 'hello');
    const id = idIn(OWNER, 'gone');
    for (const _ of [1, 2]) expect(await post('/delete', { id })).toMatchObject({ status: 200 });
    expect(binned(OWNER, 'gone')).toBe(true);
    expect((await post('/inbox')).body.mails).toEqual([]);
  });

  test('what the plane wrote stays where it is, whoever asks', async () => {
    mail(`Agents Plane <${LOCAL.mailFrom}>`, OWNER, 'warning', 'A channel is being added');
    mail(STRANGER, OWNER, 'theirs', `I am <${LOCAL.mailFrom}>`);
    const refused = await post('/delete', { id: idIn(OWNER, 'warning') });
    expect([refused.status, refused.body.error.code]).toEqual([403, 'PERMISSION_DENIED']);
    expect((await post('/forget', { id: idIn(OWNER, 'warning') })).status).toBe(404);
    expect(binned(OWNER, 'warning')).toBe(false);
    expect((await post('/delete', { id: idIn(OWNER, 'theirs') })).status).toBe(200);
  });

  test("another person's mail is not there, whatever is asked", async () => {
    mail(OWNER, STRANGER, 'theirs', 'private');
    const id = idIn(STRANGER, 'theirs');
    for (const verb of ['/read', '/delete', '/forget']) {
      const { status, body } = await post(verb, { id });
      expect([status, body.error.code]).toEqual([404, 'NOT_FOUND']);
    }
    expect(binned(STRANGER, 'theirs')).toBe(false);
  });

  test('bad input is refused, and what nobody ever had is not found', async () => {
    const bad: [string, object][] = [
      ['/inbox', { limit: 0 }],
      ['/inbox', { limit: 26 }],
      ['/inbox', { limit: '5' }],
      ['/inbox', { query: 'x'.repeat(201) }],
      ['/inbox', { query: 'a\r\nb' }],
      ['/inbox', { owner: STRANGER }],
      ['/read', {}],
      ['/read', { id: '' }],
      ['/read', { id: '../drafts' }],
      ['/read', { id: 'a'.repeat(33) }],
      ['/read', { id: 'abc', owner: STRANGER }],
      ['/delete', { id: 7 }],
      ['/replies', { seen: ['x'] }],
      ['/forget', {}],
    ];
    for (const [path, body] of bad) {
      expect({ path, body, status: (await post(path, body)).status }).toMatchObject({
        status: 400,
      });
    }
    expect((await post('/read', { id: 'abcdef0123456789' })).status).toBe(404);
  });
});

describe('a key by mail', () => {
  test("only the owner's own mails to the plane's address are handed over, each once", async () => {
    mail(OWNER, LOCAL.mailFrom, 'Re: welcome', `Here: ${KEY}`);
    mail(STRANGER, LOCAL.mailFrom, 'forged', KEY);
    mail(OWNER, STRANGER, 'elsewhere', KEY);
    const id = idIn(OWNER, 'Re: welcome');
    expect((await post('/replies')).body).toEqual({ mails: [{ id, text: `Here: ${KEY}` }] });
    expect((await post('/replies', { seen: [id] })).body).toEqual({ mails: [] });
  });

  test('forgotten means binned on both sides, and never handed over again', async () => {
    mail(OWNER, LOCAL.mailFrom, 'Re: key', KEY);
    mail(OWNER, LOCAL.mailFrom, 'Re: other', 'hello');
    const id = idIn(OWNER, 'Re: key');
    for (const _ of [1, 2]) expect((await post('/forget', { id })).status).toBe(200);
    expect(binned(OWNER, 'Re: key')).toBe(true);
    expect(binned(LOCAL.mailFrom, 'Re: key')).toBe(true);
    expect(binned(LOCAL.mailFrom, 'Re: other')).toBe(false);
    expect((await post('/replies')).body.mails).toHaveLength(1);
  });

  test('its owner is told once, also when the agent may not mail any more', async () => {
    mail(OWNER, LOCAL.mailFrom, 'Re: key', KEY);
    const id = idIn(OWNER, 'Re: key');
    const note = { subject: 'A note', text: 'x' };
    const sent = await Promise.all(Array.from({ length: 3 }, () => post('', note)));
    expect(sent.map(({ status }) => status)).toEqual([200, 200, 200]);
    while ((await post('', note)).status === 200);
    const answer = { subject: 'Your API key', text: 'All set!' };
    for (const _ of [1, 2]) expect((await post('/forget', { id, answer })).status).toBe(200);
    const told = boxes()
      .list(OWNER)
      .filter(({ raw }) => raw.includes('Subject: Your API key'));
    expect(told).toHaveLength(1);
  });

  test('an answer that failed: the mail is still there to be answered, once', async () => {
    const answer = { subject: 'Your API key', text: 'All set!' };
    const times: [Fault['when'], number][] = [
      ['before', 1],
      ['after', 2],
    ];
    for (const [when, answers] of times) {
      mail(OWNER, LOCAL.mailFrom, `Re: ${when}`, KEY);
      const id = idIn(OWNER, `Re: ${when}`);
      nextSend = { when, status: 'UNAVAILABLE' };
      expect((await post('/forget', { id, answer })).status).toBe(503);
      expect((await post('/replies')).body.mails).toMatchObject([{ id }]);
      expect((await post('/forget', { id, answer })).status).toBe(200);
      const both = [OWNER, LOCAL.mailFrom].map((owner) => binned(owner, `Re: ${when}`));
      expect(both).toEqual([true, true]);
      const raws = boxes().list(OWNER);
      expect(raws.filter(({ raw }) => raw.includes('Subject: Your API key'))).toHaveLength(answers);
    }
  });

  test('no log line of the plane has a word of it', async () => {
    mail(OWNER, LOCAL.mailFrom, 'Re: secret subject', KEY);
    await post('/replies');
    await post('/read', { id: idIn(OWNER, 'Re: secret subject') });
    await post('/inbox', { query: 'subject:secret' });
    // Another process writes it, a moment after it has answered.
    const log = await until('the last line', () => {
      const text = readFileSync(harness.logFile, 'utf8');
      return text.includes('/v1/self/mail/inbox') && text;
    });
    expect(log).not.toMatch(/sk-ant|secret subject|subject:secret/);
  });
});

test('an agent cannot flood its owner: 429 after the burst, and the mails before went out', async () => {
  const statuses: number[] = [];
  for (let index = 0; index < 22; index++) {
    statuses.push((await post('', { subject: `s${index}`, text: 'x' })).status);
  }
  expect(statuses.filter((status) => status === 200)).toHaveLength(20);
  expect(statuses.slice(20)).toEqual([429, 429]);
  expect(boxes().list(LOCAL.mailFrom)).toHaveLength(20);
  const notice = { channel: 'slack', owner: 'U012AB3CD' };
  const announced = await send(
    `${harness.plane.url}/v1/self/channel-notice`,
    'POST',
    token,
    notice,
  );
  expect(announced.status).toBe(200);
  // Quoted-printable: a line that ends in = goes on.
  const raw = (boxes().list(OWNER)[0]?.raw.toString() ?? '').replaceAll('=\r\n', '');
  expect(raw).toMatch(/Subject: Slack is being added to your assistant/);
  expect(raw).toMatch(/by the Slack user U012AB3CD/);
});
