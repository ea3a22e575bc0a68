/** The Workspace toggle, end to end: an emulated Directory, the plane, and what is left in the project. */

import type { Person } from '../../local/google/workspace/people.ts';
import { LOCAL } from '../../local/plane/settings.ts';
import { ENVIRONMENT, phoneOf } from './fixtures.ts';
import { type InProcess, startInProcess } from './support/in-process.ts';
import { everythingIn } from './support/inventory.ts';

let plane: InProcess;
/** Google fails at this method, before anything happens. */
let broken: RegExp | undefined;
beforeEach(async () => {
  broken = undefined;
  plane = await startInProcess(({ method }) =>
    broken?.test(method) ? { when: 'before', status: 'UNAVAILABLE' } : undefined,
  );
});
afterEach(() => plane.close());

const phoneIn = (name: string) => (name === 'allison' ? '+15551234567' : phoneOf(name));
const put = (name: string, more: Partial<Person> = {}) =>
  plane.google.directory.put({
    primaryEmail: `${name}@nine30.com`,
    phones: [{ value: phoneIn(name), type: 'mobile' }],
    ...more,
  });
const enable = (name: string, more: object = {}) =>
  put(name, { customSchemas: { AgentConfig: { agentEnabled: true, ...more } } });

async function sync(query = '') {
  const answer = await plane.call('POST', `/v1/sync${query}`);
  await plane.google.compute.operations.idle();
  return answer;
}
const actionsOf = ({ body }: Awaited<ReturnType<typeof sync>>): string[] =>
  body.actions.map(
    ({ action, user, outcome }: Record<string, string>) => `${action} ${user} ${outcome}`,
  );
const stateOf = async (name: string) => (await plane.call('GET', `/v1/agents/${name}`)).body.state;
const byHand = async (name: string) => {
  const body = { user: `${name}@nine30.com`, userPhone: phoneOf(`${name} by hand`) };
  await plane.call('POST', '/v1/agents', body);
  await plane.google.compute.operations.idle();
};
const mails = () => plane.google.gmail.mailboxes.list(LOCAL.admin).length;

/** Writes the key that an owner sends. */
async function storeKey(name: string): Promise<void> {
  const { accessToken } = plane.google.tokens.access(`user:${LOCAL.admin}`);
  const path = `/v1/projects/${LOCAL.project.id}/secrets/agent-${name}-api-key:addVersion`;
  await fetch(`${plane.google.restUrl}${path}`, {
    method: 'POST',
    headers: { authorization: `Bearer ${accessToken}`, 'content-type': 'application/json' },
    body: JSON.stringify({ payload: { data: Buffer.from('sk-test').toString('base64') } }),
  });
}

test('switched on, changed, switched off, on again: the agent follows; the same again does nothing', async () => {
  enable('allison', { agentBudget: 80 });
  expect(actionsOf(await sync('?dryRun=true'))).toEqual(['provision allison@nine30.com planned']);
  expect((await plane.call('GET', '/v1/agents')).body.agents).toEqual([]);
  expect(actionsOf(await sync())).toEqual(['provision allison@nine30.com done']);
  expect((await plane.call('GET', '/v1/agents/allison')).body).toMatchObject({
    budget: 80,
    userPhone: '+1555•••4567',
  });
  expect(actionsOf(await sync())).toEqual([]);
  await plane.call('PATCH', '/v1/agents/allison', { timezone: 'Europe/Vienna' });
  enable('allison', { agentBudget: 90 });
  expect(actionsOf(await sync())).toEqual(['update allison@nine30.com done']);
  expect((await plane.call('GET', '/v1/agents/allison')).body).toMatchObject({
    budget: 90,
    timezone: 'Europe/Vienna',
  });
  put('allison');
  expect(actionsOf(await sync())).toEqual(['deprovision allison@nine30.com done']);
  expect(await stateOf('allison')).toBe('deprovisioned');
  enable('allison', { agentBudget: 90 });
  expect(actionsOf(await sync())).toEqual(['update allison@nine30.com done']);
  expect(await stateOf('allison')).toBe('booting');
  expect(actionsOf(await sync())).toEqual([]);
});

test('of a key that was changed often, every version is destroyed', async () => {
  put('allison');
  await byHand('allison');
  // More than Google gives in the one page that is asked for.
  for (let version = 0; version < 30; version += 1) await storeKey('allison');
  put('allison', { suspended: true });
  expect(actionsOf(await sync())).toEqual(['revoke allison@nine30.com done']);
  const { versions } = (await everythingIn(plane.google)).secrets['agent-allison-api-key'] ?? {};
  expect(versions).toEqual(Array.from({ length: 30 }, () => 'DESTROYED'));
});

