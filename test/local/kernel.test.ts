// What the front end of the emulator refuses, and in which words; faults; what the recording says.
import fc from 'fast-check';
import { sequentialDepth } from '../../local/google/recording.ts';
import { OWNER, PROJECT, send, startTestGoogle, type TestGoogle } from './support/google.ts';

const SECRETS = `/v1/projects/${PROJECT.id}/secrets`;

let world: TestGoogle;
beforeAll(async () => {
  world = await startTestGoogle();
});
afterAll(() => world.google.close());

const post = (path: string, body: string, token: string | undefined = world.ownerToken) =>
  send(world.google, path, { method: 'POST', body, token });

describe('tokens', () => {
  test('none is 401 and says so', async () => {
    const answer = await send(world.google, SECRETS);
    expect(answer.json.error).toMatchObject({ code: 401, status: 'UNAUTHENTICATED' });
    expect(answer.json.error.message).toContain('missing required authentication credential');
  });

  test.each([
    ['unknown', () => 'ya29.made-up'],
    ['expired', () => world.google.tokens.access(`user:${OWNER}`, undefined, -1).accessToken],
  ])('an %s one is 401', async (_, token) => {
    const answer = await send(world.google, SECRETS, { token: token() });
    expect(answer.json.error).toMatchObject({ code: 401, status: 'UNAUTHENTICATED' });
    expect(answer.json.error.message).toContain('invalid authentication credentials');
  });

  test('somebody without the permission is 403, before anything happens', async () => {
    const token = world.google.tokens.access('user:allison@example.com').accessToken;
    const body = JSON.stringify({ replication: { automatic: {} } });
    const answer = await post(`${SECRETS}?secretId=hers`, body, token);
    expect(answer.json.error).toMatchObject({
      code: 403,
      status: 'PERMISSION_DENIED',
      message: `Permission 'secretmanager.secrets.create' denied for resource 'projects/${PROJECT.id}' (or it may not exist).`,
    });
    const known = await send(world.google, `${SECRETS}/hers`, { token: world.ownerToken });
    expect(known.status).toBe(404);
  });
});

describe('bodies', () => {
  test.each<[string, string, string, string]>([
    ['broken JSON', SECRETS, '{"replication":', 'Invalid JSON payload received. Unexpected token.'],
    ['a list', SECRETS, '[]', 'Root element must be a message'],
    [
      'an unknown field',
      SECRETS,
      '{"replication":{"automatic":{}},"color":"red"}',
      `Invalid JSON payload received. Unknown name "color" at 'secret': Cannot find field.`,
    ],
    [
      'an unknown field further down',
      SECRETS,
      '{"replication":{"automatic":{"x":1}}}',
      `Unknown name "x" at 'secret.replication.automatic': Cannot find field.`,
    ],
    [
      'a number for a text',
      SECRETS,
      '{"labels":{"a":1}}',
      `Invalid value at 'secret.labels[0].value' (TYPE_STRING), 1`,
    ],
    [
      'both of a oneof',
      SECRETS,
      '{"replication":{"automatic":{},"userManaged":{}}}',
      `oneof field 'replication' is already set`,
    ],
    [
      'bytes that are not base64',
      `${SECRETS}/s:addVersion`,
      '{"payload":{"data":"%%%"}}',
      `Invalid value at 'payload.data' (TYPE_BYTES)`,
    ],
    [
      'an unknown field of IAM',
      `/v1/projects/${PROJECT.id}/serviceAccounts`,
      '{"accountID":"abcdef"}',
      'Unknown name "accountID": Cannot find field.',
    ],
    [
      'an unknown field of Logging',
      '/v2/entries:write',
      '{"entry":[]}',
      'Unknown name "entry": Cannot find field.',
    ],
    [
      'an unknown field of Compute',
      `/compute/v1/projects/${PROJECT.id}/zones/europe-west1-b/instances`,
      '{"nme":"x"}',
      'Unknown name "nme"',
    ],
  ])('%s is 400', async (_, path, body, message) => {
    const answer = await post(path, body);
    expect(answer.status).toBe(400);
    expect(answer.json.error.message).toContain(message);
  });

  test('a payload that cannot be read is not repeated in the answer', async () => {
    const answer = await post(`${SECRETS}/s:addVersion`, '{"payload":{"data":"sk-ant-!!"}}');
    expect(answer.text).not.toContain('sk-ant');
  });

  test('unknown query parameters mean nothing', async () => {
    const answer = await send(world.google, `${SECRETS}?alt=json&prettyPrint=false&color=red`, {
      token: world.ownerToken,
    });
    expect(answer.status).toBe(200);
  });
});

test.each(['/v1/nothing', `${SECRETS}/a/b/c`, '/', '/v1/projects/%ZZ/secrets/%/x'])(
  'the unknown path %s is a 404 page',
  async (path) => {
    const answer = await send(world.google, path, { token: world.ownerToken });
    expect(answer.status).toBe(404);
    expect(answer.text).toContain('was not found on this server');
  },
);

test.each([
  ['before', 404],
  ['after', 200],
] as const)('a fault %s the effect', async (when, then) => {
  const faulty = await startTestGoogle({
    fault: ({ method }) =>
      method.endsWith('.CreateSecret') ? { when, status: 'UNAVAILABLE' } : undefined,
  });
  const token = faulty.ownerToken;
  const body = '{"replication":{"automatic":{}}}';
  const answer = await send(faulty.google, `${SECRETS}?secretId=s`, {
    method: 'POST',
    token,
    body,
  });
  expect(answer.json.error).toMatchObject({ code: 503, status: 'UNAVAILABLE' });
  expect((await send(faulty.google, `${SECRETS}/s`, { token })).status).toBe(then);
  await faulty.google.close();
});

describe('the recording', () => {
  test('names method, principal, demand and status', async () => {
    await send(world.google, `${SECRETS}/unknown`, { token: world.ownerToken });
    expect(world.google.recording.at(-1)).toMatchObject({
      method: 'google.cloud.secretmanager.v1.SecretManagerService.GetSecret',
      principal: `user:${OWNER}`,
      demands: [
        {
          permission: 'secretmanager.secrets.get',
          resource: `projects/${PROJECT.id}/secrets/unknown`,
        },
      ],
      status: 404,
    });
  });

  test('sequential depth is the longest chain of calls that do not overlap', () => {
    const call = fc
      .tuple(fc.nat(20), fc.nat(5))
      .map(([startedAt, length]) => ({ startedAt, endedAt: startedAt + length + 1 }));
    type Interval = { startedAt: number; endedAt: number };
    const chain = (calls: readonly Interval[], after: number): number =>
      Math.max(
        0,
        ...calls.filter((c) => c.startedAt >= after).map((c) => 1 + chain(calls, c.endedAt)),
      );
    fc.assert(
      fc.property(fc.array(call, { maxLength: 7 }), (calls) => {
        expect(sequentialDepth(calls)).toBe(chain(calls, 0));
      }),
    );
  });
});
