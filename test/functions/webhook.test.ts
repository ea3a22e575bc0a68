/** A business number's webhooks: only Meta's are taken, and only once they are durable. */

import { createHmac } from 'node:crypto';
import type { FaultHook } from '../../local/google/gate.ts';
import { LOCAL } from '../../local/plane/settings.ts';
import { type Harness, send, startHarness } from './harness.ts';
import { NUMBER, REQUEST } from './support/meta-number.ts';

const SUBSCRIPTION = `projects/${LOCAL.project.id}/subscriptions/agent-allison-whatsapp`;
const WEBHOOK = JSON.stringify({ object: 'whatsapp_business_account', entry: [] });
const AGENT = `serviceAccount:agent-allison@${LOCAL.project.id}.iam.gserviceaccount.com`;

let api: Harness;
let pages: Harness;
/** Google's Pub/Sub fails while it is set. */
let broken = false;

beforeAll(async () => {
  const fault: FaultHook = ({ method }) =>
    broken && method.endsWith('Publish') ? { when: 'before', status: 'UNAVAILABLE' } : undefined;
  api = await startHarness({ target: 'api', fault });
  pages = await startHarness({ target: 'pages', google: api.google });
  await admin('POST', '', REQUEST);
});
afterAll(async () => {
  await pages?.close();
  await api?.close();
});

const admin = async (method: string, path: string, body?: object) =>
  send(`${api.plane.url}/v1/agents${path}`, method, await api.idToken(), body);
const sign = (secret: string, body = WEBHOOK): string =>
  `sha256=${createHmac('sha256', secret).update(body).digest('hex')}`;
const post = (name: string, signature: string | undefined, body = WEBHOOK) =>
  fetch(`${pages.plane.url}/whatsapp/${name}`, {
    method: 'POST',
    body,
    headers: signature === undefined ? {} : { 'x-hub-signature-256': signature },
  });
const verify = (name: string, token: string) =>
  fetch(
    `${pages.plane.url}/whatsapp/${name}?hub.mode=subscribe&hub.verify_token=${token}&hub.challenge=4711`,
  );
/** Emulated Google, as the agent's own account. */
const asAgent = async (method: string, body: object, principal = AGENT) => {
  const { accessToken } = api.google.tokens.access(principal);
  return send(`${api.google.restUrl}/v1/${SUBSCRIPTION}:${method}`, 'POST', accessToken, body);
};

test('nothing is taken for an agent without a number, or for nobody', async () => {
  expect((await post('allison', sign(NUMBER.appSecret))).status).toBe(401);
  expect((await post('nobody', sign(NUMBER.appSecret))).status).toBe(401);
  expect((await verify('nobody', NUMBER.verifyToken)).status).toBe(403);
});

test('a number is connected in its own mode alone, and its credentials are not repeated', async () => {
  const other = { mode: 'kapso', phoneNumberId: '647015955153740', apiKey: 'kapso-key' };
  expect(await admin('POST', '/allison/whatsapp', other)).toMatchObject({
    status: 412,
    body: { error: { code: 'FAILED_PRECONDITION' } },
  });
  const bad = await admin('POST', '/allison/whatsapp', { ...NUMBER, appSecret: 'two words' });
  expect(bad.status).toBe(400);
  expect(JSON.stringify(bad.body)).not.toContain('two words');
  const first = await admin('POST', '/allison/whatsapp', NUMBER);
  expect(first).toMatchObject({
    status: 200,
    body: {
      agent: 'allison',
      webhook: 'https://functions.agents-plane.internal/agents-plane-pages/whatsapp/allison',
    },
  });
  const again = api.google.recording.length;
  expect((await admin('POST', '/allison/whatsapp', NUMBER)).status).toBe(200);
  const methods = api.calls(again).map(({ method }) => method.split('.').at(-1));
  expect(methods).not.toContain('AddSecretVersion');
});

