/** A business number's webhooks: only Meta's are taken, and only once they are durable. */

import { createHmac } from 'node:crypto';
import type { FaultHook } from '../../local/google/gate.ts';
import { LOCAL } from '../../local/plane/settings.ts';
import { type Harness, send, startHarness } from './harness.ts';

const REQUEST = {
  user: 'allison@nine30.com',
  userPhone: '+15551234567',
  whatsappNumber: '+15559876543',
  whatsapp: { mode: 'cloud-api' },
};
const NUMBER = {
  mode: 'cloud-api',
  phoneNumberId: '106540352242922',
  accessToken: 'EAALocalToken',
  appSecret: 'app-secret-1f9c',
  verifyToken: 'verify-me',
};
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
    body: { agent: 'allison', webhook: 'https://pages.agents-plane.internal/whatsapp/allison' },
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

test("another agent's account takes nothing from the queue, and a purge leaves none", async () => {
  await admin('POST', '', { user: 'bo@nine30.com', userPhone: '+15551230000' });
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
