/** Webhooks that wait in Pub/Sub: pulled by the bridge with the VM's own identity. */

import { createHmac } from 'node:crypto';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { createKapso } from '../../bridge/transports/kapso/kapso.ts';
import { createMeta } from '../../bridge/transports/meta/meta.ts';
import { pullFrom } from '../../bridge/transports/queue/pull.ts';
import { type Google, startGoogle } from '../../local/google/google.ts';
import { startKapso } from '../../local/kapso/server.ts';
import { type MetaServer, startMeta } from '../../local/meta/server.ts';
import { echo, handlerOf, say, startBridge, textOf, until } from './support/bridge.ts';

const PROJECT = 'nine30-local';
const TOPIC = `projects/${PROJECT}/topics/agent-allison-whatsapp`;
const SUBSCRIPTION = `projects/${PROJECT}/subscriptions/agent-allison-whatsapp`;
/** Of the second test: a pull that the first left open would take what is published next. */
const OTHER = `projects/${PROJECT}/subscriptions/agent-allison-other`;
const KAPSO = `projects/${PROJECT}/subscriptions/agent-allison-kapso`;
const OWNER = 'user:admin@nine30.com';
const ALICE = '15550001111';

let google: Google;
let meta: MetaServer;
let metadata: ReturnType<typeof createServer>;
let tokensGiven = 0;
const troubles: string[] = [];

const call = async (verb: string, path: string, body: object): Promise<void> => {
  const { accessToken } = google.tokens.access(OWNER);
  const answer = await fetch(`${google.restUrl}/v1/${path}`, {
    method: verb,
    headers: { authorization: `Bearer ${accessToken}`, 'content-type': 'application/json' },
    body: JSON.stringify(body),
  });
  if (!answer.ok) throw new Error(`${path}: ${answer.status} ${await answer.text()}`);
};

beforeAll(async () => {
  google = await startGoogle({
    projects: [{ id: PROJECT, number: '1', name: 'Local' }],
    users: ['admin@nine30.com'],
  });
  google.world.iam.grant(`projects/${PROJECT}`, 'roles/owner', [OWNER]);
  meta = await startMeta();
  metadata = createServer((req, res) => {
    tokensGiven += 1;
    const { accessToken } = google.tokens.access(OWNER);
    const flavoured = req.headers['metadata-flavor'] === 'Google';
    res.writeHead(flavoured ? 200 : 403);
    res.end(JSON.stringify({ access_token: accessToken, expires_in: 3_599, token_type: 'Bearer' }));
  });
  await new Promise<void>((resolve) => metadata.listen(0, '127.0.0.1', resolve));
  await call('PUT', TOPIC, {});
  await call('PUT', SUBSCRIPTION, { topic: TOPIC, ackDeadlineSeconds: 10 });
});
afterAll(async () => {
  metadata.close();
  await meta.close();
  await google.close();
});

const pulling = (subscription: string) =>
  pullFrom({
    subscription,
    baseUrl: google.restUrl,
    metadataUrl: `http://127.0.0.1:${(metadata.address() as AddressInfo).port}`,
    onTrouble: (reason) => troubles.push(reason),
  });
const transport = (subscription = SUBSCRIPTION) =>
  createMeta({
    baseUrl: meta.baseUrl,
    accessToken: 'EAALocalToken',
    phoneNumberId: meta.phoneNumberId,
    appSecret: 'app-secret',
    verifyToken: 'verify-me',
    open: pulling(subscription),
  });

/** As the plane hands it over. */
function publish(secret: string, ...texts: readonly string[]): Promise<void> {
  return publishFor(meta.phoneNumberId, secret, ...texts);
}
function publishFor(numberId: string, secret: string, ...texts: readonly string[]): Promise<void> {
  const messages = texts.map((words) => {
    const message = {
      id: `wamid.${words.trim()}`,
      from: ALICE,
      type: 'text',
      text: { body: words },
    };
    const value = { metadata: { phone_number_id: numberId }, messages: [message] };
    const change = { field: 'messages', value };
    const body = JSON.stringify({
      object: 'whatsapp_business_account',
      entry: [{ id: '1', changes: [change] }],
    });
    const signature = createHmac('sha256', secret).update(body).digest('hex');
    const attributes = { 'x-hub-signature-256': `sha256=${signature}` };
    return { data: Buffer.from(body).toString('base64'), attributes };
  });
  return call('POST', `${TOPIC}:publish`, { messages });
}
const answers = (): string[] =>
  meta.number.sent.map(({ request }) => (request.type === 'text' ? request.text.body : ''));

test('what waited while nobody pulled is answered in its order, and acknowledged when it is kept', async () => {
  await publish('app-secret', 'one', 'two', 'three');
  expect(google.pubsub.waiting(SUBSCRIPTION)).toBe(3);
  await using bridge = await startBridge(transport(), { handler: echo });
  await until('three answers', () => meta.number.sent.length === 3);
  expect(answers()).toEqual(['echo one', 'echo two', 'echo three']);
  await until('the acknowledgement', () => google.pubsub.waiting(SUBSCRIPTION) === 0);
  await publish('app-secret', 'four');
  await until('the fourth', () => meta.number.sent.length === 4);
  expect(tokensGiven).toBe(1);
  expect(bridge.events.filter(({ type }) => type === 'received')).toHaveLength(4);
});

