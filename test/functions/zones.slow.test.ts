/** A zone without room: a new agent goes to the next one, an old one stays with its data disk (decision 082). */

import type { FaultHook } from '../../local/google/gate.ts';
import type { Call } from '../../local/google/service.ts';
import { LOCAL, PLANE_ACCOUNT } from '../../local/plane/settings.ts';
import { pagePath } from './fixtures.ts';
import { send, vmToken } from './harness.ts';
import { type InProcess, startInProcess } from './support/in-process.ts';

const [B, C, D] = ['europe-west1-b', 'europe-west1-c', 'europe-west1-d'] as const;
const ZONES = [B, C, D];
const ALLISON = { user: 'allison@nine30.com', userPhone: '+15551234567' };
const ID = '3f0c1f6e-6b7a-4b52-9f5c-0d4c9a1e2b37';

// Each verb is some twenty requests, and the machine may have other things to do.
const LIMIT_MS = 180_000;

let plane: InProcess;
let hook: FaultHook = () => undefined;
beforeAll(async () => {
  plane = await startInProcess((call) => hook(call));
}, LIMIT_MS);
afterAll(() => plane.close());
/** Whatever was tried, a purge leaves nothing in any zone. */
afterEach(async () => {
  hook = () => undefined;
  full();
  compute().untidy.clear();
  await compute().operations.idle();
  expect((await ask('POST', '/allison/purge')).status).toBe(200);
  expect(everywhere()).toEqual([]);
}, LIMIT_MS);

const compute = () => plane.google.compute;
const full = (...zones: readonly string[]): void => {
  compute().stockouts.clear();
  for (const zone of zones) compute().stockouts.add(zone);
};
async function ask(method: string, path: string, body?: unknown) {
  const answer = await plane.call(method, `/v1/agents${path}`, body);
  await compute().operations.idle();
  return answer;
}
const provision = () => ask('POST', '', ALLISON);
/** `agent-allison europe-west1-c`, of VMs and disks, of all zones. */
const everywhere = () =>
  [
    ...compute()
      .instances.list()
      .map(({ resource, zone }) => `vm ${resource.name} ${zone}`),
    ...ZONES.flatMap((zone) =>
      compute()
        .disks.list(zone)
        .map(({ name }) => `disk ${name} ${zone}`),
    ),
  ].sort();
const agentIn = (zone: string) => [
  `disk agent-allison ${zone}`,
  `disk agent-allison-data ${zone}`,
  `vm agent-allison ${zone}`,
];
async function asOwner(method: string, path: string, body?: object): Promise<void> {
  const { accessToken } = plane.google.tokens.access(`user:${LOCAL.admin}`);
  const url = `${plane.google.restUrl}/compute/v1/projects/${LOCAL.project.id}/zones/${path}`;
  const { status } = await send(url, method, accessToken, body);
  if (status !== 200) throw new Error(`${method} ${path}: ${status}`);
  await compute().operations.idle();
}
const callsOf = async (run: () => Promise<unknown>): Promise<readonly string[]> => {
  const mark = plane.google.recording.length;
  await run();
  return plane.google.recording
    .slice(mark)
    .filter(({ principal }) => principal === `serviceAccount:${PLANE_ACCOUNT}`)
    .map(({ method }) => method);
};

/** Allison, in the second zone of the region. */
async function moved(): Promise<void> {
  full(B);
  expect((await provision()).status).toBe(202);
  expect((await provision()).status).toBe(202);
  full();
}

test(
  'a common provision makes as many calls as it did, and none of them looks at other zones',
  async () => {
    const calls = await callsOf(provision);
    expect(calls.filter((method) => /Compute|compute/.test(method)).sort()).toEqual([
      'google.cloud.compute.v1.Disks.Get',
      'google.cloud.compute.v1.Instances.Get',
      'google.cloud.compute.v1.Instances.GetGuestAttributes',
      'google.cloud.compute.v1.Instances.Insert',
      'google.cloud.compute.v1.ZoneOperations.List',
    ]);
    // Twenty of the agent's own, a second look at the policy that all agents share, and one list of the
    // fleet: no other agent answers on this number (docs/decisions/105).
    expect(calls).toHaveLength(22);
  },
  LIMIT_MS,
);

