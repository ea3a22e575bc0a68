/** `POST /v1/self/usage` against the emulated Google: money, mails, and the shared key's policy. */

import PostalMime from 'postal-mime';
import { labelsOf, SHARED_KEY_SECRET } from '../../contracts/names.ts';
import { type UsageAnswer, usageAnswer } from '../../contracts/vm-api.ts';
import { LOCAL } from '../../local/plane/settings.ts';
import { ALLISON } from './fixtures.ts';
import { type Harness, send, startHarness } from './harness.ts';

const REQUEST = {
  user: 'allison@nine30.com',
  userPhone: '+15551234567',
  budget: 50,
  timezone: 'Europe/Vienna',
};
const SECRETS = `/v1/projects/${LOCAL.project.id}/secrets`;
const AGENT = `serviceAccount:agent-allison@${LOCAL.project.id}.iam.gserviceaccount.com`;
const resource = `projects/${LOCAL.project.id}/secrets/${SHARED_KEY_SECRET}`;
const month = new Intl.DateTimeFormat('sv-SE', {
  timeZone: REQUEST.timezone,
  year: 'numeric',
  month: '2-digit',
}).format(Date.now());

let api: Harness;
let vm: Harness;
beforeEach(async () => {
  api = await startHarness({ target: 'api' });
  vm = await startHarness({ target: 'vm', google: api.google });
  expect(await provision()).toBe(202);
});
afterEach(async () => {
  await vm.close();
  await api.close();
});

async function provision(change: object = {}): Promise<number> {
  const body = { ...REQUEST, ...change };
  return (await send(`${api.plane.url}/v1/agents`, 'POST', await api.idToken(), body)).status;
}
async function agent() {
  return (await send(`${api.plane.url}/v1/agents/allison`, 'GET', await api.idToken())).body;
}
async function spent(usd: number, key = 'shared'): Promise<UsageAnswer> {
  const token = await vm.vmToken('allison');
  const answer = await send(`${vm.plane.url}/v1/self/usage`, 'POST', token, { month, usd, key });
  expect(answer.status).toBe(200);
  return usageAnswer.parse(answer.body);
}
const mayRead = () =>
  api.google.world.iam.allows(AGENT, { permission: 'secretmanager.versions.access', resource });
/** Oldest first. */
const mails = async () =>
  Promise.all(
    api.google.gmail.mailboxes
      .list(LOCAL.mailFrom)
      .toReversed()
      .map(async ({ raw }) => {
        const mail = await PostalMime.parse(raw);
        return `${mail.to?.[0]?.address}: ${mail.subject?.replace(/ for .*/, '')}`;
      }),
  );
const annotated = async (): Promise<Record<string, string>> => {
  const { accessToken } = api.google.tokens.access(`user:${LOCAL.admin}`);
  const url = `${api.google.restUrl}${SECRETS}/agent-allison-config`;
  return (await send(url, 'GET', accessToken)).body.annotations;
};

test('80, 95, 100 %: a mail each, once; then the shared key is closed, until the budget is raised', async () => {
  expect(mayRead()).toBe(true);
  expect(await spent(39)).toEqual({ month, usd: 39, limit: 50, withdrawn: false });
  expect(await mails()).toEqual([]);
  for (const usd of [40, 41, 48, 48]) await spent(usd);
  expect(await mails()).toEqual([
    'allison@nine30.com: Your AI assistant has used 80 % of its budget',
    'allison@nine30.com: Your AI assistant has used 95 % of its budget',
  ]);
  expect(mayRead()).toBe(true);

  expect(await spent(50.5)).toEqual({ month, usd: 50.5, limit: 50, withdrawn: true });
  expect(mayRead()).toBe(false);
  expect((await mails()).slice(2)).toEqual([
    'allison@nine30.com: Your AI assistant has used up its budget',
    'admin@nine30.com: Agent allison has used up its budget',
  ]);
  await spent(50.5, 'none');
  expect(await mails()).toHaveLength(4);
  expect((await agent()).spend).toEqual({ month, usd: 50.5, withdrawn: true });

  // The same request again is no way around it; a higher budget is.
  expect(await provision()).toBe(200);
  expect(mayRead()).toBe(false);
  expect(await provision({ budget: 100 })).toBe(202);
  expect(mayRead()).toBe(true);
  expect(await spent(50.5, 'none')).toEqual({ month, usd: 50.5, limit: 100, withdrawn: false });
  expect(mayRead()).toBe(true);
  expect(await mails()).toHaveLength(4);
}, 60_000);

