import { once } from 'node:events';
import { connect } from 'node:net';
import { createKapso, type KapsoOptions } from '../../bridge/transports/kapso/kapso.ts';
import { cursorName, sinceOf } from '../../bridge/transports/kapso/poll.ts';
import { listenAt } from '../../bridge/transports/webhook-server.ts';
import type { SendRequest } from '../../local/graph/message.ts';
import { type KapsoServer, startKapso } from '../../local/kapso/server.ts';
import { echo, handlerOf, say, startBridge, textOf, until } from './support/bridge.ts';

const SECRET = 'wh_sec_local';
const ALICE = '15550001111';
const BOB = '15550002222';
const DAY_MS = 86_400_000;

let kapso: KapsoServer;
beforeEach(async () => {
  kapso = await startKapso();
});
afterEach(() => kapso.close());

const transport = (options: Partial<KapsoOptions> = {}) =>
  createKapso({
    baseUrl: kapso.baseUrl,
    apiKey: kapso.apiKey,
    phoneNumberId: kapso.phoneNumberId,
    pollEveryMs: 20,
    ...options,
  });
const webhook = { open: listenAt('127.0.0.1:0'), verifyToken: 'verify-me', secret: SECRET };
const bodyOf = (request: SendRequest | undefined): string =>
  request?.type === 'text' ? request.text.body : '';
const texts = (to = ALICE): string[] =>
  kapso.number.sent
    .filter(({ request }) => request.to === to)
    .map(({ request }) => bodyOf(request));

test('polling: a message is answered, marked as read, and never again', async () => {
  await using bridge = await startBridge(transport());
  await until('the first poll', () => kapso.polls > 0);
  kapso.say(ALICE, 'hello');
  await until('an answer', () => texts().length === 1);
  const polls = kapso.polls;
  await until('more polls', () => kapso.polls > polls + 2);
  expect(texts()).toEqual(['echo hello']);
  expect(kapso.number.read).toMatchObject([{ message_id: 'wamid.in.1' }]);
  expect(bridge.store.inbox.depth().open).toBe(0);
});

test('polling follows the pages to their end, and loses nobody of one second', async () => {
  await using _bridge = await startBridge(transport());
  await until('the first poll', () => kapso.polls > 0);
  const timestamp = String(Math.floor(Date.now() / 1000));
  for (let n = 0; n < 250; n++) kapso.say(`1555100${1000 + n}`, `m${n}`, { timestamp });
  await until('all answers', () => kapso.number.sent.length === 250);
  // Stored by Kapso later than a newer one: inside the time that every poll looks back.
  kapso.say(BOB, 'late', { timestamp: String(Number(timestamp) - 60) });
  await until('the late one', () => texts(BOB).length === 1);
});

test('when it began is on the disk before Kapso ever answered: an outage that follows loses nobody', async () => {
  kapso.outage = 503;
  await using bridge = await startBridge(transport());
  expect(bridge.store.cursor(cursorName(kapso.phoneNumberId))).toMatch(/^\d{13}$/);
});

test('a long list is read twice and not kept: all of it, in order, also what comes meanwhile', async () => {
  const first = await startBridge(transport());
  await until('the first poll', () => kapso.polls > 0);
  await first.stop();
  const at = Math.floor(Date.now() / 1000);
  const message = (n: number) => ({
    ...{
      from: `1555${1_000_000 + (n % 7)}`,
      timestamp: String(at + Math.floor(n / 25)),
      type: 'text',
    },
    text: { body: `${n}` },
  });
  for (let n = 0; n < 1_250; n++) kapso.store(message(n));
  const before = kapso.polls;
  const arrivals: string[] = [];
  const handler = handlerOf((given) => {
    arrivals.push(textOf(given));
    return { kind: 'replies', replies: [] };
  });
  await using _second = await startBridge(transport(), { dir: first.dir, handler, concurrency: 1 });
  await until('the second reading', () => kapso.polls > before + 14);
  kapso.store(message(1_250));
  await until('all of them', () => arrivals.length === 1_251, 60_000);
  expect(arrivals).toEqual(Array.from({ length: 1_251 }, (_, n) => `${n}`));
  await first[Symbol.asyncDispose]();
}, 90_000);

