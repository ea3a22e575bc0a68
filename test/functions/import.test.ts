/** Many people at once: checked as a whole, spread by the queue, and nothing twice. */

import { LOCAL, QUEUE, TASKS_ACCOUNT } from '../../local/plane/settings.ts';
import { ENVIRONMENT, phoneOf } from './fixtures.ts';
import { type InProcess, startInProcess } from './support/in-process.ts';

const PATH = '/v1/imports';
const person = (name: string, more: object = {}) => ({
  user: `${name}@nine30.com`,
  userPhone: phoneOf(name),
  ...more,
});
const PEOPLE = ['ada', 'bob', 'cy'].map((name) => person(name));

let plane: InProcess;
/** For each, Google refuses a VM. */
const failures: number[] = [];
/** What the writing of intents waits for. */
let held = Promise.resolve();
beforeAll(async () => {
  plane = await startInProcess(async ({ method }) => {
    if (method.endsWith('.UpdateSecret')) await held;
    return method.endsWith('.Insert') && failures.pop() !== undefined
      ? { when: 'before', status: 'PERMISSION_DENIED' }
      : undefined;
  });
});
afterAll(() => plane.close());

const waiting = () => plane.google.tasks.queues.get(QUEUE)?.dispatcher.tasks.size ?? 0;
async function untilEmpty(): Promise<void> {
  while (waiting() > 0) await new Promise((resolve) => setTimeout(resolve, 20));
  await plane.google.compute.operations.idle();
}
const takes = (body: { people: { takes: string }[] }) => body.people.map((each) => each.takes);
const created = (method: string) =>
  plane.google.recording.filter((call) => call.method.endsWith(method) && call.status === 200);

test('every problem of everybody is told, and nothing is done', async () => {
  const mark = plane.google.recording.length;
  const people = [person('ada'), { user: 'bo' }, person('eve', { budget: 0 }), person('ada')];
  const { status, body } = await plane.call('POST', PATH, { people });
  expect(status).toBe(400);
  expect(body.error.details.map(({ field }: { field: string }) => field)).toEqual([
    'people.1.user',
    'people.2.budget',
    'people.3.user',
  ]);
  const calls = plane.google.recording.slice(mark).map(({ method }) => method);
  expect(calls.filter((method) => !method.startsWith('oauth2.'))).toEqual([]);
});

test('a dry run says what it takes, and puts nothing into the queue', async () => {
  const { body } = await plane.call('POST', `${PATH}?dryRun=true`, { people: PEOPLE });
  expect(takes(body)).toEqual(['create', 'create', 'create']);
  expect(created('.CreateTask')).toHaveLength(0);
});

test('the queue brings the work; twice the same request makes everything once', async () => {
  await Promise.all([1, 2].map(() => plane.call('POST', PATH, { people: PEOPLE })));
  await untilEmpty();
  expect(created('.CreateTask')).toHaveLength(3);
  expect(created('.Insert')).toHaveLength(3);
  const { body } = await plane.call('POST', PATH, { people: PEOPLE });
  expect(takes(body)).toEqual(['nothing', 'nothing', 'nothing']);
  expect(body.people[0]).toMatchObject({ agent: 'ada', queued: false });
  expect(plane.google.compute.instances.byName('agent-ada')?.resource.status).toBe('RUNNING');
});

test('a changed line is a change, the others stay', async () => {
  const people = [person('ada', { budget: 70 }), ...PEOPLE.slice(1)];
  const { body } = await plane.call('POST', PATH, { people });
  expect(takes(body)).toEqual(['change', 'nothing', 'nothing']);
  await untilEmpty();
  expect((await plane.call('GET', '/v1/agents/ada')).body.budget).toBe(70);
});

test('there and back again within the hour: the queue takes what it had before, once it is done', async () => {
  for (const budget of [60, 70, 60, 70]) {
    const { body } = await plane.call('POST', PATH, { people: [person('ada', { budget })] });
    expect(body.people[0]).toMatchObject({ takes: 'change', queued: true });
    await untilEmpty();
    expect((await plane.call('GET', '/v1/agents/ada')).body.budget).toBe(budget);
    plane.wait(60_000);
  }
});

test('what waits in the queue is not put in again', async () => {
  const queue = plane.google.tasks.queues.get(QUEUE);
  const people = [person('ada', { budget: 80 })];
  const before = created('.CreateTask').length;
  const { promise, resolve } = Promise.withResolvers<void>();
  held = promise;
  await plane.call('POST', PATH, { people });
  plane.wait(60_000);
  const { body } = await plane.call('POST', PATH, { people });
  expect([body.people[0].queued, body.waiting, queue?.dispatcher.tasks.size]).toEqual([true, 1, 1]);
  expect(created('.CreateTask').length - before).toBe(1);
  resolve();
  await untilEmpty();
});

