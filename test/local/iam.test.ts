// Service accounts, policies and buckets through Google's own API clients.
import { cloudresourcemanager_v3 } from 'googleapis/build/src/apis/cloudresourcemanager/v3.js';
import { iam_v1 } from 'googleapis/build/src/apis/iam/v1.js';
import { storage_v1 } from 'googleapis/build/src/apis/storage/v1.js';
import { clientWith, OWNER, PROJECT, startTestGoogle, type TestGoogle } from './support/google.ts';

const PARENT = `projects/${PROJECT.id}`;
const emailOf = (id: string): string => `${id}@${PROJECT.id}.iam.gserviceaccount.com`;
const nameOf = (id: string): string => `${PARENT}/serviceAccounts/${emailOf(id)}`;
const ALL_ACCOUNTS = `principalSet://cloudresourcemanager.googleapis.com/projects/${PROJECT.number}/type/ServiceAccount`;

let world: TestGoogle;
const connect = (token: string) => {
  const options = { rootUrl: `${world.google.restUrl}/`, auth: clientWith(token) as never };
  return {
    accounts: new iam_v1.Iam(options).projects.serviceAccounts,
    projects: new cloudresourcemanager_v3.Cloudresourcemanager(options).projects,
    storage: new storage_v1.Storage(options),
  };
};
let owner: ReturnType<typeof connect>;
beforeAll(async () => {
  world = await startTestGoogle();
  owner = connect(world.ownerToken);
});
afterAll(() => world.google.close());

const create = async (accountId: string) =>
  (await owner.accounts.create({ name: PARENT, requestBody: { accountId } })).data;
const as = (id: string) =>
  connect(world.google.tokens.access(`serviceAccount:${emailOf(id)}`).accessToken);

describe('service accounts', () => {
  test('are created, found by email and by the wildcard project, listed', async () => {
    const made = await create('agent-one');
    expect(made).toMatchObject({ name: nameOf('agent-one'), email: emailOf('agent-one') });
    const name = `projects/-/serviceAccounts/${emailOf('agent-one')}`;
    expect((await owner.accounts.get({ name })).data.uniqueId).toBe(made.uniqueId);
    const { accounts = [] } = (await owner.accounts.list({ name: PARENT })).data;
    expect(accounts.map(({ email }) => email)).toContain(emailOf('agent-one'));
  });

  test.each([
    ['abcde', 400],
    ['a'.repeat(31), 400],
    ['Capitals', 400],
    ['1digit-first', 400],
    ['ends-with-', 400],
    ['agent-one', 409],
  ])('the id %s is refused', async (id, status) => {
    await expect(create(id)).rejects.toMatchObject({ status });
  });

  test('a name used again is another account: bindings of the old one are dead', async () => {
    const first = await create('phoenix');
    const resource = PARENT;
    const member = `serviceAccount:${emailOf('phoenix')}`;
    const policy = (await owner.projects.getIamPolicy({ resource })).data;
    const bindings = [
      ...(policy.bindings ?? []),
      { role: 'roles/secretmanager.viewer', members: [member] },
    ];
    await owner.projects.setIamPolicy({
      resource,
      requestBody: { policy: { ...policy, bindings } },
    });
    const permissions = ['secretmanager.secrets.list'];
    const held = async () =>
      (await as('phoenix').projects.testIamPermissions({ resource, requestBody: { permissions } }))
        .data.permissions ?? [];
    expect(await held()).toEqual(permissions);

    await owner.accounts.delete({ name: nameOf('phoenix') });
    const second = await create('phoenix');
    expect(second.uniqueId).not.toBe(first.uniqueId);
    expect(await held()).toEqual([]);
    const { bindings: after } = (await owner.projects.getIamPolicy({ resource })).data;
    expect(after?.flatMap(({ members }) => members)).toContain(
      `deleted:${member}?uid=${first.uniqueId}`,
    );
  });

  test('the token of a disabled or deleted account stops working', async () => {
    for (const [id, end] of [
      ['short-lived', 'delete'],
      ['put-to-sleep', 'disable'],
    ] as const) {
      await create(id);
      const client = as(id);
      const ask = () => client.projects.testIamPermissions({ resource: PARENT, requestBody: {} });
      await ask();
      await owner.accounts[end]({ name: nameOf(id) });
      await expect(ask()).rejects.toMatchObject({ status: 401 });
    }
  });
});

