/** What an agent's VM may not do with what it reports: root on it writes these words. */

import { LOCAL } from '../../local/plane/settings.ts';
import { vmToken } from './harness.ts';
import { type InProcess, startInProcess } from './support/in-process.ts';

const OWNER = 'allison@nine30.com';
const SECRET = `/v1/projects/${LOCAL.project.id}/secrets/agent-allison-config`;
const MINUTE_MS = 60_000;

let plane: InProcess;
/** Of the virtual clock, which passes by `pass` and by pauses. */
let passed = 0;
const now = (aheadMs = 0): string => new Date(Date.now() + passed + aheadMs).toISOString();
const pass = (ms: number): void => {
  passed += ms;
  plane.wait(ms);
};

beforeEach(async () => {
  passed = 0;
  plane = await startInProcess();
  const person = { user: OWNER, userPhone: '+15551234567' };
  expect((await plane.call('POST', '/v1/agents', person)).status).toBe(202);
  await plane.google.compute.operations.idle();
});
afterEach(() => plane.close());

async function say(path: string, body: object): Promise<number> {
  const token = await vmToken(plane.google, 'allison', {});
  return (await plane.callVm('POST', `/v1/self/${path}`, body, token)).status;
}
const channel = (state: string, at: string) => say('channel', { channel: 'whatsapp', state, at });
const mails = (who = OWNER) => plane.google.gmail.mailboxes.list(who).length;

/** As Secret Manager is asked by anybody who may. */
async function secret(method: string, path = '', body?: object) {
  const { accessToken } = plane.google.tokens.access(`user:${LOCAL.admin}`);
  const answer = await fetch(`${plane.google.restUrl}${SECRET}${path}`, {
    method,
    headers: { authorization: `Bearer ${accessToken}`, 'content-type': 'application/json' },
    ...(body && { body: JSON.stringify(body) }),
  });
  expect(answer.status).toBe(200);
  return (await answer.json()) as { annotations: Record<string, string> };
}

test('a report has room for its words, and no more', async () => {
  const status = { state: 'ready', at: now() };
  const long = '1'.repeat(65);
  expect(await say('status', status)).toBe(200);
  expect(await say('status', { ...status, at: `${now()}${long}` })).toBe(400);
  expect(await say('status', { ...status, configVersion: long })).toBe(400);
  expect(await say('status', { ...status, bundleSha256: long })).toBe(400);
  expect(await channel('deaf', `2026-11-29T04:00:00.${long}Z`)).toBe(400);
});

test('an agent out of service says nothing any more', async () => {
  expect((await plane.call('POST', '/v1/agents/allison/deprovision')).status).toBe(202);
  expect(await say('status', { state: 'ready', at: now() })).toBe(403);
});

test('a report that leaves no room, from before there was a limit, does not keep an intent from being recorded', async () => {
  const { annotations } = await secret('GET');
  const size = (all: object) => Buffer.byteLength(Object.entries(all).flat().join(''));
  const key = 'agents-plane-status';
  const { [key]: _, ...others } = annotations;
  const status = 'x'.repeat(16_384 - size(others) - key.length);
  await secret('PATCH', '?updateMask=annotations', { annotations: { ...others, [key]: status } });
  expect((await plane.call('POST', '/v1/agents/allison/restart', {})).status).toBe(202);
  expect(await say('status', { state: 'ready', at: now() })).toBe(200);
});

test('a report from the future is refused, and one that stands silences nobody', async () => {
  expect(await channel('logged-out', now(10 * MINUTE_MS))).toBe(400);
  const { annotations } = await secret('GET');
  const ahead = { 'agents-plane-channel': `linked ${now(365 * 24 * 60 * MINUTE_MS)}` };
  await secret('PATCH', '?updateMask=annotations', { annotations: { ...annotations, ...ahead } });
  const before = mails();
  expect(await channel('logged-out', now(MINUTE_MS))).toBe(200);
  expect(mails() - before).toBe(1);
});

test('mails about a link: a handful at once, then one every two hours', async () => {
  const before = mails();
  const statuses = [];
  for (let time = 0; time < 8; time += 1) {
    pass(1000);
    statuses.push(await channel('logged-out', now()));
  }
  expect(statuses).toEqual([...Array(6).fill(200), 429, 429]);
  expect(mails() - before).toBe(6);
  const key = 'agents-plane-link-mails';
  const { annotations } = await secret('GET');
  const earlier = { [key]: `0 ${now(-121 * MINUTE_MS)}` };
  await secret('PATCH', '?updateMask=annotations', { annotations: { ...annotations, ...earlier } });
  expect(await channel('logged-out', now())).toBe(200);
  expect(mails() - before).toBe(7);
});

test('one mail a day about another phone, whatever day the VM says it is', async () => {
  const before = mails();
  for (const day of [0, 1, 2, 3]) {
    const at = now(-day * 24 * 60 * MINUTE_MS);
    expect(await say('wrong-phone', { scanned: '11', expected: '67', at })).toBe(200);
  }
  expect(mails() - before).toBe(1);
});

test("what is forgotten and answered is the owner's own mail to the plane, once", async () => {
  const mail = (from: string, to: string) =>
    Buffer.from(`From: ${from}\r\nTo: ${to}\r\nSubject: s\r\nMessage-ID: <m@x>\r\n\r\nhello\r\n`);
  const { mailboxes } = plane.google.gmail;
  const answer = { subject: 'Your API key', text: 'It is stored.' };
  const forget = (id: string) => say('mail/forget', { id, answer });
  const forged = mailboxes.put(OWNER, mail(OWNER, LOCAL.mailFrom), ['INBOX']);
  const elsewhere = mailboxes.deliver(OWNER, mail(OWNER, 'bo@nine30.com'));
  const before = mails(LOCAL.mailFrom);
  expect([await forget(forged.id), await forget(elsewhere.id)]).toEqual([404, 404]);
  expect(mails(LOCAL.mailFrom)).toBe(before);
  const theirs = mailboxes.deliver(OWNER, mail(OWNER, `Plane <${LOCAL.mailFrom}>`));
  const sent = () => mailboxes.list(LOCAL.mailFrom).filter(({ labels }) => labels.has('SENT'));
  const answers = sent().length;
  expect([await forget(theirs.id), await forget(theirs.id)]).toEqual([200, 200]);
  expect(sent().length - answers).toBe(1);
});
