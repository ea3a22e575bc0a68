import compute, { type protos } from '@google-cloud/compute';
import { OAuth2Client } from 'google-auth-library';
import type { Compute } from '../../local/google/compute.ts';
import { type Google, startGoogle } from '../../local/google/google.ts';

const PROJECT = 'nine30-local';
const ZONE = 'europe-west1-b';
const AT = { project: PROJECT, zone: ZONE };
const ADMIN = 'user:admin@nine30.com';
const AGENT = `agent-allison@${PROJECT}.iam.gserviceaccount.com`;

/** gax turns HTTP statuses into gRPC codes: 409 is ABORTED, even for something that exists. */
const GRPC = { invalid: 3, notFound: 5, alreadyExists: 10, permissionDenied: 7, precondition: 9 };

let google: Google;
let state: Compute;

beforeEach(async () => {
  google = await startGoogle({
    projects: [{ id: PROJECT, number: '123456789012', name: 'Nine30' }],
    users: ['admin@nine30.com', 'viewer@nine30.com', 'maker@nine30.com'],
    stageMs: 2,
  });
  state = google.compute;
  const { world } = google;
  world.accounts.create(PROJECT, 'agent-allison');
  world.iam.grant(`projects/${PROJECT}`, 'roles/owner', [ADMIN]);
  world.iam.grant(`projects/${PROJECT}`, 'roles/viewer', ['user:viewer@nine30.com']);
  world.iam.grant(`projects/${PROJECT}`, 'roles/compute.instanceAdmin.v1', [
    'user:maker@nine30.com',
  ]);
});

afterEach(() => google.close());

/** What the official clients take to talk to the emulator as somebody. */
function options(principal = ADMIN) {
  const authClient = new OAuth2Client();
  authClient.setCredentials({ access_token: google.world.tokens.access(principal).accessToken });
  // biome-ignore lint/suspicious/noExplicitAny: two copies of google-auth-library's types
  const auth = { authClient: authClient as any };
  const port = google.restPort;
  return { apiEndpoint: '127.0.0.1', port, protocol: 'http', projectId: PROJECT, ...auth };
}

const instancesOf = (principal?: string) => new compute.InstancesClient(options(principal));
const disksClient = () => new compute.DisksClient(options());

type Instance = protos.google.cloud.compute.v1.IInstance;

const spec = (name = 'agent-allison', more: Instance = {}): Instance => ({
  name,
  machineType: `zones/${ZONE}/machineTypes/e2-medium`,
  disks: [
    {
      boot: true,
      autoDelete: true,
      initializeParams: { sourceImage: 'projects/debian-cloud/global/images/family/debian-12' },
    },
    {
      autoDelete: false,
      deviceName: 'agents-plane-data',
      initializeParams: { diskName: `${name}-data`, diskSizeGb: '10' },
    },
  ],
  networkInterfaces: [{ subnetwork: 'regions/europe-west1/subnetworks/default' }],
  labels: { 'managed-by': 'agents-plane', 'agents-plane-agent': name.replace('agent-', '') },
  metadata: { items: [{ key: 'startup-script', value: '#!/bin/sh' }] },
  serviceAccounts: [{ email: AGENT, scopes: ['https://www.googleapis.com/auth/cloud-platform'] }],
  shieldedInstanceConfig: { enableSecureBoot: true },
  ...more,
});

type Started = { latestResponse?: { name?: unknown } } | undefined;

/** The operation that a call began, once DONE. */
async function finished(started: readonly unknown[]) {
  const name = String((started[0] as Started)?.latestResponse?.name);
  const client = new compute.ZoneOperationsClient(options());
  const [operation] = await client.wait({ ...AT, operation: name });
  return operation;
}

const insert = async (resource: Instance, principal?: string) =>
  finished(await instancesOf(principal).insert({ ...AT, instanceResource: resource }));

const statusOf = async (name = 'agent-allison') =>
  (await instancesOf().get({ ...AT, instance: name }))[0].status;

const ON = { ...AT, instance: 'agent-allison' };