test.each([
  ['suspended', () => put('allison', { suspended: true })],
  ['deleted', () => plane.google.directory.remove('allison@nine30.com')],
])(
  '%s: within one sync the VM is off, the account disabled, every key destroyed',
  async (_how, leave) => {
    put('allison');
    await byHand('allison');
    await storeKey('allison');
    leave();
    expect(actionsOf(await sync())).toEqual(['revoke allison@nine30.com done']);
    const left = await everythingIn(plane.google);
    expect(left.instances).toMatchObject([{ status: 'TERMINATED' }]);
    const account = plane.google.world.accounts.list(LOCAL.project.id);
    expect(account.find(({ id }) => id === 'agent-allison')?.disabled).toBe(true);
    expect(left.secrets['agent-allison-api-key']).toMatchObject({
      bindings: [],
      versions: ['DESTROYED'],
    });
    expect(left.secrets['agent-allison-config']).toMatchObject({ bindings: [] });
    expect(JSON.stringify(left.secrets['agents-plane-api-key'])).not.toContain('agent-allison@');
    expect(actionsOf(await sync())).toEqual([]);
    const audit = plane.log
      .map((line) => JSON.parse(line))
      .find(({ message }) => message === 'sync.revoke');
    expect(audit.audit).toMatchObject({
      agent: 'allison',
      who: LOCAL.admin,
      after: { life: 'revoked' },
    });
  },
);

test('somebody who comes back gets the agent back, when it is asked for', async () => {
  enable('allison');
  await sync();
  put('allison', { suspended: true });
  await sync();
  expect(await stateOf('allison')).toBe('deprovisioned');
  enable('allison');
  expect(actionsOf(await sync())).toEqual(['update allison@nine30.com done']);
  const account = plane.google.world.accounts.list(LOCAL.project.id);
  expect(account.find(({ id }) => id === 'agent-allison')?.disabled).toBe(false);
  expect(await stateOf('allison')).toBe('booting');
});

test('made by hand: neither switched off nor changed; an address that was changed is nobody gone', async () => {
  put('allison');
  await byHand('allison');
  expect(actionsOf(await sync())).toEqual([]);
  enable('allison', { agentBudget: 10 });
  expect(actionsOf(await sync())).toEqual([]);
  expect(await stateOf('allison')).toBe('booting');
});

describe('an address that became another one of somebody who is there', () => {
  const putNew = (more: Partial<Person> = {}) =>
    put('anna', { aliases: ['ann@nine30.com'], ...more });
  const twoAgents = async () => {
    put('ann');
    await byHand('ann');
    put('anna');
    await byHand('anna');
    plane.google.directory.remove('ann@nine30.com');
  };
  const states = () => Promise.all(['ann', 'anna'].map(stateOf));

  test('whose agent there is under the old one alone: it stays', async () => {
    put('ann');
    await byHand('ann');
    plane.google.directory.remove('ann@nine30.com');
    putNew();
    expect((await sync()).body).toMatchObject({ actions: [], unfollowed: [] });
    expect(await stateOf('ann')).toBe('booting');
  });

  test('who has an agent of their own: neither is touched, and the second is told', async () => {
    await twoAgents();
    putNew();
    const { body } = await sync();
    expect(body.actions).toEqual([]);
    expect(body.unfollowed).toEqual([
      {
        user: 'ann@nine30.com',
        problem: expect.stringContaining('is another address of anna@nine30.com'),
      },
    ]);
    expect(await states()).toEqual(['booting', 'booting']);
  });

  test('whose holder was renamed, and is on record by id: the agent follows, under either address', async () => {
    put('ann');
    await byHand('ann');
    await sync();
    plane.google.directory.rename('ann@nine30.com', 'anna@nine30.com');
    // The old address need not stay theirs.
    for (const aliases of [['ann@nine30.com'], []]) {
      putNew({ aliases });
      expect((await sync()).body).toMatchObject({ actions: [], unfollowed: [] });
      expect(await stateOf('ann')).toBe('booting');
    }
    putNew({ aliases: [], suspended: true });
    expect(actionsOf(await sync())).toEqual(['revoke ann@nine30.com done']);
  });

  test.each([
    ['by hand, at the next sync', () => byHand('ann')],
    ['by the directory', async () => void enable('ann')],
    [
      'without a phone, so that they were looked up',
      async () => {
        await plane.call('POST', '/v1/agents', { user: 'ann@nine30.com' });
        await plane.google.compute.operations.idle();
      },
    ],
  ])(
    'whose owner was deleted: revoked within one sync, as they were made on record %s',
    async (how, make) => {
      put('ann');
      put('anna');
      await byHand('anna');
      await make();
      if (!how.startsWith('without')) await sync();
      plane.google.directory.remove('ann@nine30.com');
      putNew();
      broken = /directory\.users\.get/;
      expect((await sync()).status).toBe(503);
      broken = undefined;
      expect(actionsOf(await sync())).toEqual(['revoke ann@nine30.com done']);
      expect(await states()).toEqual(['deprovisioned', 'booting']);
      expect((await sync()).body).toMatchObject({ actions: [], unfollowed: [] });
    },
  );

  test('that somebody else has now: they get nothing of the first one, until it is purged', async () => {
    enable('ann');
    await sync();
    await storeKey('ann');
    plane.google.directory.remove('ann@nine30.com');
    enable('ann');
    expect(actionsOf(await sync())).toEqual(['revoke ann@nine30.com done']);
    const { body } = await sync();
    expect(body).toMatchObject({ actions: [], unfollowed: [{ user: 'ann@nine30.com' }] });
    await plane.call('POST', '/v1/agents/ann/purge');
    await plane.google.compute.operations.idle();
    expect(actionsOf(await sync())).toEqual(['provision ann@nine30.com done']);
    expect((await sync()).body).toMatchObject({ actions: [], unfollowed: [] });
  });

  test('that an admin gives a new owner, by provisioning it again: it stays theirs', async () => {
    put('ann');
    await byHand('ann');
    await sync();
    plane.google.directory.remove('ann@nine30.com');
    put('ann');
    expect(actionsOf(await sync())).toEqual(['revoke ann@nine30.com done']);
    await byHand('ann');
    expect((await sync()).body).toMatchObject({ actions: [], unfollowed: [] });
    expect(await stateOf('ann')).toBe('booting');
  });

  test('who is suspended: both are revoked', async () => {
    await twoAgents();
    putNew({ suspended: true });
    expect(actionsOf(await sync())).toEqual([
      'revoke ann@nine30.com done',
      'revoke anna@nine30.com done',
    ]);
    expect((await sync()).body).toMatchObject({ actions: [], unfollowed: [] });
  });
});

