/** infra/roles/plane.json and fleet.json are what a whole life of an agent takes: no permission less, none more. */

import { createHmac } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { FLEET_ROLE, LOCAL, PLANE_ACCOUNT, PLANE_ROLE } from '../../local/plane/settings.ts';
import { pagePath } from './fixtures.ts';
import { type Harness, send, startHarness } from './harness.ts';

const REQUEST = {
  user: 'allison@nine30.com',
  userPhone: '+15551234567',
  whatsappNumber: '+15559876543',
};
const PROJECT = `projects/${LOCAL.project.id}`;
const ZONE = `/compute/v1/${PROJECT}/zones/${LOCAL.zone}`;
/**
 * Granted on the plane's own account alone, to sign its delegation for Gmail, or on its own bucket; never on the project.
 * Of logs, the audit log's view (infra/access.tf).
 */
const ELSEWHERE = ['signer', 'keeper', 'enqueuer'].flatMap((name): string[] => {
  const path = join(import.meta.dirname, `../../infra/roles/${name}.json`);
  return JSON.parse(readFileSync(path, 'utf8')).permissions;
});
ELSEWHERE.push('logging.views.access');

let api: Harness;
let vm: Harness;
let pages: Harness;
beforeAll(async () => {
  api = await startHarness({ target: 'api' });
  [vm, pages] = await Promise.all([
    startHarness({ target: 'vm', google: api.google }),
    startHarness({ target: 'pages', google: api.google }),
  ]);
});
afterAll(async () => {
  await pages.close();
  await vm.close();
  await api.close();
});

/** @returns the statuses of the answers */
async function asAdminOfPlane(requests: ReadonlyArray<readonly [string, string, object?]>) {
  const token = await api.idToken();
  const statuses: number[] = [];
  for (const [method, path, body] of requests) {
    statuses.push((await send(`${api.plane.url}/v1/agents${path}`, method, token, body)).status);
  }
  return statuses;
}

async function asVm(requests: ReadonlyArray<readonly [string, object?]>) {
  const token = await vm.vmToken('allison');
  const statuses: number[] = [];
  for (const [path, body] of requests) {
    statuses.push((await send(`${vm.plane.url}/v1/self/${path}`, 'POST', token, body)).status);
  }
  return statuses;
}

/** A person at the pairing page. */
async function asOwner(): Promise<number[]> {
  const token = await api.idToken();
  const link = await send(`${api.plane.url}/v1/agents/allison/pairing-link`, 'POST', token, {});
  const path = pagePath(link.body.url);
  const seen = await fetch(`${pages.plane.url}${path}`);
  const started = await fetch(`${pages.plane.url}${path}/request`, { method: 'POST' });
  return [link.status, seen.status, started.status];
}

/** An admin gives the agent a business number, and somebody writes to it. */
async function asMeta(): Promise<number[]> {
  const number = {
    ...{ mode: 'cloud-api', phoneNumberId: '106540352242922', accessToken: 'token' },
    ...{ appSecret: 'app-secret', verifyToken: 'verify' },
  };
  const set = await asAdminOfPlane([
    ['PATCH', '/allison', { whatsapp: { mode: 'cloud-api' } }],
    ['POST', '/allison/whatsapp', number],
  ]);
  const signature = createHmac('sha256', number.appSecret).update('{}').digest('hex');
  const webhook = await fetch(`${pages.plane.url}/whatsapp/allison`, {
    method: 'POST',
    headers: { 'x-hub-signature-256': `sha256=${signature}` },
    body: '{}',
  });
  return [...set, webhook.status];
}

