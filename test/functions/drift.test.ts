/**
 * Somebody's hands in the console: `plan` says what reconcile would do, `reconcile` does it and
 * says what it leaves alone, and afterwards all is as it was.
 */

import { METADATA_PAIRING_REQUEST } from '../../contracts/pairing.ts';
import { LOCAL } from '../../local/plane/settings.ts';
import { type Answered, send, vmToken } from './harness.ts';
import { type InProcess, startInProcess } from './support/in-process.ts';
import { type Everything, everythingIn } from './support/inventory.ts';
import { NUMBER, REQUEST } from './support/meta-number.ts';

const PROJECT = `projects/${LOCAL.project.id}`;
const ZONE = `/compute/v1/${PROJECT}/zones/${LOCAL.zone}`;
const VM = `${ZONE}/instances/agent-allison`;
const DISK = `${ZONE}/disks/agent-allison-data`;
const EMAIL = `agent-allison@${LOCAL.project.id}.iam.gserviceaccount.com`;
const ACCOUNT = `/v1/${PROJECT}/serviceAccounts/${EMAIL}`;
const secret = (id: string): string => `/v1/${PROJECT}/secrets/agent-allison-${id}`;
const QUEUE = `/v1/${PROJECT}/subscriptions/agent-allison-whatsapp`;
const TOPIC = `/v1/${PROJECT}/topics/agent-allison-whatsapp`;
const EVE = `user:${LOCAL.viewer}`;

let plane: InProcess;
let whole: Everything;
beforeAll(async () => {
  plane = await startInProcess();
});
afterAll(() => plane.close());

const settled = () => plane.google.compute.operations.idle();

async function hand(method: string, path: string, body?: unknown): Promise<Answered['body']> {
  const { accessToken } = plane.google.tokens.access(`user:${LOCAL.admin}`);
  const answer = await send(`${plane.google.restUrl}${path}`, method, accessToken, body);
  if (answer.status !== 200) throw new Error(`${method} ${path}: ${JSON.stringify(answer.body)}`);
  await settled();
  return answer.body;
}

async function call(method: string, path: string, body?: unknown): Promise<Answered> {
  const answer = await plane.call(method, path, body);
  await settled();
  return answer;
}

/** With the read-modify-write that everybody does. */
async function editPolicy(resource: string, edit: (members: string[]) => string[]): Promise<void> {
  const byGet = resource !== ACCOUNT;
  const policy = byGet
    ? await hand('GET', `${resource}:getIamPolicy`)
    : await hand('POST', `${resource}:getIamPolicy`, {});
  const { bindings = [] } = policy;
  const changed = bindings.map((binding: { members: string[] }) => ({
    ...binding,
    members: edit(binding.members),
  }));
  const fresh = changed.length > 0 ? changed : [{ role: TOKEN_CREATOR, members: edit([]) }];
  await hand('POST', `${resource}:setIamPolicy`, { policy: { ...policy, bindings: fresh } });
}
const TOKEN_CREATOR = 'roles/iam.serviceAccountTokenCreator';

async function addMetadata(key: string, value: string): Promise<void> {
  const { metadata } = await hand('GET', VM);
  const items = metadata.items.filter((item: { key: string }) => item.key !== key);
  await hand('POST', `${VM}/setMetadata`, { ...metadata, items: [...items, { key, value }] });
}

async function swapBootDisk(): Promise<void> {
  const { disks } = await hand('GET', VM);
  await hand('POST', `${VM}/stop`);
  const device = disks.find(({ boot }: { boot: boolean }) => boot).deviceName;
  await hand('POST', `${VM}/detachDisk?deviceName=${device}`);
  await hand('POST', `${ZONE}/disks`, { name: 'eves-disk', sizeGb: '10' });
  const source = `${PROJECT}/zones/${LOCAL.zone}/disks/eves-disk`;
  await hand('POST', `${VM}/attachDisk`, { source, boot: true });
  await hand('POST', `${VM}/start`);
}

async function actAsAnother(): Promise<void> {
  const email = `agents-plane@${LOCAL.project.id}.iam.gserviceaccount.com`;
  await hand('POST', `${VM}/stop`);
  await hand('POST', `${VM}/setServiceAccount`, { email, scopes: [] });
  await hand('POST', `${VM}/start`);
}

const without = (members: string[]) => members.filter((each) => !each.includes(EMAIL));
const withEve = (members: string[]) => [...members, EVE];

interface Drift {
  readonly what: string;
  readonly edit: () => Promise<unknown>;
  /** Ids of the steps that `plan` shows first. */
  readonly steps: readonly string[];
  /** Adds what belongs to somebody, and stays. */
  readonly beside?: () => Promise<unknown>;
}

const REBUILT = ['instance-removal', 'instance'];

