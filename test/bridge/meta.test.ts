import { deadList } from '../../bridge/cli/commands.ts';
import { repliesOf } from '../../bridge/handlers/openclaw/replies.ts';
import { createLog, logEvents } from '../../bridge/observe/log.ts';
import { createMeta, type MetaOptions } from '../../bridge/transports/meta/meta.ts';
import { listenAt } from '../../bridge/transports/webhook-server.ts';
import { type MetaServer, startMeta } from '../../local/meta/server.ts';
import { echo, handlerOf, say, startBridge, until } from './support/bridge.ts';

const APP_SECRET = 'app-secret';
const ALICE = '15550001111';

let meta: MetaServer;
beforeEach(async () => {
  meta = await startMeta();
});
afterEach(() => meta.close());

const transport = (options: Partial<MetaOptions> = {}) =>
  createMeta({
    baseUrl: meta.baseUrl,
    accessToken: 'EAALocalToken',
    phoneNumberId: meta.phoneNumberId,
    appSecret: APP_SECRET,
    verifyToken: 'verify-me',
    open: listenAt('127.0.0.1:0'),
    ...options,
  });
const targetOf = (it: { port: number | undefined }) => ({
  url: `http://127.0.0.1:${it.port}/webhook`,
  secret: APP_SECRET,
});
const text = (id: string, body: string, from: object = { from: ALICE }): object => ({
  id,
  timestamp: '1795000000',
  type: 'text',
  text: { body },
  ...from,
});
const bodies = (): string[] =>
  meta.number.sent.map(({ request }) => (request.type === 'text' ? request.text.body : ''));

test('verification', async () => {
  const it = transport();
  await using _bridge = await startBridge(it);
  const { url } = targetOf(it);
  expect(await meta.verify(url, 'verify-me', '1158201444')).toEqual({
    status: 200,
    text: '1158201444',
  });
  expect(await meta.verify(url, 'guess', '1')).toMatchObject({ status: 403 });
});

test('a message is answered once, however often Meta repeats it; a forged one never', async () => {
  const it = transport();
  await using _bridge = await startBridge(it);
  const value = {
    contacts: [{ wa_id: ALICE, profile: { name: 'Alice' } }],
    messages: [text('m1', 'hi')],
  };
  expect(await meta.webhook({ ...targetOf(it), secret: 'forged' }, value)).toBe(false);
  expect(await meta.webhook(targetOf(it), value)).toBe(true);
  expect(await meta.webhook(targetOf(it), value)).toBe(true);
  await until('an answer', () => meta.number.sent.length === 1);
  expect(bodies()).toEqual(['echo hi']);
  await until('the blue ticks', () => meta.number.read.length === 1);
  expect(meta.number.read[0]).toMatchObject({
    message_id: 'm1',
    typing_indicator: { type: 'text' },
  });
});

test("another number's messages are not ours, though they come to the same address", async () => {
  const it = transport();
  await using bridge = await startBridge(it);
  expect(await meta.webhook(targetOf(it), { messages: [text('m1', 'hi')] }, '999')).toBe(true);
  expect(bridge.events).toEqual([]);
});

test('a sender without a phone number is a sender like others', async () => {
  const it = transport();
  await using _bridge = await startBridge(it);
  const user = 'US.13491208655302741918';
  const value = {
    contacts: [{ user_id: user, profile: { name: 'Bo' } }],
    messages: [text('m1', 'hi', { from_user_id: user })],
  };
  expect(await meta.webhook(targetOf(it), value)).toBe(true);
  await until('an answer', () => meta.number.sent.length === 1);
  expect(meta.number.sent[0]?.request).toMatchObject({ recipient: user });
  expect(meta.number.sent[0]?.request).not.toHaveProperty('to');
});

test('an expired token: nothing is lost, everything waits, the operator is told', async () => {
  const it = transport();
  await using bridge = await startBridge(it);
  meta.accessToken = 'renewed';
  await meta.webhook(targetOf(it), { messages: [text('m1', 'hi')] });
  await until('a rest', () => bridge.events.some(({ type }) => type === 'send-rest'));
  expect(bridge.events.find(({ type }) => type === 'send-rest')).toMatchObject({
    note: 'WhatsApp error 190: renew the token',
  });
  expect(bridge.store.outbox.depth()).toMatchObject({ open: 1, dead: 0 });
});

