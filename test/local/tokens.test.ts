// ID tokens and delegation, verified by Google's own library against the published certificates.
import { OAuth2Client } from 'google-auth-library';
import { createRemoteJWKSet, jwtVerify } from 'jose';
import { seedServiceAccount } from '../../local/google/seed.ts';
import { OWNER, PROJECT, send, startTestGoogle, type TestGoogle } from './support/google.ts';

const AUDIENCE = 'https://plane.example.com';
const GMAIL_SEND = 'https://www.googleapis.com/auth/gmail.send';
const MAILER = `mailer@${PROJECT.id}.iam.gserviceaccount.com`;
const INSTANCE = {
  project_id: PROJECT.id,
  project_number: Number(PROJECT.number),
  zone: 'europe-west1-b',
  instance_id: '42',
  instance_name: 'agent-allison',
  instance_creation_timestamp: 1_790_000_000,
};

let world: TestGoogle;
beforeAll(async () => {
  world = await startTestGoogle({
    delegations: [{ serviceAccount: MAILER, scopes: [GMAIL_SEND] }],
  });
  seedServiceAccount(world.google, PROJECT.id, 'mailer');
  seedServiceAccount(world.google, PROJECT.id, 'other-one');
});
afterAll(() => world.google.close());

const verifier = (): OAuth2Client =>
  new OAuth2Client({
    endpoints: {
      oauth2FederatedSignonPemCertsUrl: `${world.google.restUrl}/oauth2/v1/certs`,
      oauth2FederatedSignonJwkCertsUrl: `${world.google.restUrl}/oauth2/v3/certs`,
    },
  });
const verify = (idToken: string, audience = AUDIENCE) =>
  verifier().verifyIdToken({ idToken, audience });

describe('ID tokens', () => {
  test('of a user carry address and domain', async () => {
    const ticket = await verify(await world.google.tokens.userIdToken(OWNER, AUDIENCE));
    expect(ticket.getPayload()).toMatchObject({
      iss: 'https://accounts.google.com',
      email: OWNER,
      email_verified: true,
      hd: 'example.com',
    });
  });

  test('of an instance in format full name the instance', async () => {
    const account = { email: MAILER, uniqueId: '1' };
    const token = await world.google.tokens.accountIdToken(account, AUDIENCE, {
      instance: INSTANCE,
    });
    expect((await verify(token)).getPayload()).toMatchObject({
      email: MAILER,
      google: { compute_engine: INSTANCE },
    });
  });

  test('are checked by the JWKS as well', async () => {
    const keys = createRemoteJWKSet(new URL(`${world.google.restUrl}/oauth2/v3/certs`));
    const token = await world.google.tokens.userIdToken(OWNER, AUDIENCE);
    const { payload } = await jwtVerify(token, keys, { audience: AUDIENCE });
    expect(payload.email).toBe(OWNER);
  });

  test.each<[string, () => Promise<string>]>([
    ['for another audience', () => world.google.tokens.userIdToken(OWNER, 'https://elsewhere')],
    ['expired', () => world.google.tokens.userIdToken(OWNER, AUDIENCE, -3600)],
    [
      'signed by an account instead of Google',
      async () =>
        (
          await world.google.tokens.signAs(MAILER, {
            iss: 'https://accounts.google.com',
            aud: AUDIENCE,
            iat: 0,
            exp: 9e9,
          })
        ).signedJwt,
    ],
    [
      'altered',
      async () =>
        (await world.google.tokens.userIdToken(OWNER, AUDIENCE)).replace(/\.[^.]*$/, '.AAAA'),
    ],
  ])('%s are refused', async (_, token) => {
    await expect(verify(await token())).rejects.toThrow();
  });
});

describe('POST /token', () => {
  const claims = (over: object = {}): Record<string, unknown> => {
    const iat = Math.floor(Date.now() / 1000);
    const aud = 'https://oauth2.googleapis.com/token';
    return { iss: MAILER, sub: OWNER, scope: GMAIL_SEND, aud, iat, exp: iat + 600, ...over };
  };
  const exchange = async (assertion: string) => {
    const grant_type = 'urn:ietf:params:oauth:grant-type:jwt-bearer';
    const body = new URLSearchParams({ grant_type, assertion }).toString();
    const headers = { 'content-type': 'application/x-www-form-urlencoded' };
    return send(world.google, '/token', { method: 'POST', body, headers });
  };
  const signed = async (over: object = {}, by = MAILER): Promise<string> =>
    (await world.google.tokens.signAs(by, claims(over))).signedJwt;

  test('gives the delegate a token that speaks for the user, in that scope', async () => {
    const answer = (await exchange(await signed())).json as unknown as { access_token: string };
    expect(world.google.tokens.authenticate(answer.access_token)).toEqual({
      principal: `user:${OWNER}`,
      scopes: [GMAIL_SEND],
    });
  });

  test.each<[string, number, string, object, string?]>([
    [
      'a scope that was not allowed',
      401,
      'unauthorized_client',
      { scope: 'https://mail.google.com/' },
    ],
    ['no scope', 401, 'unauthorized_client', { scope: '' }],
    ['a user that does not exist', 400, 'invalid_grant', { sub: 'nobody@example.com' }],
    [
      'an account nobody allowed',
      401,
      'unauthorized_client',
      { iss: `other-one@${PROJECT.id}.iam.gserviceaccount.com` },
      `other-one@${PROJECT.id}.iam.gserviceaccount.com`,
    ],
    [
      'a signature of another account',
      400,
      'invalid_grant',
      {},
      `other-one@${PROJECT.id}.iam.gserviceaccount.com`,
    ],
    ['an assertion that has expired', 400, 'invalid_grant', { iat: 1, exp: 2 }],
    [
      'an assertion that lives a day',
      400,
      'invalid_grant',
      { exp: Math.floor(Date.now() / 1000) + 86_400 },
    ],
    ['another audience', 400, 'invalid_grant', { aud: 'https://example.com/token' }],
  ])('refuses %s', async (_, status, error, over, by = MAILER) => {
    const answer = await exchange(await signed(over, by));
    expect([answer.status, answer.json.error]).toEqual([status, error]);
  });
});
