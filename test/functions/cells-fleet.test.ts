/** What goes over the whole fleet, and what comes from outside, where the fleet lies in two projects. */

import { createHmac } from 'node:crypto';
import { SHARED_KEY_SECRET } from '../../contracts/names.ts';
import { ANNOTATION_INTENT } from '../../functions/core/intent.ts';
import { LOCAL, QUEUE } from '../../local/plane/settings.ts';
import { pagePath, phoneOf } from './fixtures.ts';
import { vmToken } from './harness.ts';
import { startTwoCells, TWO, type TwoCells } from './support/two-cells.ts';

const NUMBER = {
  mode: 'cloud-api',
  phoneNumberId: '106540352242922',
  accessToken: 'EAALocalToken',
  appSecret: 'app-secret-1f9c',
  verifyToken: 'verify-me',
};
const POOL_NUMBER = '+15559870001';
const WEBHOOK = JSON.stringify({ object: 'whatsapp_business_account', entry: [] });

let plane: TwoCells;
beforeAll(async () => {
  plane = await startTwoCells([2, 4]);
  for (const name of ['ada', 'abe']) await made(name);
  await made('bob', { timezone: 'UTC' });
  await made('ben', { whatsapp: { mode: 'cloud-api' }, whatsappNumber: '+15559876543' });
}, 120_000);
afterAll(() => plane.close());

const made = async (name: string, more: object = {}) => {
  const answer = await plane.post('/v1/agents', {
    ...{ user: `${name}@nine30.com`, userPhone: phoneOf(name) },
    ...more,
  });
  expect(answer.status).toBe(202);
};
const vm = (name: string) => plane.google.compute.instances.byName(`agent-${name}`);
const stopByHand = async (name: string) => {
  const found = vm(name);
  if (!found) throw new Error(`${name} has no VM`);
  await plane.google.compute.power.stop(found);
};
/** All pages. */
async function paged(method: string, path: string): Promise<Record<string, unknown>[]> {
  const pages: Record<string, unknown>[] = [];
  let token: string | undefined;
  do {
    const answer = await plane.call(method, token ? `${path}?pageToken=${token}` : path);
    expect(answer.status).toBe(200);
    pages.push(answer.body);
    token = answer.body.nextPageToken;
  } while (token !== undefined);
  return pages;
}

test('they lie where this file takes them to be', () => {
  expect(['ada', 'abe', 'bob', 'ben'].map((name) => vm(name)?.project)).toEqual([
    LOCAL.project.id,
    LOCAL.project.id,
    TWO.id,
    TWO.id,
  ]);
});

test('plan and reconcile go through both projects, and tell what is left of an agent', async () => {
  for (const name of ['ada', 'bob']) await stopByHand(name);
  await made('lo');
  await plane.asOwner(TWO.id, 'DELETE', 'secrets/agent-lo-config');
  const plans = await paged('GET', '/v1/plan');
  expect(plans.map(({ plans: page }) => namesIn(page))).toEqual([['ada'], ['bob', 'lo']]);
  const done = await paged('POST', '/v1/reconcile');
  await plane.google.compute.operations.idle();
  expect(done.map(({ agents }) => outcomesIn(agents))).toEqual([
    ['abe unchanged', 'ada repaired'],
    ['ben unchanged', 'bob repaired', 'lo orphaned'],
  ]);
  expect(done.map(({ numbersReturned }) => numbersReturned)).toEqual([0, undefined]);
  expect((await plane.call('POST', '/v1/reconcile?pageToken=7_ada')).status).toBe(400);
  const purged = await plane.post('/v1/agents/lo/purge');
  expect([purged.body.left, purged.body.removed.length > 0, vm('lo')]).toEqual([
    [],
    true,
    undefined,
  ]);
});
const namesIn = (plans: unknown) => (plans as { agent: string }[]).map(({ agent }) => agent);
const outcomesIn = (agents: unknown) =>
  (agents as { agent: string; outcome: string }[]).map((it) => `${it.agent} ${it.outcome}`);