test('a send whose answer was lost, and which a status confirms: it is not repeated', async () => {
  const it = transport();
  await using bridge = await startBridge(it, { unsureMs: 400 });
  meta.number.failNext({ kind: 'cut-after' });
  await meta.webhook(targetOf(it), { messages: [text('m1', 'hi')] });
  await until('the send', () => meta.number.sent.length === 1);
  await until('the doubt', () => bridge.events.some(({ type }) => type === 'send-again'));
  const [sent] = meta.number.sent;
  if (sent) expect(await meta.status(targetOf(it), sent, 'delivered')).toBe(true);
  await new Promise((resolve) => setTimeout(resolve, 600));
  expect(meta.number.sent).toHaveLength(1);
  expect(bridge.store.outbox.depth()).toMatchObject({ open: 0, dead: 0 });
});

test('a linked file that WhatsApp cannot fetch costs its sender none of the words', async () => {
  const it = transport();
  const given = { text: 'The **report** is ready.', mediaUrl: 'https://gone.example/report.png' };
  const handler = handlerOf(() => ({ kind: 'replies', replies: repliesOf(given, 'm1') }));
  await using bridge = await startBridge(it, { handler });
  await meta.webhook(targetOf(it), { messages: [text('m1', 'hi')] });
  await until('the file', () => meta.number.sent.some(({ request }) => request.type === 'image'));
  const picture = meta.number.sent.find(({ request }) => request.type === 'image');
  if (!picture) throw new Error('no picture was sent');
  // Taken with a 200; that its address leads nowhere is found out later.
  expect(await meta.status(targetOf(it), picture, 'failed', 131053)).toBe(true);
  const note = 'not delivered: WhatsApp error 131053';
  expect(bridge.store.outbox.dead(10)).toMatchObject([{ note }]);
  expect(bodies().filter(Boolean)).toEqual(['The *report* is ready.']);
});

test('taken and not delivered: a dead letter that cannot be repeated, told once', async () => {
  const it = transport();
  await using bridge = await startBridge(it);
  await meta.webhook(targetOf(it), { messages: [text('m1', 'hi')] });
  await until('the send', () => bridge.events.some(({ type }) => type === 'sent'));
  const [sent] = meta.number.sent;
  if (!sent) throw new Error('nothing was sent');
  for (let n = 0; n < 2; n += 1) {
    expect(await meta.status(targetOf(it), sent, 'failed', 131053)).toBe(true);
  }
  const note = 'not delivered: WhatsApp error 131053';
  expect(bridge.events.filter(({ type }) => type === 'send-failed')).toMatchObject([{ note }]);
  const [letter] = bridge.store.outbox.dead(10);
  expect(letter).toMatchObject({ note, payload: null });
  const { commit, outbox } = bridge.store;
  expect(await commit(() => outbox.revive(letter?.seq ?? 0, Date.now()))).toBe(false);
  expect(await commit(() => outbox.drop(letter?.seq ?? 0))).toBe(true);
  await meta.status(targetOf(it), sent, 'failed', 131053);
  expect(bridge.store.outbox.depth()).toMatchObject({ open: 0, dead: 0 });
});

test('kinds: each has one outcome, and none an apology loop', async () => {
  const it = transport();
  const seen: string[] = [];
  const watching = handlerOf((message) => {
    seen.push(message.content.kind);
    return { kind: 'replies', replies: [] };
  });
  await using _bridge = await startBridge(it, { handler: watching });
  const of = (id: string, type: string, more: object): object => ({
    id,
    from: ALICE,
    type,
    ...more,
  });
  const messages = [
    of('1', 'image', { image: { id: 'media-1', mime_type: 'image/jpeg', caption: 'look' } }),
    of('2', 'audio', { audio: { id: 'media-2', mime_type: 'audio/ogg', voice: true } }),
    of('3', 'location', { location: { latitude: 48.2, longitude: 16.37 } }),
    of('4', 'contacts', {
      contacts: [{ name: { formatted_name: 'X' }, phones: [{ phone: '+1' }] }],
    }),
    of('5', 'interactive', {
      interactive: { type: 'button_reply', button_reply: { id: 'y', title: 'Yes' } },
    }),
    of('6', 'button', { button: { text: 'Yes', payload: 'y' } }),
    of('7', 'reaction', { reaction: { emoji: '👍', message_id: 'wamid.1' } }),
    of('8', 'unsupported', { errors: [{ code: 131051 }] }),
    of('9', 'unsupported', {}),
    of('10', 'system', { system: { body: 'changed number' } }),
    of('11', 'order', { order: {} }),
  ];
  expect(await meta.webhook(targetOf(it), { messages })).toBe(true);
  await until('all of them', () => seen.length === 6);
  expect(seen).toEqual(['media', 'media', 'location', 'contacts', 'choice', 'choice']);
  await until('one notice', () => meta.number.sent.length === 1);
  await new Promise((resolve) => setTimeout(resolve, 50));
  expect(bodies()).toEqual([expect.stringContaining("can't open")]);
});