const DRIFTS: readonly Drift[] = [
  { what: 'the VM was stopped', edit: () => hand('POST', `${VM}/stop`), steps: ['start'] },
  { what: 'the VM was deleted', edit: () => hand('DELETE', VM), steps: ['instance'] },
  {
    what: 'the data disk was detached',
    edit: () => hand('POST', `${VM}/detachDisk?deviceName=agents-plane-data`),
    steps: ['stop', 'attach-disk', 'start'],
  },
  {
    what: 'the boot disk was changed',
    edit: swapBootDisk,
    beside: () => hand('DELETE', `${ZONE}/disks/eves-disk`),
    steps: ['instance-removal', 'boot-disk-removal', 'instance'],
  },
  { what: 'the VM acts as another account', edit: actAsAnother, steps: REBUILT },
  {
    what: 'the newest config version was disabled',
    edit: () => hand('POST', `${secret('config')}/versions/latest:disable`, {}),
    steps: ['config-enabled'],
  },
  {
    what: 'the newest config version was destroyed',
    edit: async () => {
      const { name } = await hand('GET', `${secret('config')}/versions/latest`);
      const { payload } = await hand('GET', `/v1/${name}:access`);
      await hand('POST', `${secret('config')}:addVersion`, { payload });
      await hand('POST', `${secret('config')}/versions/latest:destroy`, {});
    },
    steps: ['config-version', 'announce'],
  },
  {
    what: 'the key secret was deleted',
    edit: () => hand('DELETE', secret('api-key')),
    steps: ['key-secret', 'key-access'],
  },
  ...['config', 'api-key', 'backup-key', 'channels', 'whatsapp'].flatMap((id): Drift[] => {
    const named = { 'api-key': 'key', 'backup-key': 'backup', whatsapp: 'number' };
    const step = new Map(Object.entries(named)).get(id) ?? id;
    return [
      {
        what: `the agent was taken off its ${id}`,
        edit: () => editPolicy(secret(id), without),
        steps: [`${step}-access`],
      },
      {
        what: `a stranger was let into its ${id}`,
        edit: () => editPolicy(secret(id), withEve),
        steps: [`${step}-access`],
      },
    ];
  }),
  {
    what: 'the agent was taken off its queue',
    edit: () => editPolicy(QUEUE, without),
    steps: ['queue'],
  },
  {
    what: 'a stranger was let into its queue',
    edit: () => editPolicy(QUEUE, withEve),
    steps: ['queue'],
  },
  {
    what: 'its queue was deleted',
    edit: async () => {
      await hand('DELETE', QUEUE);
      await hand('DELETE', TOPIC);
    },
    steps: ['queue'],
  },
  {
    what: 'the topic of its queue was deleted',
    edit: () => hand('DELETE', TOPIC),
    steps: ['queue'],
  },
  {
    what: 'the topic of its queue was deleted, and made again',
    edit: async () => {
      const { labels } = await hand('GET', TOPIC);
      await hand('DELETE', TOPIC);
      await hand('PUT', TOPIC, { labels });
    },
    steps: ['queue'],
  },
  {
    what: "somebody brought the number's old credentials to life beside the new ones",
    edit: async () => {
      const { payload } = await hand('GET', `${secret('whatsapp')}/versions/latest:access`);
      await hand('POST', `${secret('whatsapp')}:addVersion`, { payload });
    },
    steps: ['number-destruction', 'announce'],
  },
  {
    what: 'metadata was edited',
    edit: () => addMetadata('agents-plane-bundle', 'gs://eve/agent.mjs'),
    steps: ['announce'],
  },
  {
    what: 'metadata was added',
    edit: () => addMetadata('ssh-keys', 'eve:ssh-ed25519 AAAA eve'),
    steps: ['announce'],
  },
  {
    what: 'the service account was disabled',
    edit: () => hand('POST', `${ACCOUNT}:disable`, {}),
    steps: ['account-enabled'],
  },
  {
    what: 'the service account was deleted',
    edit: () => hand('DELETE', ACCOUNT),
    steps: [
      'instance-removal',
      'service-account',
      'config-access',
      'key-access',
      'shared-key-access',
      'channels-access',
      'backup-access',
      'number-access',
      'queue',
      'instance',
    ],
  },
];

test('an agent with everything that an agent can have', async () => {
  expect((await call('POST', '/v1/agents', REQUEST)).status).toBe(202);
  const token = await vmToken(plane.google, 'allison', {});
  for (const path of ['channels-secret', 'backup-secret']) {
    expect((await plane.callVm('POST', `/v1/self/${path}`, undefined, token)).status).toBe(200);
  }
  expect((await call('POST', '/v1/agents/allison/whatsapp', NUMBER)).status).toBe(200);
  whole = await everythingIn(plane.google);
});

