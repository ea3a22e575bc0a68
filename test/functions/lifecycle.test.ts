/** The verbs over an agent that exists, as the deployed function does them, against the emulator. */

import { receipt } from '../../contracts/lifecycle.ts';
import { LOCAL } from '../../local/plane/settings.ts';
import { type Answered, type Harness, send, startHarness } from './harness.ts';
import { everythingIn } from './support/inventory.ts';

const REQUEST = { user: 'allison@nine30.com', userPhone: '+15551234567' };
const ID = '3f0c1f6e-6b7a-4b52-9f5c-0d4c9a1e2b37';

let harness: Harness;
let token: string;
beforeAll(async () => {
  harness = await startHarness({ target: 'api' });
  token = await harness.idToken();
});
afterAll(() => harness.close());

const api = async (method: string, path: string, body?: unknown): Promise<Answered> => {
  const answer = await send(`${harness.plane.url}${path}`, method, token, body);
  await harness.google.compute.operations.idle();
  return answer;
};
const verb = (name: string, body?: unknown) => api('POST', `/v1/agents/allison/${name}`, body);
const vm = () => harness.google.compute.instances.byName('agent-allison');
const status = () => vm()?.resource.status;
const metadata = (key: string) => vm()?.resource.metadata.items.find((it) => it.key === key)?.value;
const stateNow = async () => (await api('GET', '/v1/agents/allison')).body.state;

