import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { OAuth2Client } from 'google-auth-library';
import { admin_directory_v1 as directory } from 'googleapis/build/src/apis/admin/directory_v1.js';
import { gmail_v1 as gmail } from 'googleapis/build/src/apis/gmail/v1.js';
import { iamcredentials_v1 as iam } from 'googleapis/build/src/apis/iamcredentials/v1.js';
import { decodeJwt } from 'jose';
import MailComposer from 'nodemailer/lib/mail-composer';
import { type Google, startGoogle } from '../../local/google/google.ts';
import { ensureSchema } from '../../scripts/cli/schema.ts';

const PROJECT = 'nine30-local';
const PLANE = `agents-plane@${PROJECT}.iam.gserviceaccount.com`;
const AUTH = 'https://www.googleapis.com/auth/';
const SCOPES = {
  send: `${AUTH}gmail.send`,
  modify: `${AUTH}gmail.modify`,
  people: `${AUTH}admin.directory.user.readonly`,
};

let google: Google;
let mailDir: string;

beforeEach(async () => {
  mailDir = mkdtempSync(join(tmpdir(), 'agents-plane-mail-'));
  google = await startGoogle({
    projects: [{ id: PROJECT, number: '123456789012', name: 'Nine30' }],
    users: [
      { primaryEmail: 'admin@nine30.com', isAdmin: true },
      'agents@nine30.com',
      {
        primaryEmail: 'allison@nine30.com',
        phones: [{ value: '+15551234567', type: 'mobile' }],
        customSchemas: { Agent: { budget: 50 } },
      },
      { primaryEmail: 'bo@nine30.com', suspended: true },
    ],
    delegations: [{ serviceAccount: PLANE, scopes: Object.values(SCOPES) }],
    mailDir,
  });
  google.world.accounts.create(PROJECT, 'agents-plane');
  const resource = `projects/${PROJECT}/serviceAccounts/${PLANE}`;
  google.world.iam.grant(resource, 'roles/iam.serviceAccountTokenCreator', [
    `serviceAccount:${PLANE}`,
  ]);
});

afterEach(async () => {
  await google.close();
  rmSync(mailDir, { recursive: true });
});

function clientOptions(token: string) {
  const auth = new OAuth2Client();
  auth.setCredentials({ access_token: token });
  return { auth, rootUrl: `${google.restUrl}/`, retry: false };
}

const planeToken = () => google.world.tokens.access(`serviceAccount:${PLANE}`).accessToken;

async function signJwt(claims: object, token = planeToken()) {
  const { data } = await new iam.Iamcredentials(
    clientOptions(token),
  ).projects.serviceAccounts.signJwt({
    name: `projects/-/serviceAccounts/${PLANE}`,
    requestBody: { payload: JSON.stringify(claims) },
  });
  return data.signedJwt ?? '';
}

/** The keyless way into somebody's mailbox: signJwt, then the token endpoint. */
async function delegated(sub: string, scope: string): Promise<string> {
  const iat = Math.floor(Date.now() / 1000);
  const aud = 'https://oauth2.googleapis.com/token';
  const assertion = await signJwt({ iss: PLANE, sub, scope, aud, iat, exp: iat + 600 });
  const grant_type = 'urn:ietf:params:oauth:grant-type:jwt-bearer';
  const body = new URLSearchParams({ grant_type, assertion });
  const answer = await fetch(`${google.restUrl}/token`, { method: 'POST', body });
  return JSON.parse(await answer.text()).access_token;
}

const mailbox = async (user: string, scope: string) =>
  new gmail.Gmail(clientOptions(await delegated(user, scope))).users.messages;

