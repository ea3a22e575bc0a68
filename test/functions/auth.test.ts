/** Who may do what: ID tokens of people, instance identity tokens of VMs. */

import { generateKeyPairSync } from 'node:crypto';
import { SignJWT } from 'jose';
import { errorBody } from '../../contracts/errors.ts';
import { GCLOUD_AUDIENCE } from '../../functions/http/auth/person.ts';
import { ENVIRONMENT } from './fixtures.ts';
import { type Harness, send, startHarness } from './harness.ts';

const BODY = { user: 'allison@nine30.com', userPhone: '+15551234567' };
const AUDIENCE = ENVIRONMENT.AGENTS_PLANE_AUDIENCE;
const encode = (value: object) => Buffer.from(JSON.stringify(value)).toString('base64url');

/** The same claims with another header and signature. */
function resign(token: string, header: object, signature: string): string {
  return `${encode(header)}.${token.split('.')[1]}.${signature}`;
}

/** Claims changed, the signature left as it was. */
function tamper(token: string, change: object): string {
  const [header, payload = '', signature] = token.split('.');
  const claims = JSON.parse(Buffer.from(payload, 'base64url').toString());
  return `${header}.${encode({ ...claims, ...change })}.${signature}`;
}

/** Signed by a key that is not Google's, under the name of Google's. */
async function forged(token: string): Promise<string> {
  const { privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
  const [header = '', payload = ''] = token.split('.');
  const read = (part: string) => JSON.parse(Buffer.from(part, 'base64url').toString());
  return new SignJWT(read(payload)).setProtectedHeader(read(header)).sign(privateKey);
}

describe('people', () => {
  let harness: Harness;
  beforeAll(async () => {
    harness = await startHarness({ target: 'api' });
  });
  afterAll(() => harness.close());

  type Token = () => Promise<string | undefined>;
  const good: Token = () => harness.idToken();
  /** Signed by Google like any other, but what it says of the person is not what it takes. */
  const outsider = (claims: object): Promise<string> => {
    const iat = Math.floor(Date.now() / 1000);
    const iss = 'https://accounts.google.com';
    const valid = { iss, aud: AUDIENCE, sub: '1', iat, exp: iat + 600, email_verified: true };
    return harness.google.tokens.google.sign({ ...valid, ...claims });
  };
  const cases: ReadonlyArray<readonly [string, Token, number, string]> = [
    ['no token', async () => undefined, 401, 'UNAUTHENTICATED'],
    ['rubbish', async () => 'rubbish', 401, 'UNAUTHENTICATED'],
    ['three parts of rubbish', async () => 'a.b.c', 401, 'UNAUTHENTICATED'],
    [
      'an access token',
      async () => harness.google.tokens.access('user:admin@nine30.com').accessToken,
      401,
      'UNAUTHENTICATED',
    ],
    [
      'another audience',
      () => harness.idToken('admin@nine30.com', 'https://elsewhere.example'),
      401,
      'UNAUTHENTICATED',
    ],
    [
      "the VMs' audience",
      () => harness.idToken('admin@nine30.com', ENVIRONMENT.AGENTS_PLANE_VM_URL),
      401,
      'UNAUTHENTICATED',
    ],
    ['expired', () => harness.idToken('admin@nine30.com', AUDIENCE, -3600), 401, 'UNAUTHENTICATED'],
    [
      'alg none',
      async () => resign((await good()) ?? '', { alg: 'none', typ: 'JWT' }, ''),
      401,
      'UNAUTHENTICATED',
    ],
    [
      'alg none under a known key id',
      async () =>
        resign((await good()) ?? '', { alg: 'none', kid: harness.google.tokens.google.id }, ''),
      401,
      'UNAUTHENTICATED',
    ],
    [
      'claims changed',
      async () =>
        tamper((await harness.idToken('viewer@nine30.com')) ?? '', { email: 'admin@nine30.com' }),
      401,
      'UNAUTHENTICATED',
    ],
    [
      "signed by somebody else's key",
      async () => forged((await good()) ?? ''),
      401,
      'UNAUTHENTICATED',
    ],
    [
      'a key id that is not there',
      async () => resign((await good()) ?? '', { alg: 'RS256', kid: '__proto__' }, 'AAAA'),
      401,
      'UNAUTHENTICATED',
    ],
    ['a foreign domain', () => harness.idToken('admin@gmail.com'), 403, 'PERMISSION_DENIED'],
    [
      'a private account on a work address',
      () => outsider({ email: 'admin@nine30.com' }),
      403,
      'PERMISSION_DENIED',
    ],
    [
      "another organisation's account on a work address",
      () => outsider({ email: 'admin@nine30.com', hd: 'evil.example' }),
      403,
      'PERMISSION_DENIED',
    ],
    [
      'an address that is not verified',
      () => outsider({ email: 'admin@nine30.com', hd: 'nine30.com', email_verified: false }),
      403,
      'PERMISSION_DENIED',
    ],
    ['no role', () => harness.idToken('bo@nine30.com'), 403, 'PERMISSION_DENIED'],
    ['a viewer', () => harness.idToken('viewer@nine30.com'), 403, 'PERMISSION_DENIED'],
    [
      "an agent's service account",
      () => harness.vmToken('allison', { audience: AUDIENCE }),
      403,
      'PERMISSION_DENIED',
    ],
  ];

  test.each(cases)('%s may not provision', async (_title, token, status, code) => {
    const mark = harness.google.recording.length;
    const reply = await send(`${harness.plane.url}/v1/agents`, 'POST', await token(), BODY);
    expect([reply.status, errorBody.parse(reply.body).error.code]).toEqual([status, code]);
    expect(reply.headers.get('www-authenticate')).toBe(status === 401 ? 'Bearer' : null);
    expect(harness.calls(mark)).toEqual([]);
  });

  test('a viewer may look, an admin may look and plan', async () => {
    const viewer = await harness.idToken('viewer@nine30.com');
    const url = `${harness.plane.url}/v1/agents`;
    expect((await send(url, 'GET', viewer)).status).toBe(200);
    expect((await send(url, 'GET', await good())).status).toBe(200);
    expect((await send(`${url}?dryRun=true`, 'POST', await good(), BODY)).status).toBe(200);
  });

  test('the token that gcloud gives a person is taken, and for what the person may do', async () => {
    const url = `${harness.plane.url}/v1/agents`;
    const gcloud = (email: string) => harness.idToken(email, GCLOUD_AUDIENCE);
    expect((await send(url, 'GET', await gcloud('viewer@nine30.com'))).status).toBe(200);
    expect((await send(url, 'POST', await gcloud('viewer@nine30.com'), BODY)).status).toBe(403);
    expect((await send(url, 'GET', await gcloud('admin@gmail.com'))).status).toBe(403);
  });

  test('health and the OpenAPI document need nobody', async () => {
    const mark = harness.google.recording.length;
    expect((await send(`${harness.plane.url}/healthz`, 'GET', undefined)).status).toBe(200);
    expect((await send(`${harness.plane.url}/v1/openapi.json`, 'GET', undefined)).status).toBe(200);
    expect(harness.google.recording.slice(mark)).toEqual([]);
  });
});

describe('VMs', () => {
  let harness: Harness;
  beforeAll(async () => {
    harness = await startHarness({ target: 'vm' });
  });
  afterAll(() => harness.close());

  const ADMIN_EMAIL = 'admin@nine30.com';
  type Token = () => Promise<string | undefined>;
  const cases: ReadonlyArray<readonly [string, Token, number]> = [
    ['no token', async () => undefined, 401],
    ["gcloud's audience", () => harness.vmToken('allison', { audience: GCLOUD_AUDIENCE }), 401],
    ["the API's audience", () => harness.vmToken('allison', { audience: AUDIENCE }), 401],
    ['expired', () => harness.vmToken('allison', { lifetimeS: -3600 }), 401],
    ["signed by somebody else's key", async () => forged(await harness.vmToken('allison')), 401],
    ['an admin', () => harness.idToken(ADMIN_EMAIL, ENVIRONMENT.AGENTS_PLANE_VM_URL), 403],
    [
      "another instance's name with one's own account",
      () => harness.vmToken('allison', { instance: 'agent-bo' }),
      403,
    ],
    ['a VM that is no agent', () => harness.vmToken('allison', { instance: 'web-1' }), 403],
    ['another project', () => harness.vmToken('allison', { project: 'elsewhere-1' }), 403],
  ];

  test.each(cases)('%s is refused', async (_title, token, status) => {
    const mark = harness.google.recording.length;
    const reply = await send(`${harness.plane.url}/v1/self/welcome`, 'POST', await token());
    expect(reply.status).toBe(status);
    errorBody.parse(reply.body);
    expect(harness.calls(mark)).toEqual([]);
  });

  test('a VM that is not there is refused, whatever its token says', async () => {
    const reply = await send(
      `${harness.plane.url}/v1/self/welcome`,
      'POST',
      await harness.vmToken('allison'),
    );
    expect([reply.status, reply.body.error.code]).toEqual([403, 'PERMISSION_DENIED']);
  });
});