test('what came before the first start is not answered; what came while it was down is', async () => {
  kapso.say(ALICE, 'long ago', { timestamp: String(Math.floor(Date.now() / 1000) - 3600) });
  const first = await startBridge(transport());
  await until('the first poll', () => kapso.polls > 1);
  await first.stop();
  kapso.say(ALICE, 'while down');
  await using _second = await startBridge(transport(), { dir: first.dir });
  await until('an answer', () => texts().length > 0);
  expect(texts()).toEqual(['echo while down']);
  await first[Symbol.asyncDispose]();
});

test.each([
  ['a moment of silence: two minutes back', 0, 120_000],
  ['a month of it: no further than the inbox remembers', 31 * DAY_MS, 29 * DAY_MS],
])('%s', (_, silence, back) => {
  const now = Date.UTC(2026, 10, 28);
  expect(sinceOf(now - silence, now)).toEqual(new Date(now - back));
});

test('an outage of Kapso: polls go on, slower, and nothing is lost', async () => {
  const failures: unknown[] = [];
  await using _bridge = await startBridge(
    transport({ onPollFailed: (error) => failures.push(error) }),
  );
  await until('the first poll', () => kapso.polls > 0);
  kapso.outage = 503;
  kapso.say(ALICE, 'into the outage');
  await until('a failed poll', () => failures.length > 0);
  kapso.outage = undefined;
  await until('an answer', () => texts().length === 1);
});

test('webhooks: single events and batches, each message once though it comes three ways', async () => {
  const it = transport({ webhook, pollEveryMs: 20 });
  await using _bridge = await startBridge(it);
  const target = { url: `http://127.0.0.1:${it.port}/webhook`, secret: SECRET };
  const ids = ['one', 'two', 'three'].map((text) => kapso.say(ALICE, text));
  expect(await kapso.webhook(target, ids, true)).toBe(true);
  expect(await kapso.webhook(target, ids)).toBe(true);
  await until('answers', () => texts().length === 3);
  const polls = kapso.polls;
  await until('more polls', () => kapso.polls > polls + 1);
  expect(texts().toSorted()).toEqual(['echo one', 'echo three', 'echo two']);
});

test('webhooks: a wrong signature, another number, our own outbound, another event', async () => {
  const it = transport({ webhook, pollEveryMs: 0 });
  await using bridge = await startBridge(it);
  await until('the catch-up poll', () => kapso.polls > 0);
  const url = `http://127.0.0.1:${it.port}/webhook`;
  const id = kapso.say(ALICE, 'hello');
  expect(await kapso.webhook({ url, secret: 'wrong' }, [id])).toBe(false);
  const other = await startKapso('111');
  expect(await other.webhook({ url, secret: SECRET }, [other.say(ALICE, 'not for us')])).toBe(true);
  await other.close();
  const own = kapso.store({
    type: 'text',
    text: { body: 'ours' },
    from: ALICE,
    kapso: { direction: 'outbound' },
  });
  expect(await kapso.webhook({ url, secret: SECRET }, [own])).toBe(true);
  expect(await kapso.webhook({ url, secret: SECRET }, [id])).toBe(true);
  await until('an answer', () => texts().length === 1);
  expect(bridge.events.filter(({ type }) => type === 'received')).toHaveLength(1);
});