test("Meta's verification: the challenge for the number's own token, nothing for another", async () => {
  // What was asked before the number was connected is forgotten within seconds.
  let right = await verify('allison', NUMBER.verifyToken);
  for (let tries = 0; right.status === 403 && tries < 100; tries++) {
    await new Promise((resolve) => setTimeout(resolve, 100));
    right = await verify('allison', NUMBER.verifyToken);
  }
  expect([right.status, await right.text()]).toEqual([200, '4711']);
  expect((await verify('allison', 'something-else')).status).toBe(403);
}, 15_000);

test('a webhook waits for the VM with its bytes and its signature; a forged one goes nowhere', async () => {
  expect((await post('allison', sign('another secret'))).status).toBe(401);
  expect((await post('allison', undefined)).status).toBe(401);
  expect((await post('allison', sign(NUMBER.appSecret), `${WEBHOOK} `)).status).toBe(401);
  expect(api.google.pubsub.waiting(SUBSCRIPTION)).toBe(0);
  expect((await post('allison', sign(NUMBER.appSecret))).status).toBe(200);
  const pulled = await asAgent('pull', { maxMessages: 10 });
  expect(pulled.body.receivedMessages).toHaveLength(1);
  const [{ ackId, message }] = pulled.body.receivedMessages;
  expect(Buffer.from(message.data, 'base64').toString()).toBe(WEBHOOK);
  expect(message.attributes).toEqual({ 'x-hub-signature-256': sign(NUMBER.appSecret) });
  await asAgent('acknowledge', { ackIds: [ackId] });
  expect(api.google.pubsub.waiting(SUBSCRIPTION)).toBe(0);
});

test('what could not be made durable is not acknowledged: Meta sends it again', async () => {
  broken = true;
  const answer = await post('allison', sign(NUMBER.appSecret));
  broken = false;
  expect(answer.status).toBeGreaterThanOrEqual(500);
  expect(api.google.pubsub.waiting(SUBSCRIPTION)).toBe(0);
});

const VERSIONS = `/v1/projects/${LOCAL.project.id}/secrets/agent-allison-whatsapp/versions`;
const asAdmin = async (path: string) => {
  const { accessToken } = api.google.tokens.access(`user:${LOCAL.admin}`);
  return (await send(`${api.google.restUrl}${path}`, 'GET', accessToken)).body;
};
const states = async () =>
  (await asAdmin(VERSIONS)).versions.map(({ state }: { state: string }) => state);

/** What the VM is told of its number. */
const told = () =>
  api.google.compute.instances
    .byName('agent-allison')
    ?.resource.metadata.items.find(({ key }) => key === 'agents-plane-whatsapp')?.value;

test('a secret that was made again counts from 1 again, and the VM is told another thing', async () => {
  const seen = [told()];
  const { accessToken } = api.google.tokens.access(`user:${LOCAL.admin}`);
  const secret = `${api.google.restUrl}${VERSIONS.replace('/versions', '')}`;
  expect((await send(secret, 'DELETE', accessToken)).status).toBe(200);
  expect((await admin('POST', '/allison/whatsapp', NUMBER)).status).toBe(200);
  seen.push(told());
  expect((await admin('DELETE', '/allison/whatsapp')).status).toBe(200);
  expect((await admin('POST', '/allison/whatsapp', NUMBER)).status).toBe(200);
  seen.push(told());
  expect(seen).toEqual(seen.map(() => expect.stringMatching(/^1\b/)));
  expect(new Set(seen).size).toBe(seen.length);
  expect((await admin('GET', '/allison/plan')).body.steps).toEqual([]);
});