describe('creating an instance', () => {
  test('the operation passes through its states and the instance runs', async () => {
    const begun = await instancesOf().insert({ ...AT, instanceResource: spec() });
    expect(begun[0].latestResponse).toMatchObject({ status: 'PENDING', operationType: 'insert' });
    expect(await statusOf()).toMatch(/PROVISIONING|STAGING/);
    const operation = await finished(begun);
    expect(operation).toMatchObject({ status: 'DONE', progress: 100 });
    expect(operation.error).toBeFalsy();

    const [instance] = await instancesOf().get(ON);
    expect(instance).toMatchObject({
      status: 'RUNNING',
      labels: { 'managed-by': 'agents-plane', 'agents-plane-agent': 'allison' },
      serviceAccounts: [{ email: AGENT }],
      shieldedInstanceConfig: { enableSecureBoot: true, enableVtpm: true },
    });
    expect(instance.machineType).toBe(
      `https://www.googleapis.com/compute/v1/projects/${PROJECT}/zones/${ZONE}/machineTypes/e2-medium`,
    );
    expect(instance.networkInterfaces?.[0]?.networkIP).toMatch(/^10\.132\./);
    expect(operation.targetLink).toBe(instance.selfLink);
    expect(String(operation.targetId)).toBe(String(instance.id));
    expect(Number.isNaN(Date.parse(instance.creationTimestamp ?? ''))).toBe(false);
  });

  test('the same request id twice is one instance; the same name twice is a conflict', async () => {
    const requestId = '11111111-2222-4333-8444-555555555555';
    const request = { ...AT, instanceResource: spec(), requestId };
    const [first] = await instancesOf().insert(request);
    const [again] = await instancesOf().insert(request);
    expect(again.name).toBe(first.name);
    await expect(insert(spec())).rejects.toMatchObject({ code: GRPC.alreadyExists });
  });

  test.each<[string, Instance, number, string]>([
    ['a bad name', { name: 'Agent_X' }, GRPC.invalid, 'resource.name'],
    [
      'an unknown machine type',
      { machineType: `zones/${ZONE}/machineTypes/e3-huge` },
      GRPC.invalid,
      'e3-huge',
    ],
    [
      'another zone',
      { machineType: 'zones/us-central1-a/machineTypes/e2-medium' },
      GRPC.invalid,
      'must be in zone',
    ],
    ['no disks', { disks: [] }, GRPC.invalid, 'No disks are specified'],
    ['no network', { networkInterfaces: [] }, GRPC.invalid, 'network interface'],
    [
      'an unknown subnetwork',
      { networkInterfaces: [{ subnetwork: 'regions/europe-west1/subnetworks/no' }] },
      GRPC.notFound,
      'subnetworks/no',
    ],
    ['a bad label', { labels: { Managed: 'x' } }, GRPC.invalid, 'labels'],
    [
      'a metadata value over 256 KB',
      { metadata: { items: [{ key: 'k', value: 'x'.repeat(262_145) }] } },
      GRPC.invalid,
      'too large',
    ],
    [
      'a metadata key twice',
      {
        metadata: {
          items: [
            { key: 'k', value: '1' },
            { key: 'k', value: '2' },
          ],
        },
      },
      GRPC.invalid,
      'duplicate',
    ],
    [
      'an unknown service account',
      { serviceAccounts: [{ email: `nobody@${PROJECT}.iam.gserviceaccount.com` }] },
      GRPC.notFound,
      'nobody',
    ],
  ])('%s is refused and nothing is made', async (_, change, code, words) => {
    const error = await insert(spec('agent-allison', change)).catch((thrown) => thrown);
    expect(error).toMatchObject({ code });
    expect(error.message).toContain(words);
    expect(state.instances.list()).toEqual([]);
    expect(state.disks.list(ZONE)).toEqual([]);
  });

  test('unknown fields, images and zones are refused as Google does', async () => {
    const post = async (zone: string, body: object) => {
      const { accessToken } = google.world.tokens.access(ADMIN);
      const url = `${google.restUrl}/compute/v1/projects/${PROJECT}/zones/${zone}/instances`;
      const headers = { authorization: `Bearer ${accessToken}` };
      const answer = await fetch(url, { method: 'POST', headers, body: JSON.stringify(body) });
      return JSON.parse(await answer.text()).error;
    };
    expect(await post(ZONE, { ...spec(), colour: 'red' })).toMatchObject({
      code: 400,
      message: expect.stringContaining('Unknown name "colour"'),
    });
    const params = { sourceImage: 'projects/debian-cloud/global/images/family/debian-99' };
    const disks = [{ boot: true, initializeParams: params }];
    expect(await post(ZONE, { ...spec(), disks })).toMatchObject({
      code: 404,
      errors: [{ reason: 'notFound', domain: 'global' }],
    });
    expect(await post('mars-1a', spec())).toMatchObject({
      code: 400,
      errors: [{ reason: 'invalid' }],
    });
  });

  test('a stockout arrives in the operation and leaves nothing behind', async () => {
    state.stockouts.add(ZONE);
    const operation = await insert(spec());
    expect(operation.error?.errors?.[0]).toMatchObject({ code: 'ZONE_RESOURCE_POOL_EXHAUSTED' });
    expect(operation.httpErrorStatusCode).toBe(503);
    await expect(statusOf()).rejects.toMatchObject({ code: GRPC.notFound });
    expect(state.disks.list(ZONE)).toEqual([]);
  });
});