test('taken and not delivered: a dead letter that cannot be repeated, told once', async () => {
  const it = transport({ webhook, pollEveryMs: 0 });
  await using bridge = await startBridge(it);
  const target = { url: `http://127.0.0.1:${it.port}/webhook`, secret: SECRET };
  const id = kapso.say(ALICE, 'hello');
  expect(await kapso.webhook(target, [id])).toBe(true);
  await until('the send', () => bridge.events.some(({ type }) => type === 'sent'));
  const [sent] = kapso.number.sent;
  if (!sent) throw new Error('nothing was sent');
  const history = [{ status: 'sent' }, { status: 'failed', code: 131047 }] as const;
  expect(await kapso.status(target, sent, [{ status: 'sent' }])).toBe(true);
  expect(bridge.store.outbox.depth()).toMatchObject({ open: 0, dead: 0 });
  for (let n = 0; n < 2; n += 1) expect(await kapso.status(target, sent, history)).toBe(true);
  const note = 'not delivered: WhatsApp error 131047';
  expect(bridge.events.filter(({ type }) => type === 'send-failed')).toMatchObject([{ note }]);
  expect(bridge.store.outbox.dead(10)).toMatchObject([{ note, payload: null }]);
});

test('a send whose answer was lost is confirmed by its status, and not repeated', async () => {
  const it = transport({ webhook, pollEveryMs: 0 });
  await using bridge = await startBridge(it, { unsureMs: 60_000 });
  const target = { url: `http://127.0.0.1:${it.port}/webhook`, secret: SECRET };
  kapso.number.failNext({ kind: 'cut-after' });
  expect(await kapso.webhook(target, [kapso.say(ALICE, 'hello')])).toBe(true);
  await until('the doubt', () => bridge.events.some(({ type }) => type === 'send-again'));
  const [sent] = kapso.number.sent;
  if (!sent) throw new Error('nothing was sent');
  expect(await kapso.status(target, sent, [{ status: 'sent' }, { status: 'delivered' }])).toBe(
    true,
  );
  expect(bridge.store.outbox.depth()).toMatchObject({ open: 0, dead: 0 });
  expect(bridge.events.filter(({ type }) => type === 'confirmed')).toHaveLength(1);
});

test('webhooks: verification, unknown paths, bodies that are no JSON or too large', async () => {
  const it = transport({ webhook: { ...webhook, secret: '' }, pollEveryMs: 0 });
  await using _bridge = await startBridge(it);
  const url = `http://127.0.0.1:${it.port}/webhook`;
  const verify = (token: string) =>
    fetch(`${url}?hub.mode=subscribe&hub.verify_token=${token}&hub.challenge=4711`);
  const good = await verify('verify-me');
  expect([good.status, await good.text()]).toEqual([200, '4711']);
  expect((await verify('guess')).status).toBe(403);
  expect((await fetch(`http://127.0.0.1:${it.port}/other`)).status).toBe(404);
  expect((await fetch(url, { method: 'POST', body: '{' })).status).toBe(400);
  expect((await fetch(url, { method: 'PUT', body: '{}' })).status).toBe(405);
  expect((await fetch(url, { method: 'POST', body: 'x'.repeat(5_000_000) })).status).toBe(413);
});

test('a connection on which nothing is said does not keep the bridge from stopping', async () => {
  const it = transport({ webhook, pollEveryMs: 0 });
  const bridge = await startBridge(it);
  const silent = connect(it.port ?? 0, '127.0.0.1');
  await once(silent, 'connect');
  await bridge.stop();
  await bridge[Symbol.asyncDispose]();
});

test('a webhook is not answered 200 when the message could not be stored', async () => {
  const it = transport({ webhook, pollEveryMs: 0 });
  const bridge = await startBridge(it);
  const target = { url: `http://127.0.0.1:${it.port}/webhook`, secret: SECRET };
  const id = kapso.say(ALICE, 'hello');
  const { commit } = bridge.store;
  Object.assign(bridge.store, { commit: () => Promise.reject(new Error('disk full')) });
  expect(await kapso.webhook(target, [id])).toBe(false);
  Object.assign(bridge.store, { commit });
  expect(await kapso.webhook(target, [id])).toBe(true);
  await until('an answer', () => texts().length === 1);
  await bridge[Symbol.asyncDispose]();
});