describe('a new agent whose zone is out of stock', () => {
  test.each([['tidy'], ['untidy']])(
    'is made in the next one; Google was %s',
    async (how) => {
      if (how === 'untidy') compute().untidy.add(B);
      full(B);
      await provision();
      const failed = (await ask('GET', '/allison')).body;
      expect(failed).toMatchObject({ state: 'failed', instance: { zone: B } });
      expect(failed.reason).toMatch(/europe-west1-b has no free capacity.*tries the next zone/);
      expect((await provision()).body).toMatchObject({ state: 'booting', instance: { zone: C } });
      expect(everywhere()).toEqual(agentIn(C));
      expect((await provision()).status).toBe(200);
      expect(await callsOf(provision)).not.toContain('google.cloud.compute.v1.Instances.Insert');
    },
    LIMIT_MS,
  );

  test(
    'is taken through all of them by one request, by reconcile as well',
    async () => {
      full(B, C);
      compute().untidy.add(B).add(C);
      await provision();
      const { body } = await ask('POST', '/allison/reconcile');
      expect(body).toMatchObject({ outcome: 'repaired' });
      expect(body.done).toContain('Create VM agent-allison in europe-west1-d');
      expect(everywhere()).toEqual(agentIn(D));
    },
    LIMIT_MS,
  );

  test(
    'with no room anywhere has failed, and begins anew with the first zone',
    async () => {
      full(...ZONES);
      await provision();
      expect((await provision()).body).toMatchObject({ state: 'failed', instance: { zone: D } });
      expect(everywhere()).toEqual([]);
      full(C, D);
      expect((await provision()).body).toMatchObject({ state: 'booting', instance: { zone: B } });
      expect(everywhere()).toEqual(agentIn(B));
    },
    LIMIT_MS,
  );

  test(
    'that is stopped meanwhile is made nowhere',
    async () => {
      full(B);
      await provision();
      expect((await ask('POST', '/allison/stop')).status).toBe(202);
      expect(everywhere()).toEqual([]);
      full();
      expect((await ask('POST', '/allison/start')).status).toBe(202);
      expect(everywhere()).toEqual(agentIn(C));
    },
    LIMIT_MS,
  );
});

test(
  'the newest operation is the one that counts, however many there were before',
  async () => {
    // One more than a page of Google's; in its own order the oldest come first.
    const zone = { project: LOCAL.project.id, zone: B, id: '1' };
    const path = `projects/${LOCAL.project.id}/zones/${B}/instances/agent-allison`;
    for (let n = 0; n <= 500; n += 1) {
      compute().operations.start({} as Call, 'setMetadata', { ...zone, path }, () => undefined);
    }
    await compute().operations.idle();
    full(B);
    await provision();
    expect((await ask('GET', '/allison')).body).toMatchObject({ state: 'failed' });
    expect((await provision()).body).toMatchObject({ instance: { zone: C } });
  },
  LIMIT_MS,
);