test('a new month opens the key at the first report', async () => {
  const past = { month: '2020-01', usd: 60, seen: 60, withdrawn: true, mails: {} };
  const { accessToken } = api.google.tokens.access(`user:${LOCAL.admin}`);
  await spent(60);
  expect(mayRead()).toBe(false);
  const url = `${api.google.restUrl}${SECRETS}/agent-allison-config?updateMask=annotations`;
  const annotations = { ...(await annotated()), 'agents-plane-usage': JSON.stringify(past) };
  expect((await send(url, 'PATCH', accessToken, { annotations })).status).toBe(200);
  expect(await spent(0.5, 'none')).toMatchObject({ usd: 0.5, withdrawn: false });
  expect(mayRead()).toBe(true);
}, 60_000);

test('five reports at once count once and mail once', async () => {
  await Promise.all(Array.from({ length: 5 }, () => spent(45)));
  expect((await agent()).spend.usd).toBe(45);
  expect(await mails()).toHaveLength(1);
}, 60_000);

test('an own key: mails, and nothing is withdrawn', async () => {
  expect(await spent(70, 'own')).toMatchObject({ withdrawn: false });
  expect(mayRead()).toBe(true);
  expect(await mails()).toHaveLength(2);
  const first = api.google.gmail.mailboxes.list(LOCAL.mailFrom).at(-1);
  expect((await PostalMime.parse(first?.raw ?? '')).text).toContain('so nothing stops');
}, 60_000);

test('other agents keep the key', async () => {
  expect(await provision({ user: 'bo@nine30.com', userPhone: '+15557654321' })).toBe(202);
  await spent(50);
  const bo = AGENT.replace('allison', 'bo');
  const permission = 'secretmanager.versions.access';
  expect(api.google.world.iam.allows(bo, { permission, resource })).toBe(true);
  expect(mayRead()).toBe(false);
}, 60_000);

test.each<[string, object]>([
  ['a month that is none', { month: '2026-13', usd: 1, key: 'own' }],
  ['a negative amount', { month, usd: -1, key: 'own' }],
  ['an amount that is no number', { month, usd: '1', key: 'own' }],
  ['somebody else', { month, usd: 1, key: 'own', agent: 'bo' }],
])('%s is refused and nothing is written', async (_title, body) => {
  const token = await vm.vmToken('allison');
  expect((await send(`${vm.plane.url}/v1/self/usage`, 'POST', token, body)).status).toBe(400);
  expect((await annotated())['agents-plane-usage']).toBeUndefined();
});

test('the secret for channels is made with the rights on it, once', async () => {
  const token = await vm.vmToken('allison');
  const ask = () => send(`${vm.plane.url}/v1/self/channels-secret`, 'POST', token);
  expect((await ask()).body).toEqual({ secret: 'agent-allison-channels' });
  const own = `projects/${LOCAL.project.id}/secrets/agent-allison-channels`;
  for (const permission of ['secretmanager.versions.add', 'secretmanager.versions.access']) {
    expect(api.google.world.iam.allows(AGENT, { permission, resource: own })).toBe(true);
  }
  const { accessToken } = api.google.tokens.access(`user:${LOCAL.admin}`);
  const made = await send(
    `${api.google.restUrl}${SECRETS}/agent-allison-channels`,
    'GET',
    accessToken,
  );
  expect(made.body.labels).toEqual(labelsOf(ALLISON));
  const mark = vm.google.recording.length;
  expect((await ask()).status).toBe(200);
  expect(vm.calls(mark).filter(({ method }) => /Create|SetIam/.test(method))).toEqual([]);
});