describe('the life of an agent', () => {
  test('begins with a provision', async () => {
    expect((await api('POST', '/v1/agents', REQUEST)).status).toBe(202);
    expect(status()).toBe('RUNNING');
  });

  test('stop stops the VM, once; provisioning again does not start it', async () => {
    expect((await verb('stop')).status).toBe(202);
    expect(status()).toBe('TERMINATED');
    expect(await verb('stop')).toMatchObject({ status: 200, body: { state: 'stopped' } });
    expect((await api('POST', '/v1/agents', REQUEST)).status).toBe(200);
    expect(status()).toBe('TERMINATED');
  });

  test('start starts it, once', async () => {
    expect((await verb('start')).status).toBe(202);
    expect(status()).toBe('RUNNING');
    expect((await verb('start')).status).toBe(200);
  });

  test('restart takes it down and up; the same request id does so once', async () => {
    const before = vm()?.resource.lastStartTimestamp;
    expect((await verb('restart', { requestId: ID })).status).toBe(202);
    expect(status()).toBe('RUNNING');
    expect(metadata('agents-plane-boot')).toBe(ID);
    const after = vm()?.resource.lastStartTimestamp;
    expect(after).not.toBe(before);
    expect((await verb('restart', { requestId: ID })).status).toBe(200);
    expect(vm()?.resource.lastStartTimestamp).toBe(after);
    expect((await verb('restart', {})).status).toBe(202);
    expect(metadata('agents-plane-boot')).not.toBe(ID);
  });

  test('rebuild makes another VM on the same data disk; the same request id does so once', async () => {
    const disk = () =>
      harness.google.compute.disks.get(
        `projects/${LOCAL.project.id}/zones/${LOCAL.zone}/disks/agent-allison-data`,
      ).id;
    const before = { vm: vm()?.resource.id, disk: disk() };
    expect((await verb('rebuild', { requestId: ID })).status).toBe(202);
    const after = vm()?.resource.id;
    expect(after).not.toBe(before.vm);
    expect(disk()).toBe(before.disk);
    expect((await verb('rebuild', { requestId: ID })).status).toBe(200);
    expect(vm()?.resource.id).toBe(after);
    expect(status()).toBe('RUNNING');
  });

  test('update changes what is given and tells the running VM', async () => {
    const id = vm()?.resource.id;
    const updated = await api('PATCH', '/v1/agents/allison', {
      budget: 75,
      timezone: 'Europe/Vienna',
    });
    expect(updated).toMatchObject({
      status: 202,
      body: {
        budget: 75,
        timezone: 'Europe/Vienna',
        configVersion: '2',
        userPhone: '+1555•••4567',
      },
    });
    expect(metadata('agents-plane-config-version')).toBe('2');
    expect(vm()?.resource.id).toBe(id);
    expect((await api('PATCH', '/v1/agents/allison', { budget: 75 })).status).toBe(200);
  });

  test('a number of its own makes it dedicated; null takes the number away', async () => {
    const given = await api('PATCH', '/v1/agents/allison', { whatsappNumber: '+15559876543' });
    expect(given.body.whatsapp).toEqual({ mode: 'dedicated' });
    const taken = await api('PATCH', '/v1/agents/allison', { whatsappNumber: null });
    expect(taken.body.whatsapp).toEqual({ mode: 'linked' });
    expect(taken.body.whatsappNumber).toBeUndefined();
  });

  test('whether its phone may be asked outlives a change of mode, as long as there is a phone', async () => {
    const whatsapp = async (body: object) =>
      (await api('PATCH', '/v1/agents/allison', body)).body.whatsapp;
    expect(await whatsapp({ whatsapp: { askPhone: 2 } })).toEqual({ mode: 'linked', askPhone: 2 });
    const own = { whatsappNumber: '+15559876543' };
    expect(await whatsapp(own)).toEqual({ mode: 'dedicated', askPhone: 2 });
    expect(await whatsapp({ whatsapp: { mode: 'kapso' } })).toEqual({ mode: 'kapso' });
    expect(await whatsapp({ whatsappNumber: null })).toEqual({ mode: 'linked' });
    const set = { whatsapp: { mode: 'linked', askPhone: 10 } };
    expect(await whatsapp(set)).toEqual({ mode: 'linked', askPhone: 10 });
    expect(await whatsapp({ whatsapp: { askPhone: null } })).toEqual({ mode: 'linked' });
  });

  test.each([
    ['nothing', {}],
    [
      'a phone to ask, behind a business number',
      { whatsappNumber: '+15559876543', whatsapp: { mode: 'kapso', askPhone: 2 } },
    ],
    ['another owner', { user: 'bo@nine30.com' }],
    ['a budget above the limit', { budget: 501 }],
    ['a mode that needs a number', { whatsapp: { mode: 'dedicated' } }],
    ['a list', []],
  ])('update with %s is refused and changes nothing', async (_what, body) => {
    const versions = metadata('agents-plane-config-version');
    expect((await api('PATCH', '/v1/agents/allison', body)).status).toBe(400);
    expect(metadata('agents-plane-config-version')).toBe(versions);
  });

  test('plan says nothing to do, and what reconcile repairs', async () => {
    const plan = () => api('GET', '/v1/agents/allison/plan');
    expect((await plan()).body.steps).toEqual([]);
    await harness.google.compute.power.stop(vm() ?? fail());
    expect((await plan()).body.steps).toMatchObject([{ id: 'start' }]);
    expect((await api('GET', '/v1/plan')).body.plans).toMatchObject([{ agent: 'allison' }]);
    expect((await api('POST', '/v1/reconcile')).body.agents).toMatchObject([
      { agent: 'allison', outcome: 'repaired', done: ['Start VM agent-allison'] },
    ]);
    expect(status()).toBe('RUNNING');
    expect((await verb('reconcile')).body).toMatchObject({ outcome: 'unchanged', done: [] });
  });

  test('deprovision stops it and takes its rights; provisioning brings it back', async () => {
    const member = `serviceAccount:agent-allison@${LOCAL.project.id}.iam.gserviceaccount.com`;
    const granted = async () =>
      JSON.stringify((await everythingIn(harness.google)).secrets).includes(member);
    expect(await granted()).toBe(true);
    expect(await verb('deprovision')).toMatchObject({
      status: 202,
      body: { state: 'deprovisioned' },
    });
    expect([await granted(), status()]).toEqual([false, 'TERMINATED']);
    expect((await verb('deprovision')).status).toBe(200);
    // What is changed meanwhile is there when it comes back.
    expect((await api('PATCH', '/v1/agents/allison', { budget: 61 })).status).toBe(202);
    expect(await stateNow()).toBe('deprovisioned');
    expect((await api('GET', '/v1/agents/allison')).body.budget).toBe(61);
    expect((await verb('start')).status).toBe(412);
    expect((await verb('reconcile')).body.outcome).toBe('unchanged');
    expect((await api('POST', '/v1/agents', REQUEST)).status).toBe(202);
    expect([await granted(), status()]).toEqual([true, 'RUNNING']);
    expect(await stateNow()).toBe('booting');
  });

  test('list filters by state and goes page by page', async () => {
    const bo = { user: 'bo@nine30.com', userPhone: '+15557654321' };
    expect((await api('POST', '/v1/agents', bo)).status).toBe(202);
    await api('POST', '/v1/agents/bo/stop');
    const names = async (query: string) => {
      const { body } = await api('GET', `/v1/agents?${query}`);
      return [body.agents.map((agent: { name: string }) => agent.name), body.nextPageToken];
    };
    expect(await names('state=stopped')).toEqual([['bo'], undefined]);
    const [first, token] = await names('pageSize=1');
    expect(first).toEqual(['allison']);
    expect(await names(`pageSize=1&pageToken=${token}`)).toEqual([['bo'], undefined]);
    const wrong = await api('GET', '/v1/agents?pageToken=allison');
    expect([wrong.status, wrong.body.error.details[0].field]).toEqual([400, 'query.pageToken']);
    expect((await api('GET', '/v1/agents?pageSize=0')).status).toBe(400);
    expect((await api('GET', '/v1/agents?state=asleep')).status).toBe(400);
  });

  test('a dry run of any verb touches nothing', async () => {
    const before = await everythingIn(harness.google);
    for (const name of ['stop', 'deprovision', 'purge']) {
      const { status: code, body } = await verb(`${name}?dryRun=true`);
      expect([code, body.agent, body.steps.length > 0]).toEqual([200, 'allison', true]);
    }
    expect(await everythingIn(harness.google)).toEqual(before);
  });

  test('purge leaves nothing, says what went, and can be repeated', async () => {
    const { status: code, body } = await verb('purge');
    expect(code).toBe(200);
    const { removed, left } = receipt.parse(body);
    expect(left).toEqual([]);
    expect(removed.map(({ kind }) => kind).sort()).toEqual([
      'binding',
      'disk',
      'disk',
      'instance',
      'secret',
      'secret',
      'serviceAccount',
    ]);
    expect(JSON.stringify(await everythingIn(harness.google))).not.toContain('allison');
    expect((await verb('purge')).body.removed).toEqual([]);
    expect((await api('GET', '/v1/agents/allison')).status).toBe(404);
    expect((await verb('stop')).status).toBe(404);
    expect((await api('POST', '/v1/agents', REQUEST)).status).toBe(202);
  });
});

const fail = (): never => {
  throw new Error('there is no VM');
};