test('whoever drew a number of the pool is as asked for, without naming it', async () => {
  const numbers = ['+15559870001', '+15559870002'];
  await plane.call('POST', '/v1/numbers', { numbers });
  const dedicated = { whatsapp: { mode: 'dedicated' } };
  const two = (more: object = {}) => [
    person('gus', { ...dedicated, ...more }),
    person('hal', { ...dedicated, ...more, userPhone: undefined }),
  ];
  const phones = [{ value: phoneOf('hal'), type: 'mobile' }];
  plane.google.directory.put({ primaryEmail: 'hal@nine30.com', phones });
  const ask = async (query: string, people: readonly object[]) => {
    const { status, body } = await plane.call('POST', `${PATH}${query}`, { people });
    expect(status).toBe(200);
    return takes(body);
  };
  expect(await ask('', two())).toEqual(['create', 'create']);
  await untilEmpty();
  expect(await ask('', two())).toEqual(['nothing', 'nothing']);
  expect(await ask('?dryRun=true', two({ budget: 70 }))).toEqual(['change', 'change']);
  const linked = two({ whatsapp: { mode: 'linked' } });
  expect(await ask('?dryRun=true', linked)).toEqual(['change', 'change']);
  const named = [person('gus', { ...dedicated, whatsappNumber: '+15559870009' })];
  expect(await ask('?dryRun=true', named)).toEqual(['change']);
});

test('work that Google refuses for good leaves the queue, with its outcome on record', async () => {
  failures.push(1);
  await plane.call('POST', PATH, { people: [person('flo')] });
  await untilEmpty();
  const outcomes = plane.log
    .map((line) => JSON.parse(line).audit)
    .filter((audit) => audit?.what === 'provisionTask')
    .map(({ outcome }) => outcome);
  expect(outcomes.at(-1)).toBe('PERMISSION_DENIED');
  // Sent again as a whole, it is seen that the VM is missing; by name the queue has had it.
  const { body } = await plane.call('POST', `${PATH}?dryRun=true`, { people: [person('flo')] });
  expect(body.people[0]).toMatchObject({ takes: 'change', agent: 'flo' });
});

test('who did it is on record: the queue, and for whom', async () => {
  const audit = plane.log
    .map((line) => JSON.parse(line).audit)
    .find((each) => each?.what === 'provisionTask' && each.agent === 'bob');
  expect(audit).toMatchObject({
    who: TASKS_ACCOUNT,
    outcome: 'OK',
    after: { importedBy: LOCAL.admin, user: 'bob@nine30.com' },
  });
});

describe('the route of the queue', () => {
  const API = ENVIRONMENT.AGENTS_PLANE_AUDIENCE;
  const account = (email: string, audience = API) =>
    plane.google.world.tokens.accountIdToken({ email, uniqueId: '1' }, audience);
  const work = { request: person('mallory'), by: LOCAL.admin };
  const bring = async (token: string, body: object) =>
    (await plane.call('POST', '/v1/tasks/provision', body, token)).status;

  test('takes nothing that the plane did not write, whoever brings it', async () => {
    const ticket = 'A'.repeat(43);
    expect(await bring(await account(TASKS_ACCOUNT), { work, ticket })).toBe(403);
    // As Cloud Run hands a token on: anybody could write that.
    const [head, claims] = (await account(TASKS_ACCOUNT)).split('.');
    const removed = `${head}.${claims}.SIGNATURE_REMOVED_BY_GOOGLE`;
    expect(await bring(removed, { work, ticket })).toBe(403);
    expect(await bring('a.b.SIGNATURE_REMOVED_BY_GOOGLE', { work, ticket })).toBe(401);
  });

  test('knows a written ticket on another piece of work', async () => {
    const { createHmac } = await import('node:crypto');
    const other = { request: person('ada'), by: LOCAL.admin };
    const { canonicalJson } = await import('../../functions/core/canonical.ts');
    const key = 'k'.repeat(43);
    const ticket = createHmac('sha256', key)
      .update(`task\n/v1/tasks/provision\n${canonicalJson(other)}`)
      .digest('base64url');
    expect(await bring(await account(TASKS_ACCOUNT), { work, ticket })).toBe(403);
  });
});
