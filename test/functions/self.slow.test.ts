/** What an agent's VM may ask for: the welcome mail exactly once, its key secret, mail to its owner. */

import PostalMime from 'postal-mime';
import { keySecretAnswer, mailAnswer, welcomeAnswer } from '../../contracts/vm-api.ts';
import type { Fault } from '../../local/google/gate.ts';
import { LOCAL } from '../../local/plane/settings.ts';
import { DOCUMENT as DEDICATED } from './fixtures.ts';
import { type Answered, type Harness, send, startHarness, startVm } from './harness.ts';
import { NUMBER } from './support/meta-number.ts';

const DOCUMENT = { ...DEDICATED, whatsapp: { mode: 'cloud-api' } };
const SECRETS = `/v1/projects/${LOCAL.project.id}/secrets`;
const SECRET = `${SECRETS}/agent-allison-config`;
const LABELS = { 'managed-by': 'agents-plane', 'agents-plane-agent': 'allison' };

let harness: Harness;
let token: string;
let nextSend: Fault | undefined;

beforeEach(async () => {
  nextSend = undefined;
  harness = await startHarness({
    target: 'vm',
    fault: async ({ method }) => {
      if (!/messages\.send$/.test(method)) return undefined;
      const fault = nextSend;
      nextSend = undefined;
      return fault;
    },
  });
  const { accounts } = harness.google.world;
  accounts.create(LOCAL.project.id, 'agent-allison', {
    description: 'managed-by=agents-plane agents-plane-agent=allison',
  });
  await asAdmin('POST', `${SECRETS}?secretId=agent-allison-config`, {
    replication: { automatic: {} },
    labels: LABELS,
    annotations: { 'agents-plane-user': DOCUMENT.user },
  });
  const data = Buffer.from(JSON.stringify(DOCUMENT)).toString('base64');
  await asAdmin('POST', `${SECRET}:addVersion`, { payload: { data } });
  await asAdmin('POST', `${SECRETS}?secretId=agent-allison-whatsapp`, {
    replication: { automatic: {} },
    labels: LABELS,
  });
  const number = Buffer.from(JSON.stringify(NUMBER)).toString('base64');
  await asAdmin('POST', `${SECRETS}/agent-allison-whatsapp:addVersion`, {
    payload: { data: number },
  });
  await startVm(harness.google, 'allison');
  token = await harness.vmToken('allison');
});
afterEach(() => harness.close());

async function asAdmin(method: string, path: string, body?: object): Promise<Answered['body']> {
  const { accessToken } = harness.google.tokens.access(`user:${LOCAL.admin}`);
  const answer = await send(`${harness.google.restUrl}${path}`, method, accessToken, body);
  if (answer.status !== 200) throw new Error(`${path} answered ${answer.status}`);
  return answer.body;
}

const post = (path: string, body?: object) =>
  send(`${harness.plane.url}${path}`, 'POST', token, body);
/** What the plane's mailbox has sent. */
const sent = () => harness.google.gmail.mailboxes.list(LOCAL.mailFrom);
const welcome = () => post('/v1/self/welcome');
const annotation = async (): Promise<string | undefined> =>
  (await asAdmin('GET', SECRET)).annotations?.['agents-plane-welcome'];

/** As if the attempt that is written down had been three minutes ago. */
async function letTimePass(): Promise<void> {
  const [phase, id] = (await annotation())?.split(' ') ?? [];
  const then = new Date(Date.now() - 180_000).toISOString();
  await asAdmin('PATCH', `${SECRET}?updateMask=annotations`, {
    annotations: {
      'agents-plane-user': DOCUMENT.user,
      'agents-plane-welcome': `${phase} ${id} ${then}`,
    },
  });
}

