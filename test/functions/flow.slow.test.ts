/** Round trips, races, names that collide, things that are not ours, and a zone without room. */

import { LEASE_MS } from '../../functions/core/intent.ts';
import { sequentialDepth } from '../../local/google/recording.ts';
import { FLEET_ROLE, LOCAL } from '../../local/plane/settings.ts';
import { phoneOf } from './fixtures.ts';
import { type Harness, send, startHarness } from './harness.ts';

const PHONE = { userPhone: '+15551234567' };
const PROJECT = `projects/${LOCAL.project.id}`;
/** Milliseconds that every answer of Google takes here, so that what runs at once overlaps. */
const LATENCY_MS = 60;

let harness: Harness;
let token: string;
let latencyMs = 0;
beforeEach(async () => {
  latencyMs = 0;
  harness = await startHarness({
    target: 'api',
    fault: async () => {
      if (latencyMs > 0) await new Promise((resolve) => setTimeout(resolve, latencyMs));
      return undefined;
    },
  });
  token = await harness.idToken();
});
afterEach(() => harness.close());

const post = (body: object) => send(`${harness.plane.url}/v1/agents`, 'POST', token, body);
/** One agent, or with an empty name all of them. */
const get = (name: string) =>
  send(`${harness.plane.url}/v1/agents${name && `/${name}`}`, 'GET', token);

async function asAdmin(path: string, body: object): Promise<void> {
  const { accessToken } = harness.google.tokens.access(`user:${LOCAL.admin}`);
  const { status } = await send(`${harness.google.restUrl}${path}`, 'POST', accessToken, body);
  if (status !== 200) throw new Error(`${path} answered ${status}`);
}

test('a provision takes five sequential round trips to Google, one for the policy that all share', async () => {
  // The first request fetches the keys and the access token, once in the life of a process.
  await get('warm-up');
  latencyMs = LATENCY_MS;
  const mark = harness.google.recording.length;
  const begun = performance.now();
  expect((await post({ user: 'allison@nine30.com', ...PHONE })).status).toBe(202);
  // On a machine so busy that half the lease went by, the record is read once more (decision 082).
  const more = performance.now() - begun > LEASE_MS / 2 ? 1 : 0;
  expect(sequentialDepth(harness.calls(mark))).toBeLessThanOrEqual(5 + more);
});

test('the same request five times at once makes one agent', async () => {
  const body = { user: 'allison@nine30.com', ...PHONE };
  const answers = await Promise.all(Array.from({ length: 5 }, () => post(body)));
  const refused = answers.filter(({ status }) => status !== 200 && status !== 202);
  expect(refused).toEqual([]);
  expect(new Set(answers.map((each) => each.body.name))).toEqual(new Set(['allison']));
  expect((await post(body)).status).toBe(200);
  const listed = await send(`${harness.plane.url}/v1/agents`, 'GET', token);
  expect(listed.body.agents).toHaveLength(1);
});

test('somebody who loses letters gets a hashed name; two who look alike get two agents', async () => {
  const users = ['b.o@nine30.com', 'b_o@nine30.com', 'b-o@nine30.com'];
  const answers = await Promise.all(users.map((user) => post({ user, userPhone: phoneOf(user) })));
  expect(answers.map((each) => each.status)).toEqual([202, 202, 202]);
  expect(new Set(answers.map((each) => each.body.name)).size).toBe(3);
  expect(answers[2]?.body.name).toBe('b-o');
});

test('a name that another person has leads to the hashed one, and stays there', async () => {
  await asAdmin(`/v1/${PROJECT}/secrets?secretId=agent-allison-config`, {
    replication: { automatic: {} },
    labels: { 'managed-by': 'agents-plane', 'agents-plane-agent': 'allison' },
    annotations: { 'agents-plane-user': 'allison@elsewhere.com' },
  });
  const first = await post({ user: 'allison@nine30.com', ...PHONE });
  expect(first.status).toBe(202);
  expect(first.body.name).toMatch(/^allison-[0-9a-f]{6}$/);
  const second = await post({ user: 'allison@nine30.com', ...PHONE });
  expect([second.status, second.body.name]).toEqual([200, first.body.name]);
});

test('a secret that is not ours is refused, and nothing is made', async () => {
  await asAdmin(`/v1/${PROJECT}/secrets?secretId=agent-allison-config`, {
    replication: { automatic: {} },
  });
  const mark = harness.google.recording.length;
  const { status, body } = await post({ user: 'allison@nine30.com', ...PHONE });
  expect([status, body.error.code, body.error.details[0].field]).toEqual([
    412,
    'FAILED_PRECONDITION',
    'secret agent-allison-config',
  ]);
  expect(harness.calls(mark).every(({ method }) => /Get|List|Access|get|list/.test(method))).toBe(
    true,
  );
});

test('a config version that somebody disabled: the list goes by the record, and a repeat writes it anew', async () => {
  const allison = { user: 'allison@nine30.com', ...PHONE };
  await post(allison);
  await post({ user: 'bo@nine30.com', userPhone: phoneOf('bo') });
  await asAdmin(`/v1/${PROJECT}/secrets/agent-allison-config/versions/1:disable`, {});
  const { status, body } = await get('');
  expect([status, body.agents.map(({ name }: { name: string }) => name)]).toEqual([
    200,
    ['allison', 'bo'],
  ]);
  expect((await get('allison')).status).toBe(404);
  expect((await post(allison)).body).toMatchObject({ name: 'allison', configVersion: '2' });
  expect((await get('allison')).status).toBe(200);
});

// The second request waits out the lease of 8 s, by the clock on the wall (decision 082).
test('a zone without room is told as the reason, and the same request goes to the next one', async () => {
  harness.google.compute.stockouts.add(LOCAL.zone);
  const body = { user: 'allison@nine30.com', ...PHONE };
  expect((await post(body)).status).toBe(202);
  const failed = await untilState('failed');
  expect(failed.reason).toMatch(/no free capacity/);
  expect((await post(body)).status).toBe(202);
  expect((await untilState('booting')).instance?.zone).toBe('europe-west1-c');
}, 120_000);

/** Polls the resource until it has the state; jest's own time limit ends it otherwise. */
async function untilState(
  state: string,
): Promise<{ reason?: string; instance?: { zone: string } }> {
  for (;;) {
    const { body } = await get('allison');
    if (body.state === state) return body;
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

test("a permission that the plane lacks is our fault, told without Google's words", async () => {
  const { iam } = harness.google.world;
  const { bindings = [] } = iam.get(PROJECT);
  const others = bindings.filter(({ role }) => role !== FLEET_ROLE);
  iam.set(PROJECT, { version: 3, bindings: others });
  const { status, body } = await post({ user: 'allison@nine30.com', ...PHONE });
  expect([status, body.error.code]).toEqual([412, 'FAILED_PRECONDITION']);
  expect(JSON.stringify(body)).not.toMatch(/permission '|secretmanager|compute\./i);
  expect(body.error.message).toContain('Run the setup again');
});
