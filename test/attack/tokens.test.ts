/** Tokens that were forged, borrowed or kept too long: none opens a door, each attempt is on record. */

import { createHmac, generateKeyPairSync } from 'node:crypto';
import { SignJWT } from 'jose';
import { LOCAL } from '../../local/plane/settings.ts';
import { ENVIRONMENT } from '../functions/fixtures.ts';
import { type VmTokenChange, vmToken } from '../functions/harness.ts';
import { AGENT_A, AGENT_B, openStand, type Stand } from './support/stand.ts';

const VM = ENVIRONMENT.AGENTS_PLANE_VM_URL;
const API = ENVIRONMENT.AGENTS_PLANE_AUDIENCE;

let stand: Stand;
beforeAll(async () => {
  stand = await openStand();
});
afterAll(() => stand.close());

const google = () => stand.plane.google;
const vmOf = (agent: string, change: VmTokenChange = {}) => vmToken(google(), agent, change);
const person = (audience = API, email: string = LOCAL.admin, lifetimeS = 600) =>
  google().tokens.userIdToken(email, audience, lifetimeS);

const encode = (value: object) => Buffer.from(JSON.stringify(value)).toString('base64url');
const decode = (part = '') => JSON.parse(Buffer.from(part, 'base64url').toString());

/** The same claims under another header; `sign` gets what a signature is made of. */
function under(token: string, header: object, sign: (text: string) => string): string {
  const text = `${encode(header)}.${token.split('.')[1]}`;
  return `${text}.${sign(text)}`;
}

/** Claims changed; the signature is of the old ones. */
function changed(token: string, change: object): string {
  const [header, payload, signature] = token.split('.');
  return `${header}.${encode({ ...decode(payload), ...change })}.${signature}`;
}

/** Signed by the real Google, with other claims than it would ever sign. */
const signed = async (token: string, change: object): Promise<string> =>
  google().tokens.google.sign({ ...decode(token.split('.')[1]), ...change });

const hs256 = (token: string): string =>
  under(token, { alg: 'HS256', kid: google().tokens.google.id, typ: 'JWT' }, (text) =>
    createHmac('sha256', google().tokens.google.pem).update(text).digest('base64url'),
  );