describe('every verb finds an agent in its zone', () => {
  const there = () =>
    compute().instances.find(`projects/${LOCAL.project.id}/zones/${C}/instances/agent-allison`);

  test(
    'from its first boot on',
    async () => {
      await moved();
      const { id } = there()?.resource ?? {};
      const verbs: ReadonlyArray<readonly [string, string, number, object?]> = [
        ['POST', '/allison/stop', 202],
        ['POST', '/allison/start', 202],
        ['POST', '/allison/restart', 202, { requestId: ID }],
        ['PATCH', '/allison', 202, { budget: 60 }],
        ['POST', '/allison/reconcile', 200],
        ['POST', '/allison/deprovision', 202],
        ['POST', '', 202, ALLISON],
        ['POST', '/allison/rebuild', 202, { requestId: ID }],
      ];
      for (const [method, path, status, body] of verbs) {
        expect([path, (await ask(method, path, body)).status]).toEqual([path, status]);
        expect(everywhere()).toEqual(agentIn(C));
      }
      expect(there()?.resource.id).not.toBe(id);
      expect(there()?.resource.status).toBe('RUNNING');
    },
    LIMIT_MS,
  );

  test(
    'its list, log, pairing page, number and token do, too',
    async () => {
      await moved();
      const vm = there();
      const at = new Date(Date.now() + 60_000).toISOString();
      vm?.guest.put('agents-plane', 'status', JSON.stringify({ state: 'ready', at }));
      vm?.guest.put('agents-plane', 'pairing', JSON.stringify({ failures: 0, at, state: 'idle' }));
      vm?.console.append('it boots\n');
      expect((await ask('GET', '/allison')).body).toMatchObject({
        state: 'ready',
        instance: { zone: C },
      });
      expect((await ask('GET', '')).body.agents).toMatchObject([{ instance: { zone: C } }]);
      expect((await ask('GET', '/allison/logs')).body.text).toContain('it boots');
      const { body: link } = await ask('POST', '/allison/pairing-link', {});
      const page = pagePath(link.url);
      expect((await plane.callPages('POST', `${page}/request`)).body).toMatchObject({
        state: 'working',
      });
      await compute().operations.idle();
      const keys = () => vm?.resource.metadata.items.map(({ key }) => key);
      expect(keys()).toContain('agents-plane-pairing-request');
      const number = { mode: 'kapso', phoneNumberId: '106540352242922', apiKey: 'key' };
      await ask('PATCH', '/allison', {
        whatsapp: { mode: 'kapso' },
        whatsappNumber: '+15559876543',
      });
      expect((await ask('POST', '/allison/whatsapp', number)).status).toBe(200);
      expect(keys()).toContain('agents-plane-whatsapp');
      const token = await vmToken(plane.google, 'allison', {});
      const said = { state: 'ready', at };
      expect((await plane.callVm('POST', '/v1/self/status', said, token)).status).toBe(200);
    },
    LIMIT_MS,
  );

  test(
    'an old one without room stays with its data disk, and says what can be done',
    async () => {
      await provision();
      full(B);
      await ask('POST', '/allison/restart', { requestId: ID });
      const stopped = (await ask('GET', '/allison')).body;
      expect(stopped).toMatchObject({ state: 'failed', instance: { zone: B } });
      expect(stopped.reason).toMatch(/europe-west1-b has no free capacity.*data disk.*admin guide/);
      await ask('POST', '/allison/rebuild', { requestId: ID });
      expect(everywhere()).toEqual(['disk agent-allison-data europe-west1-b']);
      expect((await ask('GET', '/allison')).body).toMatchObject({
        state: 'failed',
        instance: { zone: B },
      });
      full();
      await ask('POST', '/allison/reconcile');
      expect(everywhere()).toEqual(agentIn(B));
    },
    LIMIT_MS,
  );

  test(
    'a data disk that an admin moved, as the guide says, takes the agent along',
    async () => {
      await provision();
      await ask('POST', '/allison/stop');
      await asOwner('DELETE', `${B}/instances/agent-allison`);
      await asOwner('DELETE', `${B}/disks/agent-allison-data`);
      const labels = { 'managed-by': 'agents-plane', 'agents-plane-agent': 'allison' };
      const disk = { name: 'agent-allison-data', sizeGb: '10', labels };
      await asOwner('POST', `${D}/disks`, disk);
      expect((await ask('GET', '/allison')).body).toMatchObject({ instance: { zone: D } });
      expect((await ask('POST', '/allison/reconcile')).status).toBe(200);
      expect(everywhere()).toEqual(['disk agent-allison-data europe-west1-d']);
      expect((await ask('POST', '/allison/start')).status).toBe(202);
      expect(everywhere()).toEqual(agentIn(D));
    },
    LIMIT_MS,
  );

  test(
    'two data disks, none of them where the record says, are for a person to choose from',
    async () => {
      await provision();
      await asOwner('DELETE', `${B}/instances/agent-allison`);
      await asOwner('DELETE', `${B}/disks/agent-allison-data`);
      const labels = { 'managed-by': 'agents-plane', 'agents-plane-agent': 'allison' };
      for (const zone of [C, D]) {
        await asOwner('POST', `${zone}/disks`, {
          name: 'agent-allison-data',
          sizeGb: '10',
          labels,
        });
      }
      const { status, body } = await provision();
      expect([status, body.error.details.map(({ field }: { field: string }) => field)]).toEqual([
        412,
        ['disk agent-allison-data in europe-west1-c', 'disk agent-allison-data in europe-west1-d'],
      ]);
    },
    LIMIT_MS,
  );
});