describe('permissions', () => {
  test('a viewer sees and cannot create', async () => {
    await insert(spec());
    const viewer = 'user:viewer@nine30.com';
    const [instance] = await instancesOf(viewer).get(ON);
    expect(instance.status).toBe('RUNNING');
    await expect(insert(spec('agent-bob'), viewer)).rejects.toMatchObject({
      code: GRPC.permissionDenied,
    });
  });

  test('creating with a service account takes actAs on exactly that account', async () => {
    const maker = 'user:maker@nine30.com';
    await expect(insert(spec(), maker)).rejects.toMatchObject({
      code: GRPC.permissionDenied,
      message: expect.stringContaining('iam.serviceAccountUser'),
    });
    const resource = `projects/${PROJECT}/serviceAccounts/${AGENT}`;
    google.world.iam.grant(resource, 'roles/iam.serviceAccountUser', [maker]);
    expect((await insert(spec(), maker)).error).toBeFalsy();
  });
});

describe('power', () => {
  test('stop, start, delete; the data disk survives and is used again', async () => {
    await insert(spec());
    await finished(await instancesOf().stop(ON));
    expect(await statusOf()).toBe('TERMINATED');
    await finished(await instancesOf().start(ON));
    expect(await statusOf()).toBe('RUNNING');
    await finished(await instancesOf().delete(ON));
    await expect(statusOf()).rejects.toMatchObject({ code: GRPC.notFound });

    const [left] = await disksClient().list(AT);
    expect(left.map((disk) => disk.name)).toEqual(['agent-allison-data']);
    const [boot] = spec().disks ?? [];
    const data = {
      source: `zones/${ZONE}/disks/agent-allison-data`,
      deviceName: 'agents-plane-data',
    };
    const again = spec('agent-allison', { disks: [boot ?? {}, data] });
    expect((await insert(again)).error).toBeFalsy();
  });

  test('a disk in use can neither be attached twice nor deleted', async () => {
    await insert(spec());
    const [boot] = spec().disks ?? [];
    const data = { source: `zones/${ZONE}/disks/agent-allison-data` };
    const operation = await insert(spec('agent-bob', { disks: [boot ?? {}, data] }));
    expect(operation.error?.errors?.[0]?.code).toBe('RESOURCE_IN_USE_BY_ANOTHER_RESOURCE');
    expect(state.instances.list()).toHaveLength(1);
    const deletion = disksClient().delete({ ...AT, disk: 'agent-allison-data' });
    await expect(deletion).rejects.toMatchObject({ code: GRPC.invalid });
  });

  test('deletion protection holds', async () => {
    await insert(spec('agent-allison', { deletionProtection: true }));
    await expect(instancesOf().delete(ON)).rejects.toMatchObject({ code: GRPC.invalid });
  });
});