test('check', async () => {
  expect(await transport().check()).toMatchObject([{ ok: true }, { ok: true }]);
  expect(await transport({ accessToken: 'old' }).check()).toMatchObject([
    { ok: false, detail: expect.stringContaining('check the key') },
    { ok: true },
  ]);
});

test('the first answer comes while the second sender still waits for the pace of the first', async () => {
  const it = transport();
  await using bridge = await startBridge(it, { handler: echo });
  meta.number.failNext({ kind: 'error', status: 400, code: 131056 });
  await meta.webhook(targetOf(it), { messages: [text('m1', 'paced')] });
  await until('the pace', () => bridge.events.some(({ type }) => type === 'send-again'));
  await meta.webhook(targetOf(it), { messages: [text('m2', 'other', { from: '15550002222' })] });
  await until('the other', () => bodies().includes('echo other'));
  // The transport has sent it before the outbox knows.
  await until('the paced one is left', () => bridge.store.outbox.depth().open === 1);
});

test('an answer to a message brings along what that message said, theirs or ours', async () => {
  const it = transport();
  const quotes: (string | undefined)[] = [];
  const handler = handlerOf((message) => {
    quotes.push(message.quoted);
    return { kind: 'replies', replies: [say(`Shall I? ${'x'.repeat(400)}`)] };
  });
  await using _bridge = await startBridge(it, { handler });
  await meta.webhook(targetOf(it), { messages: [text('q1', 'Book a table')] });
  await until('our question', () => meta.number.sent.length === 1);
  const ours = meta.number.sent[0]?.id;
  const answers = (id: string, context?: string) =>
    text(id, 'yes', { from: ALICE, ...(context && { context: { id: context } }) });
  const messages = [
    answers('q2', ours),
    answers('q3', 'q1'),
    answers('q4', 'unknown'),
    answers('q5'),
  ];
  for (const message of messages) await meta.webhook(targetOf(it), { messages: [message] });
  await until('all of them', () => quotes.length === 5);
  expect(quotes[1]).toMatch(/^Shall I\? x{291}…$/);
  expect(quotes.slice(2)).toEqual(['Book a table', undefined, undefined]);
});

test("no line of the log has a sender's number, not even inside of WhatsApp's id of a message", async () => {
  const number = '16503879439';
  const id = 'wamid.HBgLMTY1MDM4Nzk0MzkVAgASGBQzQTdCNkE5RjE4QzVEMUY2OTBFNwA=';
  const inside = Buffer.from(number).toString('base64').replace(/=+$/, '');
  expect(id).toContain(inside);
  const lines: string[] = [];
  const log = createLog('debug', { write: (line: string) => void lines.push(line) });
  const it = transport();
  await using bridge = await startBridge(it, { observe: logEvents(log) });
  meta.number.failNext({ kind: 'error', status: 400, code: 131047 });
  await meta.webhook(targetOf(it), { messages: [text(id, 'hi', { from: number })] });
  await until('the dead letter', () => lines.some((line) => line.includes('send-dead')));
  const [dead] = await deadList(bridge.dir);
  const received = JSON.parse(lines[0] ?? '{}') as { message: string };
  expect(received.message).toMatch(/^[0-9a-f]{12}$/);
  // The same in every line and in the list: that is how an operator finds one by the other.
  expect(dead?.message).toBe(`${received.message}/reply/0`);
  const all = lines.join('') + JSON.stringify(dead);
  for (const secret of [number, inside, id.slice(6, 20)]) expect(all).not.toContain(secret);
});