describe('two requests at once', () => {
  test.each([[[B]], [[B, C]], [ZONES]])(
    'with no room in %s',
    async (zones) => {
      full(...zones);
      compute().untidy.add(B).add(C);
      await provision();
      const both = await Promise.all([provision(), provision(), ask('POST', '/allison/reconcile')]);
      for (const { status } of both) expect([200, 202, 409]).toContain(status);
      full(...zones);
      await provision();
      const free = ZONES.find((zone) => !zones.includes(zone));
      expect(everywhere()).toEqual(free ? agentIn(free) : []);
    },
    LIMIT_MS,
  );

  /** Holds the first call of that method until it is let go; later ones pass. */
  function hold(pattern: RegExp) {
    const reached = Promise.withResolvers<void>();
    const gate = Promise.withResolvers<void>();
    let held = false;
    hook = async ({ method, principal }) => {
      if (held || principal !== `serviceAccount:${PLANE_ACCOUNT}` || !pattern.test(method)) return;
      held = true;
      reached.resolve();
      await gate.promise;
      return undefined;
    };
    return { reached: reached.promise, release: gate.resolve };
  }

  test(
    'one that was held up before it made the VM does not make it where the agent was',
    async () => {
      const late = hold(/SetIamPolicy/);
      full(B);
      const slow = plane.call('POST', '/v1/agents', ALLISON);
      await late.reached;
      // Others find the record, do what it had left to do, meet the stockout and go on.
      await provision();
      await provision();
      full();
      late.release();
      await slow;
      await compute().operations.idle();
      expect(everywhere()).toEqual(agentIn(C));
    },
    LIMIT_MS,
  );

  test(
    'one whose VM was under way when the agent was sent away: it stays where it was made',
    async () => {
      const reached = Promise.withResolvers<void>();
      const gate = Promise.withResolvers<void>();
      let phase: 'free' | 'held' | 'moved' | 'looked' | 'over' = 'free';
      hook = async ({ method, principal }) => {
        if (principal !== `serviceAccount:${PLANE_ACCOUNT}`) return undefined;
        if (phase === 'free' && method.endsWith('Instances.Insert')) {
          phase = 'held';
          reached.resolve();
          await gate.promise;
        } else if (phase === 'held' && method.endsWith('UpdateSecret')) {
          phase = 'moved';
        } else if (phase === 'moved' && method.endsWith('AggregatedList')) {
          phase = 'looked';
        } else if (phase === 'looked' && !method.endsWith('AggregatedList')) {
          // It was nowhere to be seen yet when the one that moved the agent first looked around.
          phase = 'over';
          full();
          gate.resolve();
          while (compute().instances.list(B).length === 0) await new Promise(setImmediate);
        }
        return undefined;
      };
      full(B);
      const slow = plane.call('POST', '/v1/agents', ALLISON);
      await reached.promise;
      await provision();
      expect((await ask('GET', '/allison')).body.state).toBe('failed');
      await provision();
      expect((await slow).status).toBe(202);
      await compute().operations.idle();
      expect(phase).toBe('over');
      expect(everywhere()).toEqual(agentIn(B));
      expect((await ask('GET', '/allison')).body.instance.zone).toBe(B);
      expect((await provision()).status).toBe(200);
    },
    LIMIT_MS,
  );
});