describe('policies', () => {
  test('the owner is there, and a stale etag is 409', async () => {
    const { data } = await owner.projects.getIamPolicy({ resource: PARENT });
    expect(data.bindings).toContainEqual({ role: 'roles/owner', members: [`user:${OWNER}`] });
    const requestBody = { policy: { ...data, etag: 'BgAAAAB/////' } };
    await expect(
      owner.projects.setIamPolicy({ resource: PARENT, requestBody }),
    ).rejects.toMatchObject({ status: 409 });
  });

  test.each([
    ['an account that does not exist', `serviceAccount:${emailOf('ghost')}`],
    ['a user that does not exist', 'user:ghost@example.com'],
    ['a member without a kind', 'allison@example.com'],
  ])('%s cannot be a member, and nothing changes', async (_, member) => {
    const before = (await owner.projects.getIamPolicy({ resource: PARENT })).data;
    const bindings = [{ role: 'roles/viewer', members: [member] }];
    const requestBody = { policy: { bindings } };
    await expect(
      owner.projects.setIamPolicy({ resource: PARENT, requestBody }),
    ).rejects.toMatchObject({ status: 400 });
    expect((await owner.projects.getIamPolicy({ resource: PARENT })).data).toEqual(before);
  });

  test('a role on one account does not reach another', async () => {
    await create('target-a');
    await create('target-b');
    await create('signer');
    const policy = {
      bindings: [
        {
          role: 'roles/iam.serviceAccountViewer',
          members: [`serviceAccount:${emailOf('signer')}`],
        },
      ],
    };
    await owner.accounts.setIamPolicy({ resource: nameOf('target-a'), requestBody: { policy } });
    const { accounts } = as('signer');
    expect((await accounts.get({ name: nameOf('target-a') })).data.email).toBe(emailOf('target-a'));
    await expect(accounts.get({ name: nameOf('target-b') })).rejects.toMatchObject({
      status: 403,
      message: `Permission 'iam.serviceAccounts.get' denied on resource (or it may not exist).`,
    });
  });
});

describe('storage', () => {
  // googleapis sends uploads to storage.googleapis.com whatever its rootUrl: they are sent by hand.
  const upload = async (query: string, type: string, body: string) => {
    const answer = await fetch(
      `${world.google.restUrl}/upload/storage/v1/b/test-bucket/o?${query}`,
      {
        method: 'POST',
        headers: { authorization: `Bearer ${world.ownerToken}`, 'content-type': type },
        body,
      },
    );
    return { status: answer.status, data: await answer.json() };
  };
  const put = (name: string, text: string) => {
    const metadata = JSON.stringify({ name, contentType: 'text/plain' });
    const parts = [
      `Content-Type: application/json\r\n\r\n${metadata}`,
      `Content-Type: a/b\r\n\r\n${text}`,
    ];
    const body = `${parts.map((part) => `--XX\r\n${part}\r\n`).join('')}--XX--`;
    return upload('uploadType=multipart', 'multipart/related; boundary=XX', body);
  };

  test('an object comes back as it went in, with its checksums', async () => {
    await owner.storage.buckets.insert({
      project: PROJECT.id,
      requestBody: { name: 'test-bucket' },
    });
    const { data } = await put('vm/agent.mjs', 'Grüße\r\n\r\n--x');
    expect(data).toMatchObject({ name: 'vm/agent.mjs', size: '14', contentType: 'text/plain' });
    const media = await owner.storage.objects.get(
      { bucket: 'test-bucket', object: 'vm/agent.mjs', alt: 'media' },
      { responseType: 'text' },
    );
    expect(media.data).toBe('Grüße\r\n\r\n--x');
  });

  test('all accounts of the project read through their principal set, and write nothing', async () => {
    await create('reader');
    await expect(
      as('reader').storage.objects.get({ bucket: 'test-bucket', object: 'vm/agent.mjs' }),
    ).rejects.toMatchObject({ status: 403 });
    const bindings = [{ role: 'roles/storage.objectViewer', members: [ALL_ACCOUNTS] }];
    await owner.storage.buckets.setIamPolicy({ bucket: 'test-bucket', requestBody: { bindings } });
    const { storage } = as('reader');
    const { data } = await storage.objects.list({ bucket: 'test-bucket', prefix: 'vm/' });
    expect(data.items?.map(({ name }) => name)).toEqual(['vm/agent.mjs']);
    await expect(
      storage.objects.delete({ bucket: 'test-bucket', object: 'vm/agent.mjs' }),
    ).rejects.toMatchObject({ status: 403 });
  });

  test('ifGenerationMatch=0 creates and never replaces', async () => {
    const once = () => upload('uploadType=media&name=once&ifGenerationMatch=0', 'text/plain', 'x');
    expect((await once()).status).toBe(200);
    expect((await once()).status).toBe(412);
  });

  test('a bucket that is not there is 404, an object too; a full bucket stays', async () => {
    await expect(owner.storage.buckets.get({ bucket: 'no-such' })).rejects.toMatchObject({
      status: 404,
    });
    await expect(
      owner.storage.objects.get({ bucket: 'test-bucket', object: 'no' }),
    ).rejects.toMatchObject({ status: 404 });
    await expect(owner.storage.buckets.delete({ bucket: 'test-bucket' })).rejects.toMatchObject({
      status: 409,
    });
  });
});