describe('changes', () => {
  test('metadata and labels take the current fingerprint, once', async () => {
    await insert(spec());
    const [{ metadata, labelFingerprint }] = await instancesOf().get(ON);
    const items = [{ key: 'agents-plane-config-version', value: '2' }];
    const metadataResource = { items, fingerprint: metadata?.fingerprint ?? null };
    await finished(await instancesOf().setMetadata({ ...ON, metadataResource }));
    const [after] = await instancesOf().get(ON);
    expect(after.metadata?.items).toMatchObject(items);
    await expect(instancesOf().setMetadata({ ...ON, metadataResource })).rejects.toMatchObject({
      code: GRPC.precondition,
    });
    const labels = { 'managed-by': 'agents-plane', extra: 'x' };
    const change = { labels, labelFingerprint: labelFingerprint ?? null };
    await finished(
      await instancesOf().setLabels({ ...ON, instancesSetLabelsRequestResource: change }),
    );
    expect((await instancesOf().get(ON))[0].labels).toEqual(labels);
  });

  test('two writers with one fingerprint do not both win', async () => {
    await insert(spec());
    const [{ metadata }] = await instancesOf().get(ON);
    const write = async (value: string) => {
      const resource = { items: [{ key: 'k', value }], fingerprint: metadata?.fingerprint ?? null };
      return finished(await instancesOf().setMetadata({ ...ON, metadataResource: resource }));
    };
    const [a, b] = await Promise.allSettled([write('1'), write('2')]);
    const won = [a, b].filter((one) => one?.status === 'fulfilled' && !one.value.error);
    expect(won).toHaveLength(1);
  });
});

describe('reading', () => {
  test('lists by label, page by page', async () => {
    const names = ['agent-a', 'agent-b', 'agent-c'];
    await Promise.all(names.map((name) => insert(spec(name))));
    const [one] = await instancesOf().list({ ...AT, filter: 'labels.agents-plane-agent=b' });
    expect(one.map((instance) => instance.name)).toEqual(['agent-b']);
    const [all] = await instancesOf().list({
      ...AT,
      filter: '(labels.managed-by = "agents-plane") AND (status != TERMINATED)',
      maxResults: 2,
    });
    expect(all.map((instance) => instance.name)).toEqual(names);
    const scopes: string[] = [];
    for await (const [scope, { instances }] of instancesOf().aggregatedListAsync({
      project: PROJECT,
    })) {
      if (instances?.length) scopes.push(scope);
    }
    expect(scopes).toEqual([`zones/${ZONE}`]);
  });

  test('operations are found by their target', async () => {
    await Promise.all([insert(spec('agent-a')), insert(spec('agent-b'))]);
    const [{ selfLink }] = await instancesOf().get({ ...AT, instance: 'agent-b' });
    const client = new compute.ZoneOperationsClient(options());
    const [found] = await client.list({
      ...AT,
      filter: `(targetLink = "${selfLink}") (operationType=insert)`,
    });
    expect(found).toHaveLength(1);
    expect(found[0]).toMatchObject({ targetLink: selfLink, status: 'DONE' });
  });

  test('guest attributes and the serial log, by offset', async () => {
    await insert(spec());
    const record = state.instances.byName('agent-allison');
    record?.console.append('hello\n');
    record?.guest.put('agents-plane', 'status', '{"state":"ready"}');
    const [output] = await instancesOf().getSerialPortOutput(ON);
    expect(output.contents).toBe('hello\n');
    record?.console.append('world\n');
    const start = Number(output.next);
    const [more] = await instancesOf().getSerialPortOutput({ ...ON, start });
    expect(more.contents).toBe('world\n');
    const [attributes] = await instancesOf().getGuestAttributes({
      ...ON,
      queryPath: 'agents-plane/',
    });
    expect(attributes.queryValue?.items?.[0]).toMatchObject({
      key: 'status',
      value: '{"state":"ready"}',
    });
    const missing = instancesOf().getGuestAttributes({
      ...ON,
      variableKey: 'agents-plane/pairing',
    });
    await expect(missing).rejects.toMatchObject({ code: GRPC.notFound });
  });

  test('the catalogue: zone, machine type, image family', async () => {
    const [zone] = await new compute.ZonesClient(options()).get(AT);
    expect(zone.status).toBe('UP');
    const types = new compute.MachineTypesClient(options());
    const [type] = await types.get({ ...AT, machineType: 'e2-medium' });
    expect(type.memoryMb).toBe(4096);
    const images = new compute.ImagesClient(options());
    const [image] = await images.getFromFamily({ project: 'debian-cloud', family: 'debian-12' });
    expect(image.family).toBe('debian-12');
  });
});