describe('the welcome mail', () => {
  test('is sent now, and then never again', async () => {
    const first = await welcome();
    expect(welcomeAnswer.parse(first.body)).toEqual({ sent: 'now' });
    expect(welcomeAnswer.parse((await welcome()).body)).toEqual({ sent: 'before' });
    expect(sent()).toHaveLength(1);
    const mail = await PostalMime.parse(sent()[0]?.raw ?? '');
    expect(mail.subject).toBe('Your AI assistant is ready! 🤖');
    expect(mail.to?.map((each) => each.address)).toEqual(['allison@nine30.com']);
    expect(mail.text).toContain('Save this number: +1 (555) 987-6543');
    expect(await annotation()).toMatch(/^sent /);
  });

  test('asked for five times at once, it is sent once', async () => {
    const answers = await Promise.all(Array.from({ length: 5 }, welcome));
    expect(answers.filter(({ body }) => body.sent === 'now')).toHaveLength(1);
    expect(
      answers.map(({ status }) => status).filter((status) => status !== 200 && status !== 409),
    ).toEqual([]);
    expect(sent()).toHaveLength(1);
  });

  test('whose answer got lost is found among the sent ones, not sent again', async () => {
    nextSend = { when: 'after', status: 'UNAVAILABLE' };
    expect((await welcome()).status).toBe(503);
    expect(sent()).toHaveLength(1);
    expect((await welcome()).status).toBe(409);
    await letTimePass();
    expect((await welcome()).body).toEqual({ sent: 'before' });
    expect(sent()).toHaveLength(1);
    expect(await annotation()).toMatch(/^sent /);
  });

  test('that never left is sent by a later attempt', async () => {
    nextSend = { when: 'before', status: 'UNAVAILABLE' };
    expect((await welcome()).status).toBe(503);
    expect(sent()).toHaveLength(0);
    await letTimePass();
    expect((await welcome()).body).toEqual({ sent: 'now' });
    expect(sent()).toHaveLength(1);
  });

  test('that Google refused is tried again at once', async () => {
    nextSend = { when: 'before', status: 'PERMISSION_DENIED' };
    expect((await welcome()).status).toBe(412);
    expect((await welcome()).body).toEqual({ sent: 'now' });
    expect(sent()).toHaveLength(1);
  });
});

describe('other requests of a VM', () => {
  test('the key secret is made with its rights, once', async () => {
    const made = await post('/v1/self/key-secret');
    expect(keySecretAnswer.parse(made.body)).toEqual({ secret: 'agent-allison-api-key' });
    const principal = `serviceAccount:agent-allison@${LOCAL.project.id}.iam.gserviceaccount.com`;
    const resource = `projects/${LOCAL.project.id}/secrets/agent-allison-api-key`;
    const permission = 'secretmanager.versions.add';
    expect(harness.google.world.iam.allows(principal, { permission, resource })).toBe(true);
    const mark = harness.google.recording.length;
    expect((await post('/v1/self/key-secret')).status).toBe(200);
    expect(harness.calls(mark).filter(({ method }) => /Create|SetIam/.test(method))).toEqual([]);
  });

  test('mail goes to the owner alone', async () => {
    const answer = await post('/v1/self/mail', { subject: 'Übersicht', text: 'Hallo' });
    mailAnswer.parse(answer.body);
    const [mail] = sent();
    const parsed = await PostalMime.parse(mail?.raw ?? '');
    expect(parsed.to?.map((each) => each.address)).toEqual(['allison@nine30.com']);
    expect(parsed.text?.trim()).toBe('Hallo');
  });

  test.each<[string, object, string]>([
    ['a recipient of its own', { subject: 'x', text: 'y', to: 'thief@example.org' }, 'to'],
    ['CRLF in the subject', { subject: 'x\r\nBcc: thief@example.org', text: 'y' }, 'subject'],
    ['an empty text', { subject: 'x', text: '' }, 'text'],
    ['a text too long', { subject: 'x', text: 'y'.repeat(32_001) }, 'text'],
  ])('%s is refused, and nothing is sent', async (_title, body, field) => {
    const answer = await post('/v1/self/mail', body);
    expect([answer.status, answer.body.error.details[0].field]).toEqual([400, field]);
    expect(sent()).toEqual([]);
  });
});