test.each(DRIFTS)('$what', async ({ edit, steps, beside }) => {
  await edit();
  const planned = await call('GET', '/v1/agents/allison/plan');
  const ids = planned.body.steps.map(({ id }: { id: string }) => id);
  expect([...ids].sort()).toEqual([...steps].sort());
  expect((await call('GET', '/v1/plan')).body.plans).toMatchObject([{ agent: 'allison' }]);
  const repaired = await call('POST', '/v1/agents/allison/reconcile');
  expect(repaired.body).toMatchObject({ agent: 'allison', outcome: 'repaired' });
  await beside?.();
  expect(comparable(await everythingIn(plane.google))).toEqual(comparable(whole));
  expect((await call('GET', '/v1/agents/allison/plan')).body.steps).toEqual([]);
  expect((await call('POST', '/v1/agents/allison/reconcile')).body.outcome).toBe('unchanged');
  whole = await everythingIn(plane.google);
});

/** Of each secret the newest version alone; a repair adds one, and tells the VM its number. */
const comparable = ({ secrets, ...others }: Everything): unknown => ({
  secrets: Object.entries(secrets).map(([id, { versions, ...rest }]) => [
    id,
    rest,
    versions.at(-1),
  ]),
  others: JSON.parse(
    JSON.stringify(others).replace(
      /("agents-plane-(config-version|whatsapp)"):"[\d-]+"/g,
      '$1:"told"',
    ),
  ),
});

test('a code that the owner has just asked for is no drift', async () => {
  await addMetadata(METADATA_PAIRING_REQUEST, 'mh3k2p1a-0123456789abcdef');
  const asked = await everythingIn(plane.google);
  expect((await call('GET', '/v1/agents/allison/plan')).body.steps).toEqual([]);
  // A repair of something else keeps it, too.
  await addMetadata('ssh-keys', 'eve:ssh-ed25519 AAAA eve');
  expect((await call('POST', '/v1/agents/allison/reconcile')).body.outcome).toBe('repaired');
  expect(await everythingIn(plane.google)).toEqual(asked);
});

describe('what is reported and left alone', () => {
  const reconciled = async () => (await call('POST', '/v1/reconcile')).body.agents[0];
  const planned = async () => (await call('GET', '/v1/plan')).body.plans[0];

  test("the owner's key was switched off", async () => {
    const payload = { data: Buffer.from('sk-test').toString('base64') };
    await hand('POST', `${secret('api-key')}:addVersion`, { payload });
    await hand('POST', `${secret('api-key')}/versions/latest:disable`, {});
    const told = { untouched: [{ field: 'secret agent-allison-api-key' }] };
    expect(await planned()).toMatchObject({ ...told, steps: [] });
    expect(await reconciled()).toMatchObject({ ...told, outcome: 'unchanged' });
    await hand('POST', `${secret('api-key')}/versions/latest:enable`, {});
    expect(await planned()).toBeUndefined();
  });

  test("a stranger may act as the agent's account", async () => {
    await editPolicy(ACCOUNT, withEve);
    const problem = `may be used by ${EVE}`;
    expect((await planned()).untouched).toMatchObject([{ problem }]);
    expect(await reconciled()).toMatchObject({ outcome: 'unchanged', untouched: [{ problem }] });
    await hand('POST', `${ACCOUNT}:setIamPolicy`, { policy: { bindings: [] } });
  });

  test.each([
    ['VM', VM, 'instance agent-allison'],
    ['data disk', DISK, 'disk of agent-allison'],
  ])('somebody took our labels off the %s', async (_what, path, field) => {
    const { labels, labelFingerprint } = await hand('GET', path);
    await hand('POST', `${path}/setLabels`, { labels: { mine: 'yes' }, labelFingerprint });
    expect(await planned()).toMatchObject({ steps: [], untouched: [{ field }] });
    const { outcome, reason } = await reconciled();
    expect([outcome, reason]).toEqual(['refused', expect.stringContaining(field)]);
    const again = await hand('GET', path);
    expect(again.labels).toEqual({ mine: 'yes' });
    const { labelFingerprint: current } = again;
    await hand('POST', `${path}/setLabels`, { labels, labelFingerprint: current });
    expect(await planned()).toBeUndefined();
  });

  test('the config secret was deleted: what is left is told, and can be taken up again', async () => {
    await hand('DELETE', secret('config'));
    expect(await planned()).toMatchObject({ agent: 'allison', untouched: [{}] });
    expect(await reconciled()).toMatchObject({ agent: 'allison', outcome: 'orphaned' });
    expect((await call('POST', '/v1/agents', REQUEST)).status).toBe(202);
    expect((await reconciled()).outcome).toBe('unchanged');
  });

  test('deprovision takes every right; to provision again gives all of them back', async () => {
    const before = await everythingIn(plane.google);
    expect((await call('POST', '/v1/agents/allison/deprovision')).status).toBe(202);
    const without = await everythingIn(plane.google);
    expect(JSON.stringify([without.secrets, without.queues])).not.toContain(EMAIL);
    expect((await call('POST', '/v1/agents', REQUEST)).status).toBe(202);
    expect(await everythingIn(plane.google)).toEqual(before);
  });
});