async function mime(more: object = {}): Promise<string> {
  const mail = new MailComposer({
    from: 'agents@nine30.com',
    to: 'allison@nine30.com',
    subject: 'Grüße von Ihrem Agenten',
    text: 'Welcome — say hello.',
    html: '<p>Welcome</p>',
    messageId: '<welcome-1@nine30.com>',
    headers: { 'X-Agents-Plane-Id': 'welcome-1' },
    ...more,
  });
  const node = mail.compile();
  Object.assign(node, { keepBcc: true });
  return (await node.build()).toString('base64url');
}

async function sendOne(more?: object) {
  const messages = await mailbox('agents@nine30.com', SCOPES.send);
  return messages.send({ userId: 'me', requestBody: { raw: await mime(more) } });
}

describe('IAM Credentials', () => {
  test('signJwt signs as the account, for who may, and nobody else', async () => {
    expect(decodeJwt(await signJwt({ iss: PLANE, sub: 'x' }))).toMatchObject({ iss: PLANE });
    google.world.accounts.create(PROJECT, 'agent-allison');
    const agent = `serviceAccount:agent-allison@${PROJECT}.iam.gserviceaccount.com`;
    const { accessToken } = google.world.tokens.access(agent);
    await expect(signJwt({ iss: PLANE }, accessToken)).rejects.toMatchObject({ status: 403 });
  });

  test('payloads that Google would not sign', async () => {
    const far = Math.floor(Date.now() / 1000) + 13 * 3600;
    await expect(signJwt({ exp: far })).rejects.toMatchObject({ status: 400 });
    await expect(signJwt([])).rejects.toMatchObject({ status: 400 });
  });

  test('access and identity tokens in the name of the account', async () => {
    const accounts = new iam.Iamcredentials(clientOptions(planeToken())).projects.serviceAccounts;
    const name = `projects/-/serviceAccounts/${PLANE}`;
    const scope = [`${AUTH}cloud-platform`];
    const access = await accounts.generateAccessToken({ name, requestBody: { scope } });
    expect(google.world.tokens.authenticate(access.data.accessToken ?? '')?.principal).toBe(
      `serviceAccount:${PLANE}`,
    );
    const requestBody = { audience: 'https://plane', includeEmail: true };
    const id = await accounts.generateIdToken({ name, requestBody });
    expect(decodeJwt(id.data.token ?? '')).toMatchObject({ aud: 'https://plane', email: PLANE });
  });
});