test('order per sender holds while senders go side by side; a poisoned message stops nobody', async () => {
  const slow = handlerOf(async (message) => {
    const text = textOf(message);
    if (text === 'poison') return { kind: 'failed', reason: 'cannot', begun: false };
    // What no handler should say: formatting it throws.
    if (text === 'unwritable') return { kind: 'replies', replies: [say(7 as never)] };
    await new Promise((resolve) => setTimeout(resolve, Math.random() * 5));
    return { kind: 'replies', replies: [say(text)] };
  });
  await using bridge = await startBridge(transport(), { handler: slow });
  await until('the first poll', () => kapso.polls > 0);
  kapso.say('15559990000', 'poison');
  kapso.say('15559990001', 'unwritable');
  const second = Math.floor(Date.now() / 1000);
  for (let n = 0; n < 30; n++) {
    for (const from of [ALICE, BOB]) kapso.say(from, `${n}`, { timestamp: String(second) });
    await new Promise((resolve) => setTimeout(resolve, 2));
  }
  await until('all answers', () => kapso.number.sent.length === 60);
  const sorted = Array.from({ length: 30 }, (_, n) => `${n}`);
  expect([texts(ALICE), texts(BOB)]).toEqual([sorted, sorted]);
  const failed = bridge.events.flatMap((one) => (one.type === 'handler-again' ? one.key : []));
  expect(new Set(failed).size).toBe(2);
  expect(bridge.events.filter(({ type }) => type === 'broken')).toEqual([]);
});

test('sends: refused, throttled, cut before and after', async () => {
  await using bridge = await startBridge(transport());
  await until('the first poll', () => kapso.polls > 0);
  kapso.number.failNext({ kind: 'error', status: 400, code: 131047 });
  kapso.say(ALICE, 'outside the window');
  await until('a dead letter', () => bridge.store.outbox.depth().dead === 1);
  expect(bridge.store.outbox.dead(10)).toMatchObject([{ note: 'WhatsApp error 131047' }]);

  kapso.number.failNext({ kind: 'cut-after' });
  kapso.say(BOB, 'twice');
  await until('the repeat', () => texts(BOB).length === 2);
  expect(bridge.events.filter(({ type }) => type === 'send-again')).toHaveLength(1);
});

test('check tells a good key from a bad one, and an address where nobody is', async () => {
  expect(await transport().check()).toMatchObject([{ ok: true }]);
  expect(await transport({ apiKey: 'nope' }).check()).toMatchObject([
    { ok: false, detail: expect.stringContaining('check the key') },
  ]);
  expect(await transport({ phoneNumberId: '1' }).check()).toMatchObject([
    { ok: false, detail: expect.stringContaining('check the phone number id') },
  ]);
  expect(await transport({ baseUrl: 'http://127.0.0.1:1/v24.0' }).check()).toMatchObject([
    { ok: false, detail: expect.stringContaining('no answer') },
  ]);
  expect(await transport({ webhook: { ...webhook, secret: '' } }).check()).toMatchObject([
    { ok: true },
    { ok: true },
    { ok: false, detail: expect.stringContaining('KAPSO_WEBHOOK_SECRET') },
  ]);
});

test('a stop lets the message under way end, and answers the rest after the next start', async () => {
  const started = Promise.withResolvers<void>();
  const release = Promise.withResolvers<void>();
  const held = handlerOf(async (message) => {
    started.resolve();
    await release.promise;
    return { kind: 'replies', replies: [say(textOf(message))] };
  });
  const it = transport();
  const quiet = Promise.withResolvers<void>();
  const stop = () => it.stop().then(quiet.resolve);
  const bridge = await startBridge({ ...it, stop }, { handler: held });
  await until('the first poll', () => kapso.polls > 0);
  kapso.say(ALICE, 'first');
  await started.promise;
  kapso.say(ALICE, 'second');
  await until('both stored', () => bridge.store.inbox.depth().open === 2);
  const stopped = bridge.stop();
  // A poll that is under way ends first, and until then the next message is begun as always.
  await quiet.promise;
  await new Promise(setImmediate);
  release.resolve();
  await stopped;
  expect(texts()).not.toContain('second');
  await using _next = await startBridge(transport(), { dir: bridge.dir, handler: echo });
  await until('both answered', () => texts().length === 2);
  expect(texts()).toEqual(['first', 'echo second']);
  await bridge[Symbol.asyncDispose]();
});