test('signed with a secret that was replaced since: answered, for the plane took it while it was in force', async () => {
  troubles.length = 0;
  await call('PUT', OTHER, { topic: TOPIC, ackDeadlineSeconds: 10 });
  const before = meta.number.sent.length;
  await publish('the secret before', 'patient');
  await publishFor('99999', 'app-secret', 'for another number');
  await call('POST', `${TOPIC}:publish`, { messages: [{ data: 'bm90IEpTT04=' }] });
  await using bridge = await startBridge(transport(OTHER), { handler: echo });
  await until('all are taken', () => google.pubsub.waiting(OTHER) === 0);
  await until('the answer', () => meta.number.sent.length > before);
  expect(answers().slice(before)).toEqual(['echo patient']);
  expect(bridge.events.filter(({ type }) => type === 'received')).toHaveLength(1);
  expect(troubles).toEqual(['a webhook was refused with 400']);
});

test('a queue that cannot be read is known, and known to be well when it can', async () => {
  const gone = `projects/${PROJECT}/subscriptions/agent-allison-gone`;
  const it = transport(gone);
  await using _bridge = await startBridge(it, { handler: echo });
  await until('two failed pulls', () => (it.queue?.failing?.times ?? 0) >= 2);
  expect(it.queue).toMatchObject({ failing: { how: 'queue-failing' } });
  await call('PUT', gone, { topic: TOPIC, ackDeadlineSeconds: 10 });
  await publish('app-secret', 'after it is there');
  await until('a pull that went well', () => it.queue?.failing === undefined, 20_000);
  expect(it.queue).toEqual({ wellAt: expect.any(Number) });
}, 30_000);

test('a token that Pub/Sub refuses is asked for anew', async () => {
  const own = `projects/${PROJECT}/subscriptions/agent-allison-token`;
  await call('PUT', own, { topic: TOPIC, ackDeadlineSeconds: 1 });
  await using _bridge = await startBridge(transport(own), { handler: echo });
  await publish('app-secret', 'with the first token');
  await until('it is taken', () => google.pubsub.waiting(own) === 0);
  const given = tokensGiven;
  google.tokens.revoke(OWNER);
  await publish('app-secret', 'with the second');
  await until('it is taken', () => google.pubsub.waiting(own) === 0);
  expect(tokensGiven).toBe(given + 1);
}, 20_000);

test('webhooks that are too long to be pulled together come one by one', async () => {
  const large = `projects/${PROJECT}/subscriptions/agent-allison-large`;
  // Shorter than Google's least: what was handed out in vain comes again after it.
  await call('PUT', large, { topic: TOPIC, ackDeadlineSeconds: 1 });
  const before = meta.number.sent.length;
  const filler = ' '.repeat(2_100_000);
  for (const name of ['x', 'y', 'z']) await publish('app-secret', `${name}${filler}`);
  const initial = handlerOf((message) => ({
    kind: 'replies',
    replies: [say(textOf(message).slice(0, 1))],
  }));
  await using _bridge = await startBridge(transport(large), { handler: initial });
  await until('three answers', () => meta.number.sent.length >= before + 3);
  await until('all are taken', () => google.pubsub.waiting(large) === 0);
  expect(answers().slice(before).toSorted()).toEqual(['x', 'y', 'z']);
}, 20_000);

test('Kapso: one event or a batch, by whatever secret; what the poll brings as well is answered once', async () => {
  troubles.length = 0;
  await using stack = new AsyncDisposableStack();
  const kapso = await startKapso();
  stack.defer(() => kapso.close());
  await call('PUT', KAPSO, { topic: TOPIC, ackDeadlineSeconds: 10 });
  const event = (id: string, body: string): object => ({
    message: { id, from: ALICE, type: 'text', text: { body } },
    phone_number_id: kapso.phoneNumberId,
  });
  const hand = (body: object, name?: string): Promise<void> => {
    const text = JSON.stringify(body);
    const attributes = {
      'x-webhook-signature': createHmac('sha256', 'the secret before').update(text).digest('hex'),
      ...(name && { 'x-webhook-event': name }),
    };
    const data = Buffer.from(text).toString('base64');
    return call('POST', `${TOPIC}:publish`, { messages: [{ data, attributes }] });
  };
  const received = 'whatsapp.message.received';
  await hand(event('wamid.one', 'one'), received);
  await hand({ type: received, batch: true, data: [event('a', 'two'), event('b', 'three')] });
  await hand(event('wamid.sent', 'our own'), 'whatsapp.message.sent');
  kapso.store({ id: 'wamid.one', from: ALICE, type: 'text', text: { body: 'one' } });
  const bridge = await startBridge(
    createKapso({
      baseUrl: kapso.baseUrl,
      apiKey: kapso.apiKey,
      phoneNumberId: kapso.phoneNumberId,
      pollEveryMs: 20,
      webhook: { open: pulling(KAPSO), secret: 'kapso-hook' },
    }),
  );
  stack.use(bridge);
  await until('all are taken', () => google.pubsub.waiting(KAPSO) === 0);
  await until('three answers', () => kapso.number.sent.length === 3);
  const polls = kapso.polls;
  await until('more polls', () => kapso.polls > polls + 2);
  const texts = kapso.number.sent.map(({ request }) => 'text' in request && request.text.body);
  expect(texts.toSorted()).toEqual(['echo one', 'echo three', 'echo two']);
  expect(troubles).toEqual([]);
});