describe('Gmail', () => {
  test('a mail is in SENT of the sender, in INBOX of the recipient, and a file', async () => {
    const { data } = await sendOne();
    expect(data.labelIds).toEqual(['SENT']);
    const inbox = await mailbox('allison@nine30.com', SCOPES.modify);
    const list = await inbox.list({ userId: 'me', q: 'in:inbox from:agents@nine30.com' });
    expect(list.data.messages).toHaveLength(1);
    const id = list.data.messages?.[0]?.id ?? '';
    const full = (await inbox.get({ userId: 'allison@nine30.com', id })).data;
    expect(full.labelIds).toEqual(['INBOX', 'UNREAD']);
    const parts = full.payload?.parts?.map((part) => part.mimeType);
    expect(parts).toEqual(['text/plain', 'text/html']);
    const plain = Buffer.from(full.payload?.parts?.[0]?.body?.data ?? '', 'base64url').toString();
    expect(plain.trim()).toBe('Welcome — say hello.');
    const raw = (await inbox.get({ userId: 'me', id, format: 'raw' })).data.raw ?? '';
    const [file = ''] = readdirSync(mailDir);
    expect(file).toMatch(/allison@nine30\.com\.eml$/);
    expect(Buffer.from(raw, 'base64url')).toEqual(readFileSync(join(mailDir, file)));
  });

  test.each([
    ['in:sent to:allison@nine30.com', 1],
    ['rfc822msgid:<welcome-1@nine30.com>', 1],
    ['subject:"Grüße von"', 1],
    ['after:2020/01/01 -in:inbox', 1],
    ['to:bo@nine30.com', 0],
    ['before:2020/01/01', 0],
    ['from:agents@nine30.com subject:nothing', 0],
  ])('search %s finds %i', async (q, count) => {
    await sendOne();
    const messages = await mailbox('agents@nine30.com', SCOPES.modify);
    const { data } = await messages.list({ userId: 'me', q });
    expect(data.messages ?? []).toHaveLength(count);
  });

  test('metadata has the headers that are asked for', async () => {
    const { data } = await sendOne();
    const messages = await mailbox('agents@nine30.com', SCOPES.modify);
    const metadataHeaders = ['X-Agents-Plane-Id'];
    const id = data.id ?? '';
    const got = await messages.get({ userId: 'me', id, format: 'metadata', metadataHeaders });
    expect(got.data.payload?.headers).toEqual([{ name: 'X-Agents-Plane-ID', value: 'welcome-1' }]);
  });

  test('the trash hides a mail until it is taken out again', async () => {
    const { data } = await sendOne();
    const messages = await mailbox('agents@nine30.com', SCOPES.modify);
    const count = async (q = '') =>
      (await messages.list({ userId: 'me', q })).data.messages?.length ?? 0;
    const id = data.id ?? '';
    await messages.trash({ userId: 'me', id });
    expect([await count(), await count('in:trash')]).toEqual([0, 1]);
    await messages.untrash({ userId: 'me', id });
    expect(await count()).toBe(1);
  });

  test('blind copies stay blind, and a foreign From becomes the sender', async () => {
    await sendOne({ bcc: 'admin@nine30.com', from: 'ceo@nine30.com' });
    const [mail] = google.gmail.mailboxes.list('allison@nine30.com');
    expect(mail?.raw.toString()).not.toMatch(/bcc/i);
    expect(mail?.raw.toString()).toMatch(/^From: agents@nine30\.com/m);
    expect(google.gmail.mailboxes.list('admin@nine30.com')).toHaveLength(1);
  });

  test('who may not', async () => {
    const sender = await mailbox('agents@nine30.com', SCOPES.send);
    await expect(sender.list({ userId: 'me' })).rejects.toMatchObject({ status: 403 });
    const raw = await mime();
    const foreign = sender.send({ userId: 'allison@nine30.com', requestBody: { raw } });
    await expect(foreign).rejects.toMatchObject({ status: 403 });
    await expect(sender.send({ userId: 'me', requestBody: {} })).rejects.toMatchObject({
      status: 400,
    });
    const nobody = await mime({ to: undefined });
    await expect(sender.send({ userId: 'me', requestBody: { raw: nobody } })).rejects.toMatchObject(
      {
        status: 400,
      },
    );
    expect(google.gmail.mailboxes.list('agents@nine30.com')).toEqual([]);
  });
});