test('so does the round that Cloud Scheduler begins', async () => {
  for (const name of ['abe', 'ben']) await stopByHand(name);
  expect((await plane.call('POST', '/v1/reconcile/begin')).status).toBe(202);
  const waiting = () => plane.google.tasks.queues.get(QUEUE)?.dispatcher.tasks.size ?? 0;
  for (let looks = 0; waiting() > 0 && looks < 3_000; looks += 1) {
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  await plane.google.compute.operations.idle();
  expect([vm('abe'), vm('ben')].map((it) => it?.resource.status)).toEqual(['RUNNING', 'RUNNING']);
}, 90_000);

test('a record that was lost is written again; one that names another project is believed', async () => {
  const record = 'cells/bob';
  const { storage } = plane.google;
  storage.removeObject(LOCAL.bucket, record);
  expect((await plane.call('GET', '/v1/agents/bob')).status).toBe(404);
  const pages = await paged('POST', '/v1/reconcile');
  expect(outcomesIn(pages[1]?.agents)).toContain('bob unchanged');
  expect((await plane.call('GET', '/v1/agents/bob')).status).toBe(200);
  await plane.asOwner(TWO.id, 'POST', 'secrets?secretId=agent-ada-config', {
    replication: { automatic: {} },
    labels: { 'managed-by': 'agents-plane', 'agents-plane-agent': 'ada' },
  });
  const [, second] = await paged('POST', '/v1/reconcile');
  expect(outcomesIn(second?.agents)).toContain('ada refused');
  const [, plans] = await paged('GET', '/v1/plan');
  expect(plans?.plans).toContainEqual(
    expect.objectContaining({ agent: 'ada', steps: [], untouched: [expect.anything()] }),
  );
  await plane.asOwner(TWO.id, 'DELETE', 'secrets/agent-ada-config');
});

test('a purge that reconcile ends leaves no record, asked for by name or in the round', async () => {
  const records = () =>
    plane.google.storage.objects(LOCAL.bucket, 'cells/').map(({ name }) => name);
  const before = records();
  for (const name of ['kim', 'kit']) {
    await made(name);
    await cutOffPurge(name);
  }
  expect(records()).toEqual([...before, 'cells/kim', 'cells/kit']);
  expect((await plane.post('/v1/agents/kim/reconcile')).body.outcome).toBe('purged');
  expect(records()).toEqual([...before, 'cells/kit']);
  const [, second] = await paged('POST', '/v1/reconcile');
  expect(outcomesIn(second?.agents)).toContain('kit purged');
  expect(records()).toEqual(before);
});

/** The record is all that such a purge had come to. */
async function cutOffPurge(name: string): Promise<void> {
  const path = `secrets/agent-${name}-config`;
  const { annotations } = (await plane.asOwner(TWO.id, 'GET', path)).body;
  const intent = JSON.parse(annotations[ANNOTATION_INTENT]);
  const changed = { [ANNOTATION_INTENT]: JSON.stringify({ ...intent, life: 'purged' }) };
  const written = await plane.asOwner(TWO.id, 'PATCH', `${path}?updateMask=annotations`, {
    annotations: { ...annotations, ...changed },
  });
  expect(written.status).toBe(200);
}

test('the pairing page of an agent in the second project shows its code, and has it asked for', async () => {
  const link = await plane.post('/v1/agents/bob/pairing-link', {});
  const path = pagePath(link.body.url);
  const said = { failures: 0, at: new Date().toISOString(), state: 'idle' };
  vm('bob')?.guest.put('agents-plane', 'pairing', JSON.stringify(said));
  expect((await plane.callPages('GET', `${path}/state`)).body).toMatchObject({ state: 'idle' });
  const asked = await plane.callPages('POST', `${path}/request`);
  expect(asked.body).toMatchObject({ state: 'working' });
  await plane.google.compute.operations.idle();
  const items = vm('bob')?.resource.metadata?.items ?? [];
  expect(items.map(({ key }: { key: string }) => key)).toContain('agents-plane-pairing-request');
});

test("a webhook of a number in the second project waits in that project's queue", async () => {
  const connected = await plane.post('/v1/agents/ben/whatsapp', NUMBER);
  expect(connected.status).toBe(200);
  const signature = `sha256=${createHmac('sha256', NUMBER.appSecret).update(WEBHOOK).digest('hex')}`;
  const path = pagePath(connected.body.webhook);
  const send = (name: string) =>
    plane.callPages('POST', path.replace('ben', name), undefined, WEBHOOK, {
      'x-hub-signature-256': signature,
    });
  expect((await send('ben')).status).toBe(200);
  expect((await send('bob')).status).toBe(401);
  const agent = `serviceAccount:agent-ben@${TWO.id}.iam.gserviceaccount.com`;
  const { accessToken } = plane.google.tokens.access(agent);
  const subscription = `projects/${TWO.id}/subscriptions/agent-ben-whatsapp`;
  const pulled = await fetch(`${plane.google.restUrl}/v1/${subscription}:pull`, {
    method: 'POST',
    headers: { authorization: `Bearer ${accessToken}`, 'content-type': 'application/json' },
    body: JSON.stringify({ maxMessages: 10 }),
  });
  const { receivedMessages } = (await pulled.json()) as { receivedMessages: unknown[] };
  expect(receivedMessages).toHaveLength(1);
});

test("a budget that is used up closes the shared key of the agent's own project", async () => {
  const bob = `agent-bob@${TWO.id}.iam.gserviceaccount.com`;
  const members = (project: string): string[] =>
    plane.google.world.iam
      .get(`projects/${project}/secrets/${SHARED_KEY_SECRET}`)
      .bindings.flatMap((binding) => binding.members);
  expect(members(TWO.id)).toContain(`serviceAccount:${bob}`);
  const others = members(LOCAL.project.id);
  const token = await vmToken(plane.google, 'bob', { project: TWO.id, email: bob });
  const report = { month: new Date().toISOString().slice(0, 7), usd: 60, key: 'shared' };
  const { body } = await plane.callVm('POST', '/v1/self/usage', report, token);
  expect(body).toMatchObject({ usd: 60, limit: 50, withdrawn: true });
  expect(members(TWO.id)).not.toContain(`serviceAccount:${bob}`);
  expect(members(LOCAL.project.id)).toEqual(others);
});

test("a VM's words on the serial port are read where it runs; what was done, where the functions are", async () => {
  expect((await plane.call('GET', '/v1/agents/bob/logs')).status).toBe(200);
  for (const line of plane.log) {
    plane.google.logging.printed(LOCAL.project.id, 'agents-plane-api', line);
  }
  const { body } = await plane.call('GET', '/v1/audit?agent=bob');
  expect(body.lines).toContainEqual(
    expect.objectContaining({ what: 'provisionAgent', agent: 'bob', outcome: 'OK' }),
  );
});

test('a sync makes new agents where there is room, and finds those who left wherever they are', async () => {
  const phonesOf = (name: string) => [{ value: phoneOf(name), type: 'mobile' }];
  for (const name of ['ada', 'abe', 'ben']) {
    const phones = phonesOf(name);
    plane.google.directory.put({ primaryEmail: `${name}@nine30.com`, phones });
  }
  plane.google.directory.put({ primaryEmail: 'bob@nine30.com', suspended: true });
  const customSchemas = { AgentConfig: { agentEnabled: true } };
  plane.google.directory.put({
    primaryEmail: 'dan@nine30.com',
    phones: [{ value: phoneOf('dan'), type: 'mobile' }],
    customSchemas,
  });
  const { body } = await plane.post('/v1/sync');
  expect(
    body.actions.map((it: Record<string, string>) => `${it.action} ${it.user} ${it.outcome}`),
  ).toEqual(['revoke bob@nine30.com done', 'provision dan@nine30.com done']);
  expect(vm('dan')?.project).toBe(TWO.id);
  expect(vm('bob')?.resource.status).toBe('TERMINATED');
  expect((await plane.post('/v1/sync')).body.actions).toEqual([]);
  plane.google.directory.put({ primaryEmail: 'dan@nine30.com', phones: phonesOf('dan') });
  expect((await plane.post('/v1/sync')).body.actions).toMatchObject([{ action: 'deprovision' }]);
  expect((await plane.call('GET', '/v1/agents/dan')).body.state).toBe('deprovisioned');
});

test('a number of the pool stays with its agent in the second project', async () => {
  await plane.post('/v1/numbers', { numbers: [POOL_NUMBER] });
  await made('cy', { whatsapp: { mode: 'dedicated' } });
  expect(vm('cy')?.project).toBe(TWO.id);
  plane.wait(3_600_000);
  const { body } = await plane.post('/v1/reconcile');
  expect(body.numbersReturned).toBe(0);
  const refused = await plane.post('/v1/numbers/release', { number: POOL_NUMBER });
  expect([refused.status, refused.body.error.details[0].problem]).toEqual([
    412,
    'is the number of cy',
  ]);
});
