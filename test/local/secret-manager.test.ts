// The official client against the emulated Secret Manager, REST and gRPC: one table, both transports.

import { SecretManagerServiceClient } from '@google-cloud/secret-manager';
import { credentials } from '@grpc/grpc-js';
import { clientWith, PROJECT, startTestGoogle, type TestGoogle } from './support/google.ts';

const PARENT = `projects/${PROJECT.id}`;
const AUTOMATIC = { replication: { automatic: {} } };
const INVALID_ARGUMENT = 3;
const NOT_FOUND = 5;
const ALREADY_EXISTS = 6;
const PERMISSION_DENIED = 7;
const FAILED_PRECONDITION = 9;
const ABORTED = 10;

type Client = SecretManagerServiceClient;
type Options = { otherArgs?: { headers: Record<string, string> } };

let world: TestGoogle;
beforeAll(async () => {
  world = await startTestGoogle();
});
afterAll(() => world.google.close());

const rest = (token: string): [Client, Options] => [
  new SecretManagerServiceClient({
    apiEndpoint: '127.0.0.1',
    port: world.google.restPort,
    protocol: 'http',
    fallback: true,
    authClient: clientWith(token) as never,
  }),
  {},
];
// Without TLS grpc-js sends no call credentials: the token goes into the metadata by hand.
const grpc = (token: string): [Client, Options] => [
  new SecretManagerServiceClient({
    apiEndpoint: '127.0.0.1',
    port: world.google.grpcPort,
    sslCreds: credentials.createInsecure(),
    authClient: clientWith(token) as never,
  }),
  { otherArgs: { headers: { authorization: `Bearer ${token}` } } },
];