test('other credentials replace the first, which are destroyed, and a running VM is told', async () => {
  expect(told()).toMatch(/^1\b/);
  const renewed = { ...NUMBER, accessToken: 'EAARenewedToken' };
  const dry = await admin('POST', '/allison/whatsapp?dryRun=true', renewed);
  expect(dry.body.steps.map(({ id }: { id: string }) => id)).toEqual([
    'number-version',
    'number-destruction',
    'number-announcement',
  ]);
  expect(JSON.stringify(dry.body)).not.toContain(renewed.accessToken);
  expect(await states()).toEqual(['ENABLED']);
  expect((await admin('POST', '/allison/whatsapp', renewed)).status).toBe(200);
  expect(await states()).toEqual(['ENABLED', 'DESTROYED']);
  expect(told()).toMatch(/^2\b/);
  expect((await admin('GET', '/allison/plan')).body.steps).toEqual([]);
  const shown = await admin('GET', '/allison/whatsapp');
  expect(shown.body).toEqual({
    agent: 'allison',
    mode: 'cloud-api',
    connected: true,
    phoneNumberId: NUMBER.phoneNumberId,
    version: '2',
    webhook: 'https://functions.agents-plane.internal/agents-plane-pages/whatsapp/allison',
  });
});

test('out of service, it reads neither its credentials nor its queue; what people write waits', async () => {
  const message = JSON.stringify({ object: 'whatsapp_business_account', entry: [], late: true });
  await api.google.compute.operations.idle();
  expect((await admin('POST', '/allison/deprovision')).status).toBe(202);
  await api.google.compute.operations.idle();
  expect((await asAgent('pull', { maxMessages: 1 })).status).toBe(403);
  const policy = await asAdmin(VERSIONS.replace('/versions', ':getIamPolicy'));
  expect(policy.bindings ?? []).toEqual([]);
  expect((await admin('POST', '/allison/deprovision')).status).toBe(200);
  expect((await post('allison', sign(NUMBER.appSecret, message), message)).status).toBe(200);
  expect((await admin('POST', '/allison/whatsapp', NUMBER)).body.error).toMatchObject({
    code: 'FAILED_PRECONDITION',
    message: 'This agent is deprovisioned.',
  });
  expect((await admin('POST', '', REQUEST)).status).toBe(202);
  const pulled = await asAgent('pull', { maxMessages: 1 });
  expect(Buffer.from(pulled.body.receivedMessages[0].message.data, 'base64').toString()).toBe(
    message,
  );
  await asAgent('acknowledge', { ackIds: [pulled.body.receivedMessages[0].ackId] });
  await api.google.compute.operations.idle();
});