/** Somebody's hands in the console; waits until it is gone. */
async function remove(path: string): Promise<void> {
  const { accessToken } = api.google.tokens.access(`user:${LOCAL.admin}`);
  const url = `${api.google.restUrl}${path}`;
  if ((await send(url, 'DELETE', accessToken)).status !== 200) throw new Error(`${path} stays`);
  while ((await send(url, 'GET', accessToken)).status !== 404) {
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
}

async function detachDataDisk(): Promise<void> {
  const { accessToken } = api.google.tokens.access(`user:${LOCAL.admin}`);
  const path = `${ZONE}/instances/agent-allison/detachDisk?deviceName=agents-plane-data`;
  const answer = await send(`${api.google.restUrl}${path}`, 'POST', accessToken);
  if (answer.status !== 200) throw new Error(`the disk stays: ${answer.status}`);
  await api.google.compute.operations.idle();
}

const ACCOUNT = `agent-allison@${LOCAL.project.id}.iam.gserviceaccount.com`;

async function disableConfig(): Promise<void> {
  const { accessToken } = api.google.tokens.access(`user:${LOCAL.admin}`);
  const path = `/v1/${PROJECT}/secrets/agent-allison-config/versions/latest:disable`;
  const answer = await send(`${api.google.restUrl}${path}`, 'POST', accessToken, {});
  if (answer.status !== 200) throw new Error(`still enabled: ${answer.status}`);
}

/** The owner of a key of their own leaves, and the directory says so. */
async function leave(): Promise<number> {
  const { accessToken } = api.google.tokens.access(`user:${LOCAL.admin}`);
  const path = `/v1/${PROJECT}/secrets/agent-allison-api-key:addVersion`;
  const payload = { data: Buffer.from('sk-ant-test').toString('base64') };
  await send(`${api.google.restUrl}${path}`, 'POST', accessToken, { payload });
  api.google.directory.put({ primaryEmail: REQUEST.user, suspended: true });
  const answer = await send(`${api.plane.url}/v1/sync`, 'POST', await api.idToken());
  await api.google.compute.operations.idle();
  return answer.body.actions.filter(({ outcome }: { outcome: string }) => outcome === 'done')
    .length;
}

test('the roles hold exactly what provisioning, reading, mailing, repairing and leaving demand', async () => {
  const life = await asAdminOfPlane([
    ['POST', '?dryRun=true', REQUEST],
    ['POST', '', REQUEST],
    ['POST', '', REQUEST],
    ['POST', '', { ...REQUEST, budget: 60 }],
    ['GET', '/allison'],
    ['GET', '/allison/logs'],
    ['GET', ''],
  ]);
  expect(life).toEqual([200, 202, 200, 202, 200, 200, 200]);
  const audit = await send(`${api.plane.url}/v1/audit`, 'GET', await api.idToken());
  expect(audit.status).toBe(200);
  await remove(`/v1/${PROJECT}/secrets/agent-allison-api-key`);
  await api.google.compute.operations.idle();
  const said = { failures: 0, at: new Date().toISOString(), state: 'idle' };
  api.google.compute.instances
    .byName('agent-allison')
    ?.guest.put('agents-plane', 'pairing', JSON.stringify(said));
  expect(await asOwner()).toEqual([200, 200, 200]);
  const linked = { channel: 'whatsapp', state: 'linked', at: new Date().toISOString() };
  const mail = { subject: 'Hello', text: 'Hello' };
  expect(
    await asVm([['welcome'], ['channel', linked], ['welcome'], ['mail', mail], ['key-secret']]),
  ).toEqual([200, 200, 200, 200, 200]);
  const backup = { data: 'YmFja3Vw' };
  expect(
    await asVm([['backup-secret'], ['restore'], ['backup', backup], ['backup', backup]]),
  ).toEqual([200, 200, 200, 200]);
  expect(await asMeta()).toEqual([202, 200, 200]);
  // The VM is rebuilt on the data disk that it leaves behind.
  await remove(`${ZONE}/instances/agent-allison`);
  const rebuilt = { ...REQUEST, budget: 60, whatsapp: { mode: 'cloud-api' } };
  expect(await asAdminOfPlane([['POST', '', rebuilt]])).toEqual([202]);

  await api.google.compute.operations.idle();
  await detachDataDisk();
  const { email } = api.google.world.accounts.update(ACCOUNT, { disabled: true });
  expect(email).toBe(ACCOUNT);
  await disableConfig();
  expect(await asAdminOfPlane([['POST', '/allison/reconcile']])).toEqual([200]);
  expect(await leave()).toBe(1);
  expect(await asAdminOfPlane([['POST', '/allison/purge']])).toEqual([200]);

  const plane = `serviceAccount:${PLANE_ACCOUNT}`;
  const demanded = api.google.recording
    .filter(({ principal }) => principal === plane)
    .flatMap(({ demands }) => demands.map(({ permission }) => permission))
    .filter((permission) => !ELSEWHERE.includes(permission));
  // What Terraform made of the roles: infra/fleet.tf reads the files.
  const { roles } = api.google.world;
  const granted = [PLANE_ROLE, FLEET_ROLE].flatMap((role) => [...(roles.get(role) ?? [])]);
  expect(granted.sort()).toEqual([...new Set(demanded)].sort());
}, 90_000);