describe('a directory that does not say all', () => {
  const four = ['allison', 'bo', 'cy', 'di'];
  beforeEach(async () => {
    for (const name of four) {
      put(name);
      await byHand(name);
    }
  });

  test.each([
    ['is away', /directory\.users\.list/],
    ['does not answer for one whom the list forgot', /directory\.users\.get/],
  ])('%s: nothing is done', async (_what, method) => {
    broken = method;
    plane.google.directory.remove('allison@nine30.com');
    expect((await sync()).status).toBe(503);
    expect(await stateOf('allison')).toBe('booting');
  });

  test('whoever asks is not in the list: it cannot be the list', async () => {
    const real = plane.google.directory.hide('admin@nine30.com');
    for (const name of four) plane.google.directory.remove(`${name}@nine30.com`);
    expect((await sync()).status).toBe(503);
    expect(await stateOf('allison')).toBe('booting');
    real();
  });

  test('too many leave: it stops, asks the admins once, and goes on with their word', async () => {
    for (const name of four) put(name, { suspended: true });
    enable('eve');
    const stopped = await sync();
    expect(stopped.body.stopped).toMatchObject({ removals: 4, limit: 3 });
    expect(actionsOf(stopped).every((line) => line.endsWith('planned'))).toBe(true);
    expect(await stateOf('allison')).toBe('booting');
    await sync();
    expect(mails()).toBe(1);
    const { confirm } = stopped.body.stopped;
    // Somebody more is gone: the word was for four.
    await byHand('fay');
    expect((await sync(`?confirm=${confirm}`)).body.stopped.removals).toBe(5);
    put('fay');
    const done = actionsOf(await sync(`?confirm=${confirm}`));
    expect(done).toHaveLength(5);
    expect(done.every((line) => line.endsWith('done'))).toBe(true);
    expect(await stateOf('allison')).toBe('deprovisioned');
  });
});

test('two at once: one does it, the other is told', async () => {
  enable('allison');
  const answers = await Promise.all([sync(), sync()]);
  expect(answers.map(({ status }) => status).sort()).toEqual([200, 409]);
  expect(actionsOf(await sync())).toEqual([]);
});

test('what was cut off is taken up by the next one', async () => {
  enable('allison');
  broken = /AddSecretVersion/;
  expect(actionsOf(await sync())).toEqual(['provision allison@nine30.com failed']);
  broken = undefined;
  expect(actionsOf(await sync())).toEqual(['provision allison@nine30.com done']);
  expect(actionsOf(await sync())).toEqual([]);
});

test("Cloud Scheduler's account may sync, and a confirmation must be one", async () => {
  const { tokens } = plane.google.world;
  const account = { email: ENVIRONMENT.AGENTS_PLANE_SCHEDULER, uniqueId: '1' };
  const token = await tokens.accountIdToken(account, ENVIRONMENT.AGENTS_PLANE_AUDIENCE);
  expect((await plane.call('POST', '/v1/sync', undefined, token)).status).toBe(200);
  expect((await sync('?confirm=yes')).status).toBe(400);
});