describe.each([
  ['REST', rest],
  ['gRPC', grpc],
])('Secret Manager over %s', (transport, connect) => {
  let client: Client;
  let options: Options;
  let made = 0;
  beforeAll(() => {
    [client, options] = connect(world.ownerToken);
  });
  afterAll(() => client.close());

  const freshId = (): string => `${transport.toLowerCase()}-${made++}`;
  const create = async (secret: object = AUTOMATIC): Promise<string> => {
    const secretId = freshId();
    const [{ name }] = await client.createSecret({ parent: PARENT, secretId, secret }, options);
    return name ?? '';
  };
  const add = async (parent: string, text: string): Promise<string> => {
    const payload = { data: Buffer.from(text) };
    return (await client.addSecretVersion({ parent, payload }, options))[0].name ?? '';
  };
  const read = async (name: string): Promise<string> =>
    String((await client.accessSecretVersion({ name }, options))[0].payload?.data);

  test('answers with the project number in names and keeps labels and annotations', async () => {
    const name = await create({ ...AUTOMATIC, labels: { a: 'b' }, annotations: { 'x.y': 'Z' } });
    expect(name).toMatch(new RegExp(`^projects/${PROJECT.number}/secrets/`));
    const [secret] = await client.getSecret({ name }, options);
    expect(secret).toMatchObject({ name, labels: { a: 'b' }, annotations: { 'x.y': 'Z' } });
    expect(Number(secret.createTime?.seconds)).toBeGreaterThan(1_700_000_000);
  });

  test('latest is the version added last, numbers go on after a destroy', async () => {
    const name = await create();
    expect(await add(name, 'one')).toBe(`${name}/versions/1`);
    await client.destroySecretVersion({ name: `${name}/versions/1` }, options);
    expect(await add(name, 'two')).toBe(`${name}/versions/2`);
    expect(await read(`${name}/versions/latest`)).toBe('two');
  });

  test.each(['DISABLED', 'DESTROYED'])('a version that is %s cannot be read', async (state) => {
    const name = await create();
    const version = await add(name, 'one');
    if (state === 'DISABLED') await client.disableSecretVersion({ name: version }, options);
    else await client.destroySecretVersion({ name: version }, options);
    await expect(read(`${name}/versions/latest`)).rejects.toMatchObject({
      code: FAILED_PRECONDITION,
      message: expect.stringContaining(`Secret Version [${version}] is in ${state} state.`),
    });
  });

  test('a disabled version can be enabled, a destroyed one never', async () => {
    const version = await add(await create(), 'one');
    await client.disableSecretVersion({ name: version }, options);
    await client.enableSecretVersion({ name: version }, options);
    expect(await read(version)).toBe('one');
    const [gone] = await client.destroySecretVersion({ name: version }, options);
    expect(gone.state).toBe('DESTROYED');
    expect(gone.destroyTime).not.toBeNull();
    await expect(client.enableSecretVersion({ name: version }, options)).rejects.toMatchObject({
      code: FAILED_PRECONDITION,
    });
  });

  test('a checksum that does not fit is refused and adds nothing', async () => {
    const parent = await create();
    const payload = { data: Buffer.from('abc'), dataCrc32c: 1 };
    await expect(client.addSecretVersion({ parent, payload }, options)).rejects.toMatchObject({
      code: INVALID_ARGUMENT,
    });
    const right = { data: Buffer.from('abc'), dataCrc32c: 0x364b3fb7 };
    const [version] = await client.addSecretVersion({ parent, payload: right }, options);
    expect(version).toMatchObject({
      name: `${parent}/versions/1`,
      clientSpecifiedPayloadChecksum: true,
    });
  });

  test('lists page by page, versions newest first', async () => {
    const parent = await create({ ...AUTOMATIC, labels: { batch: transport.toLowerCase() } });
    for (const text of ['1', '2', '3']) await add(parent, text);
    const paged = { autoPaginate: false, ...options };
    const [first, , raw] = await client.listSecretVersions({ parent, pageSize: 2 }, paged);
    expect(first.map(({ name }) => name?.split('/').at(-1))).toEqual(['3', '2']);
    expect(raw).toMatchObject({ totalSize: 3 });
    const [all] = await client.listSecretVersions({ parent, pageSize: 2 }, options);
    expect(all).toHaveLength(3);
    const filter = `labels.batch=${transport.toLowerCase()}`;
    const [secrets] = await client.listSecrets({ parent: PARENT, filter }, options);
    expect(secrets.map(({ name }) => name)).toEqual([parent]);
  });

  test('a patch changes what its mask names, and only with the current etag', async () => {
    const name = await create({ ...AUTOMATIC, labels: { a: '1' }, annotations: { k: 'v' } });
    const [{ etag }] = await client.getSecret({ name }, options);
    const patch = (secret: object, paths: string[]) =>
      client.updateSecret({ secret: { name, ...secret }, updateMask: { paths } }, options);
    const [after] = await patch({ labels: { b: '2' }, etag: etag ?? '' }, ['labels']);
    expect(after).toMatchObject({ labels: { b: '2' }, annotations: { k: 'v' } });
    await expect(patch({ labels: {}, etag: etag ?? '' }, ['labels'])).rejects.toMatchObject({
      code: FAILED_PRECONDITION,
    });
    await expect(patch(AUTOMATIC, ['replication'])).rejects.toMatchObject({
      code: INVALID_ARGUMENT,
    });
  });

  test('a deleted secret is gone with its policy; its name begins anew', async () => {
    const name = await create();
    await add(name, 'one');
    const bindings = [{ role: 'roles/secretmanager.viewer', members: ['allUsers'] }];
    await client.setIamPolicy({ resource: name, policy: { bindings } }, options);
    await client.deleteSecret({ name }, options);
    await expect(client.getSecret({ name }, options)).rejects.toMatchObject({ code: NOT_FOUND });
    const secretId = name.split('/').at(-1) ?? '';
    await client.createSecret({ parent: PARENT, secretId, secret: AUTOMATIC }, options);
    expect(await add(name, 'again')).toBe(`${name}/versions/1`);
    const [policy] = await client.getIamPolicy({ resource: name }, options);
    expect(policy.bindings ?? []).toEqual([]);
  });

  test('policies are read, modified and written with an etag; a stale one is ABORTED', async () => {
    const resource = await create();
    const [before] = await client.getIamPolicy({ resource }, options);
    const bindings = [
      { role: 'roles/secretmanager.secretAccessor', members: ['user:allison@example.com'] },
    ];
    const etag = before.etag ?? '';
    const [after] = await client.setIamPolicy({ resource, policy: { bindings, etag } }, options);
    expect(after.bindings).toMatchObject(bindings);
    await expect(
      client.setIamPolicy({ resource, policy: { bindings: [], etag } }, options),
    ).rejects.toMatchObject({ code: ABORTED });
  });

  test('one accessor of one secret can read that one and no other', async () => {
    const [mine, other] = [await create(), await create()];
    for (const name of [mine, other]) await add(name, 'value');
    const bindings = [
      { role: 'roles/secretmanager.secretAccessor', members: ['user:allison@example.com'] },
    ];
    await client.setIamPolicy({ resource: mine, policy: { bindings } }, options);
    const [allison, hers] = connect(
      world.google.tokens.access('user:allison@example.com').accessToken,
    );
    const [answer] = await allison.accessSecretVersion({ name: `${mine}/versions/latest` }, hers);
    expect(String(answer.payload?.data)).toBe('value');
    const name = `${other}/versions/latest`;
    await expect(allison.accessSecretVersion({ name }, hers)).rejects.toMatchObject({
      code: PERMISSION_DENIED,
      message: expect.stringContaining(
        `Permission 'secretmanager.versions.access' denied for resource '${name}' (or it may not exist).`,
      ),
    });
    const permissions = ['secretmanager.versions.access', 'secretmanager.secrets.delete'];
    const [held] = await allison.testIamPermissions({ resource: mine, permissions }, hers);
    expect(held.permissions).toEqual(['secretmanager.versions.access']);
    await allison.close();
  });

  const big = Buffer.alloc(65_537, 'x');
  test.each<[string, number, (name: string) => Promise<unknown>]>([
    [
      'the same id twice',
      ALREADY_EXISTS,
      (name) =>
        client.createSecret(
          { parent: PARENT, secretId: name.split('/').at(-1) ?? '', secret: AUTOMATIC },
          options,
        ),
    ],
    [
      'an id with a dot',
      INVALID_ARGUMENT,
      () => client.createSecret({ parent: PARENT, secretId: 'a.b', secret: AUTOMATIC }, options),
    ],
    [
      'an id of 256 characters',
      INVALID_ARGUMENT,
      () =>
        client.createSecret(
          { parent: PARENT, secretId: 'a'.repeat(256), secret: AUTOMATIC },
          options,
        ),
    ],
    [
      'no replication',
      INVALID_ARGUMENT,
      () => client.createSecret({ parent: PARENT, secretId: freshId(), secret: {} }, options),
    ],
    [
      'a label in capitals',
      INVALID_ARGUMENT,
      () =>
        client.createSecret(
          { parent: PARENT, secretId: freshId(), secret: { ...AUTOMATIC, labels: { A: 'b' } } },
          options,
        ),
    ],
    [
      'a payload over 64 KiB',
      INVALID_ARGUMENT,
      (parent) => client.addSecretVersion({ parent, payload: { data: big } }, options),
    ],
    [
      'an empty payload',
      INVALID_ARGUMENT,
      (parent) => client.addSecretVersion({ parent, payload: {} }, options),
    ],
    ['a secret that is not there', NOT_FOUND, () => add(`${PARENT}/secrets/nope`, 'x')],
    ['latest of no versions', NOT_FOUND, (name) => read(`${name}/versions/latest`)],
    ['a version that is not there', NOT_FOUND, (name) => read(`${name}/versions/7`)],
    [
      'a filter it does not know',
      INVALID_ARGUMENT,
      () => client.listSecrets({ parent: PARENT, filter: '(((' }, options),
    ],
    [
      'a filter whose value begins with what negates',
      INVALID_ARGUMENT,
      () => client.listSecrets({ parent: PARENT, filter: 'name:-config' }, options),
    ],
    [
      'a member that is nobody',
      INVALID_ARGUMENT,
      (resource) =>
        client.setIamPolicy(
          {
            resource,
            policy: {
              bindings: [
                {
                  role: 'roles/viewer',
                  members: [`serviceAccount:no@${PROJECT.id}.iam.gserviceaccount.com`],
                },
              ],
            },
          },
          options,
        ),
    ],
    [
      'a role that is none',
      INVALID_ARGUMENT,
      (resource) =>
        client.setIamPolicy(
          {
            resource,
            policy: { bindings: [{ role: 'roles/secretmanager.reader', members: ['allUsers'] }] },
          },
          options,
        ),
    ],
    [
      'a project that is not there',
      PERMISSION_DENIED,
      () => client.getSecret({ name: 'projects/other/secrets/x' }, options),
    ],
  ])('refuses %s', async (_, code, attempt) => {
    await expect(attempt(await create())).rejects.toMatchObject({ code });
  });
});