describe('Directory', () => {
  const users = async (person: string) =>
    new directory.Admin(clientOptions(await delegated(person, SCOPES.people))).users;

  test('an administrator reads people; custom schemas only when asked for', async () => {
    const api = await users('admin@nine30.com');
    const userKey = 'allison@nine30.com';
    const { data } = await api.get({ userKey });
    expect(data).toMatchObject({ primaryEmail: userKey, name: { givenName: 'Allison' } });
    expect(data.phones).toEqual([{ value: '+15551234567', type: 'mobile' }]);
    expect(data.customSchemas).toBeUndefined();
    const full = await api.get({ userKey, projection: 'full' });
    expect(full.data.customSchemas).toEqual({ Agent: { budget: 50 } });
  });

  test('lists by domain, page by page, and by suspension', async () => {
    const api = await users('admin@nine30.com');
    const first = await api.list({ domain: 'nine30.com', maxResults: 3 });
    expect(first.data.users).toHaveLength(3);
    const pageToken = first.data.nextPageToken ?? '';
    const second = await api.list({ domain: 'nine30.com', maxResults: 3, pageToken });
    expect(second.data.users?.map((user) => user.primaryEmail)).toEqual(['bo@nine30.com']);
    const left = await api.list({ customer: 'my_customer', query: 'isSuspended=true' });
    expect(left.data.users?.map((user) => user.primaryEmail)).toEqual(['bo@nine30.com']);
  });

  test('a field mask shows the schemas that it names; without a mask it is refused', async () => {
    const api = await users('admin@nine30.com');
    const userKey = 'allison@nine30.com';
    const ask = (customFieldMask?: string) =>
      api.get({ userKey, projection: 'custom', ...(customFieldMask && { customFieldMask }) });
    expect((await ask('Agent')).data.customSchemas).toEqual({ Agent: { budget: 50 } });
    expect((await ask('Other')).data.customSchemas).toBeUndefined();
    await expect(ask()).rejects.toMatchObject({ status: 400 });
    await expect(api.list({ domain: 'nine30.com', pageToken: 'x' })).rejects.toMatchObject({
      status: 400,
    });
  });

  test('schemas take a scope of their own', async () => {
    const { schemas } = new directory.Admin(
      clientOptions(await delegated('admin@nine30.com', SCOPES.people)),
    );
    await expect(schemas.list({ customerId: 'my_customer' })).rejects.toMatchObject({
      status: 403,
    });
  });

  test('the CLI makes the schema of the toggle once, and tells of one with other fields', async () => {
    const scope = `${AUTH}admin.directory.userschema`;
    const { accessToken } = google.world.tokens.access('user:admin@nine30.com', [scope]);
    expect(await ensureSchema(google.restUrl, accessToken)).toBe(true);
    expect(await ensureSchema(google.restUrl, accessToken)).toBe(false);
    const others = google.world.tokens.access('user:allison@nine30.com', [scope]).accessToken;
    await expect(ensureSchema(google.restUrl, others)).rejects.toMatchObject({
      code: 'PERMISSION_DENIED',
    });
  });

  test.each([429, 503])(
    'that the Directory answers %i is not the fault of the token',
    async (status) => {
      const busy = createServer((_, response) => response.writeHead(status).end());
      await new Promise<void>((resolve) => busy.listen(0, '127.0.0.1', resolve));
      const origin = `http://127.0.0.1:${(busy.address() as AddressInfo).port}`;
      const error = await ensureSchema(origin, 'token').catch((refusal: unknown) => refusal);
      busy.closeAllConnections();
      await new Promise((resolve) => busy.close(resolve));
      expect(error).toMatchObject({ code: 'UNAVAILABLE' });
    },
  );

  test('the Directory that does not answer is said to be that', async () => {
    const gone = createServer();
    await new Promise<void>((resolve) => gone.listen(0, '127.0.0.1', resolve));
    const { port } = gone.address() as AddressInfo;
    await new Promise((resolve) => gone.close(resolve));
    const asked = ensureSchema(`http://127.0.0.1:${port}`, 'token');
    await expect(asked).rejects.toMatchObject({ name: 'PlaneError', code: 'UNAVAILABLE' });
  });

  test.each(['', 'two words', 'a\nb', '<html>'])(
    'what is no token (%j) is told before any call, and not repeated',
    async (text) => {
      const mark = google.recording.length;
      const error = await ensureSchema(google.restUrl, text).catch((refusal: unknown) => refusal);
      expect(error).toMatchObject({ name: 'PlaneError', code: 'INVALID_ARGUMENT' });
      if (text !== '') expect(String(error)).not.toContain(text);
      expect(google.recording.length).toBe(mark);
    },
  );

  test('others may not, and unknown people are 404', async () => {
    const other = (await users('allison@nine30.com')).get({ userKey: 'bo@nine30.com' });
    await expect(other).rejects.toMatchObject({ status: 403 });
    const nobody = (await users('admin@nine30.com')).get({ userKey: 'nobody@nine30.com' });
    await expect(nobody).rejects.toMatchObject({ status: 404 });
  });
});