async function byStranger(token: string, kid: string): Promise<string> {
  const { privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
  return new SignJWT(decode(token.split('.')[1]))
    .setProtectedHeader({ alg: 'RS256', kid })
    .sign(privateKey);
}

/** An access token is no identity token, and neither is what an account signs itself. */
const signedAs = async (email: string, audience: string): Promise<string> =>
  (
    await google().tokens.signAs(email, {
      iss: 'https://accounts.google.com',
      aud: audience,
      email,
    })
  ).signedJwt;

const engine = (change: object) => ({
  google: {
    compute_engine: {
      project_id: LOCAL.project.id,
      project_number: Number(LOCAL.project.number),
      zone: LOCAL.zone,
      instance_id: google().compute.instances.byName('agent-bo')?.resource.id,
      instance_name: 'agent-bo',
      ...change,
    },
  },
});

type Row = readonly [what: string, token: () => Promise<string> | string, status: 401 | 403];

/** At the function of VMs, to get at B's mailbox. */
const AT_VM: readonly Row[] = [
  ['no token', () => '', 401],
  ['no JWT', () => 'ya29.c.rubbish', 401],
  [
    'an access token of A',
    () => google().tokens.access(`serviceAccount:${AGENT_A}`).accessToken,
    401,
  ],
  ['for the function of people', () => vmOf('bo', { audience: API }), 401],
  ['for somebody else’s service', () => vmOf('bo', { audience: 'https://evil.example' }), 401],
  ['for its address with a slash', () => vmOf('bo', { audience: `${VM}/` }), 401],
  ['expired', () => vmOf('bo', { lifetimeS: -3600 }), 401],
  ['issued by nobody', async () => signed(await vmOf('bo'), { iss: 'https://evil.example' }), 401],
  ['without an end', async () => signed(await vmOf('bo'), { exp: undefined }), 401],
  ['with an end in years', async () => signed(await vmOf('bo'), { exp: 4e9 }), 401],
  ['alg none', async () => under(await vmOf('bo'), { alg: 'none' }, () => ''), 401],
  [
    'alg none, under the right key id',
    async () => under(await vmOf('bo'), { alg: 'none', kid: google().tokens.google.id }, () => ''),
    401,
  ],
  ['alg HS256, with the public key as the secret', async () => hs256(await vmOf('bo')), 401],
  ['of an unknown key', async () => byStranger(await vmOf('bo'), 'f'.repeat(40)), 401],
  [
    'of another key under the right id',
    async () => byStranger(await vmOf('bo'), google().tokens.google.id),
    401,
  ],
  [
    'of a key id that is a property',
    async () => under(await vmOf('bo'), { alg: 'RS256', kid: 'constructor' }, () => 'AAAA'),
    401,
  ],
  ['truncated', async () => (await vmOf('bo')).slice(0, -40), 401],
  ['without a signature', async () => (await vmOf('bo')).replace(/[^.]*$/, ''), 401],
  ['in four parts', async () => `${await vmOf('bo')}.AAAA`, 401],
  [
    'of 9 KB',
    async () => under(await vmOf('bo'), { alg: 'RS256', pad: 'x'.repeat(9000) }, () => 'AAAA'),
    401,
  ],
  ['claims changed to B', async () => changed(await vmOf('allison'), { email: AGENT_B }), 401],
  ['signed by A’s account itself', () => signedAs(AGENT_A, VM), 401],
  ['A’s account, B’s instance', () => vmOf('allison', { instance: 'agent-bo' }), 403],
  ['B’s instance in another project', () => vmOf('bo', { project: 'elsewhere-1' }), 403],
  [
    'B’s account of another project',
    async () => signed(await vmOf('bo'), { email: 'agent-bo@elsewhere-1.iam.gserviceaccount.com' }),
    403,
  ],
  ['an instance that is no agent', () => vmOf('bo', { instance: 'web-1' }), 403],
  [
    'an instance with a name that no agent can have',
    () => vmOf('bo', { instance: 'agent-../bo' }),
    403,
  ],
  ['no instance at all', async () => signed(await vmOf('bo'), { google: undefined }), 403],
  [
    'an instance that is a list',
    async () => signed(await vmOf('bo'), engine({ instance_name: ['agent-bo'] })),
    403,
  ],
  ['address not verified', async () => signed(await vmOf('bo'), { email_verified: false }), 403],
  ['address “verified”', async () => signed(await vmOf('bo'), { email_verified: 'true' }), 403],
  ['B’s VM, in another zone', () => vmOf('bo', { zone: 'europe-west1-c' }), 403],
  ['B’s VM, in no zone', () => vmOf('bo', { zone: '../x' }), 403],
  ['an earlier VM of B', () => vmOf('bo', { instanceId: '1234567890' }), 403],
  ['an agent that never was', () => vmOf('carol'), 403],
  ['a person’s', () => person(VM), 403],
  [
    'the plane’s own',
    async () =>
      signed(await person(VM), { email: ENVIRONMENT.AGENTS_PLANE_SERVICE_ACCOUNT, hd: undefined }),
    403,
  ],
];

/** At the function of people, to give somebody an agent. */
const AT_API: readonly Row[] = [
  ['of A’s VM, for VMs', () => vmOf('allison'), 401],
  ['of A’s VM, for people', () => vmOf('allison', { audience: API }), 403],
  [
    'of A’s VM, with an admin’s address',
    async () => signed(await vmOf('allison', { audience: API }), { email: LOCAL.admin }),
    403,
  ],
  ['of an admin, for VMs', () => person(VM), 401],
  ['of an admin, expired', () => person(API, LOCAL.admin, -3600), 401],
  ['of a viewer', () => person(API, LOCAL.viewer), 403],
  [
    'of a viewer who says admin',
    async () => changed(await person(API, LOCAL.viewer), { email: LOCAL.admin }),
    401,
  ],
  [
    'of an admin whose address is not verified',
    async () => signed(await person(), { email_verified: false }),
    403,
  ],
  [
    'of an admin outside of the organisation',
    async () => signed(await person(), { hd: undefined }),
    403,
  ],
  [
    'of an admin of another organisation',
    async () => signed(await person(), { hd: 'evil.example' }),
    403,
  ],
  [
    'of an admin by two addresses',
    async () => signed(await person(), { email: [LOCAL.admin] }),
    403,
  ],
  ['alg none', async () => under(await person(), { alg: 'none' }, () => ''), 401],
  ['alg HS256, with the public key as the secret', async () => hs256(await person()), 401],
];

/** What the plane wrote down of one request. */
async function attempt(call: () => Promise<{ status: number }>) {
  const mark = stand.plane.log.length;
  const calls = google().recording.length;
  const { status } = await call();
  const lines = stand.plane.log.slice(mark).map((line) => JSON.parse(line));
  const writes = google()
    .recording.slice(calls)
    .filter(({ method }) => !/\.(Get|List|get|list|Access)|^oauth2/.test(method));
  return { status, audits: lines.flatMap(({ audit }) => audit ?? []), writes };
}

const REFUSAL = {
  audit: 'refusal',
  outcome: expect.stringMatching(/^(UNAUTHENTICATED|PERMISSION_DENIED)$/),
};

test.each(AT_VM.map(([what, token, wanted]) => ({ what, token, wanted })))(
  'to B’s mailbox: $what',
  async ({ token, wanted }) => {
    const text = await token();
    const done = await attempt(() =>
      stand.plane.callVm('POST', '/v1/self/mail/inbox', { limit: 5 }, text),
    );
    expect(done).toEqual({
      status: wanted,
      audits: [expect.objectContaining({ ...REFUSAL, what: 'listInbox' })],
      writes: [],
    });
  },
);

test.each(AT_API.map(([what, token, wanted]) => ({ what, token, wanted })))(
  'to an agent of one’s own: $what',
  async ({ token, wanted }) => {
    const text = await token();
    const body = { user: 'bo@nine30.com', userPhone: '+15551234567', budget: 9999 };
    const done = await attempt(() => stand.plane.call('POST', '/v1/agents', body, text));
    expect(done).toEqual({
      status: wanted,
      audits: [expect.objectContaining({ ...REFUSAL, what: 'provisionAgent' })],
      writes: [],
    });
  },
);

describe('what was good once', () => {
  test('is no good once the VM was rebuilt, and the new one is served', async () => {
    const old = await vmOf('allison');
    const inbox = (token: string) =>
      stand.plane.callVm('POST', '/v1/self/mail/inbox', { limit: 5 }, token);
    expect((await inbox(old)).status).toBe(200);
    expect((await stand.plane.call('POST', '/v1/agents/allison/rebuild', {})).status).toBe(202);
    await google().compute.operations.idle();
    await stand.plane.call('POST', '/v1/agents/allison/reconcile');
    await google().compute.operations.idle();
    const fresh = await vmOf('allison');
    expect(decode(fresh.split('.')[1]).google).not.toEqual(decode(old.split('.')[1]).google);
    expect((await inbox(fresh)).status).toBe(200);
    const replayed = await attempt(() => inbox(old));
    expect(replayed).toMatchObject({ status: 403, audits: [{ ...REFUSAL, who: AGENT_A }] });
  });

  test.each([
    ['deprovision', 403, 'PERMISSION_DENIED'],
    ['purge', 412, 'FAILED_PRECONDITION'],
  ])('is no good after a %s', async (verb, status, outcome) => {
    const old = await vmOf('bo');
    expect((await stand.plane.call('POST', `/v1/agents/bo/${verb}`)).status).toBeLessThan(300);
    await google().compute.operations.idle();
    const replayed = await attempt(() =>
      stand.plane.callVm('POST', '/v1/self/mail/inbox', { limit: 5 }, old),
    );
    expect(replayed).toMatchObject({ status, audits: [{ outcome, what: 'listInbox' }] });
  });
});

test('nothing of all that was logged holds a token', () => {
  expect(stand.plane.log.join('\n')).not.toMatch(/eyJ[\w-]{10,}|ya29\./);
});