describe('Kapso', () => {
  const KAPSO = { mode: 'kapso', phoneNumberId: '647015955153740', apiKey: 'kapso-key' };
  const SECRET = 'kapso-webhook-5b1e';
  const EVENT = JSON.stringify({
    message: { id: 'wamid.k1' },
    phone_number_id: KAPSO.phoneNumberId,
  });
  const kapsoSign = (secret: string, body = EVENT): string =>
    createHmac('sha256', secret).update(body).digest('hex');
  const postKapso = (headers: Record<string, string>, body = EVENT) =>
    fetch(`${pages.plane.url}/whatsapp/bo`, { method: 'POST', body, headers });
  const bo = AGENT.replace('allison', 'bo');
  const asBo = async (method: string, body: object) => {
    const { accessToken } = api.google.tokens.access(bo);
    const subscription = SUBSCRIPTION.replace('allison', 'bo');
    return send(`${api.google.restUrl}/v1/${subscription}:${method}`, 'POST', accessToken, body);
  };

  beforeAll(async () => {
    const request = { user: 'bo@nine30.com', userPhone: '+15551230000' };
    const more = { whatsappNumber: '+15559876544', whatsapp: { mode: 'kapso' } };
    await admin('POST', '', { ...request, ...more });
  });

  test('without a secret nothing is posted, and there is no queue', async () => {
    const { body } = await admin('POST', '/bo/whatsapp', KAPSO);
    expect(body).toEqual({ agent: 'bo' });
    const { accessToken } = api.google.tokens.access(`user:${LOCAL.admin}`);
    const topic = `${api.google.restUrl}/v1/projects/${LOCAL.project.id}/topics/agent-bo-whatsapp`;
    expect((await send(topic, 'GET', accessToken)).status).toBe(404);
    expect((await postKapso({ 'x-webhook-signature': kapsoSign(SECRET) })).status).toBe(401);
  });

  test('with one, its events wait for the VM as they came; forged ones go nowhere', async () => {
    const { body } = await admin('POST', '/bo/whatsapp', { ...KAPSO, webhookSecret: SECRET });
    expect(body.webhook).toBe(
      'https://functions.agents-plane.internal/agents-plane-pages/whatsapp/bo',
    );
    const named = { 'x-webhook-event': 'whatsapp.message.received' };
    const signed = { ...named, 'x-webhook-signature': kapsoSign(SECRET) };
    // What was asked before there was a secret is forgotten within seconds.
    let taken = await postKapso(signed);
    for (let tries = 0; taken.status === 401 && tries < 100; tries++) {
      await new Promise((resolve) => setTimeout(resolve, 100));
      taken = await postKapso(signed);
    }
    expect(taken.status).toBe(200);
    expect((await postKapso(named)).status).toBe(401);
    expect((await postKapso({ 'x-webhook-signature': kapsoSign('other') })).status).toBe(401);
    // Meta's header does not stand in for Kapso's.
    expect((await postKapso({ 'x-hub-signature-256': kapsoSign(SECRET) })).status).toBe(401);
    const batch = JSON.stringify({ type: 'whatsapp.message.received', batch: true, data: [] });
    const signature = kapsoSign(SECRET, batch);
    expect((await postKapso({ 'x-webhook-signature': signature }, batch)).status).toBe(200);
    const pulled = await asBo('pull', { maxMessages: 10 });
    type Received = { message: { data: string; attributes: object; publishTime: string } };
    const received: Received[] = pulled.body.receivedMessages;
    // Pub/Sub lists them in any order.
    const got = received
      .toSorted((x, y) => x.message.publishTime.localeCompare(y.message.publishTime))
      .map(({ message }) => [Buffer.from(message.data, 'base64').toString(), message.attributes]);
    expect(got).toEqual([
      [EVENT, signed],
      [batch, { 'x-webhook-signature': signature }],
    ]);
  }, 15_000);

  test('disconnected: nothing of it is left, twice', async () => {
    const dry = await admin('DELETE', '/bo/whatsapp?dryRun=true');
    expect(dry.body.steps.map(({ id }: { id: string }) => id)).toEqual([
      'queue-removal',
      'number-removal',
      'number-announcement',
    ]);
    expect((await admin('DELETE', '/bo/whatsapp')).body).toEqual({
      agent: 'bo',
      removed: [
        'topic agent-bo-whatsapp',
        'subscription agent-bo-whatsapp',
        'secret agent-bo-whatsapp',
      ],
    });
    expect((await admin('DELETE', '/bo/whatsapp')).body.removed).toEqual([]);
    expect((await admin('GET', '/bo/plan')).body.steps).toEqual([]);
    expect((await admin('GET', '/bo/whatsapp')).body).toMatchObject({
      connected: false,
      problem: expect.stringContaining('connect it'),
    });
    expect(
      JSON.stringify(api.google.compute.instances.byName('agent-bo')?.resource.metadata),
    ).not.toContain('agents-plane-whatsapp');
  });
});

test("another agent's account takes nothing from the queue, and a purge leaves none", async () => {
  const bo = AGENT.replace('allison', 'bo');
  expect((await asAgent('pull', { maxMessages: 1 }, bo)).status).toBe(403);
  await api.google.compute.operations.idle();
  const purged = await admin('POST', '/allison/purge');
  expect(purged.body.removed).toEqual(
    expect.arrayContaining([
      { kind: 'topic', name: 'agent-allison-whatsapp' },
      { kind: 'subscription', name: 'agent-allison-whatsapp' },
      { kind: 'secret', name: 'agent-allison-whatsapp' },
    ]),
  );
});
