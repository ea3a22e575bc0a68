/**
 * What is deployed (dist/functions, trimmed protos, REST-only gax) against the emulated Google:
 * the same bundle that the demo and Google Cloud run.
 */

import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { inBothHeaders } from '../../local/google/cloud-run.ts';
import { type Plane, startPlane } from '../../local/plane/plane.ts';
import { LOCAL } from '../../local/plane/settings.ts';

const REQUEST = { user: 'allison@nine30.com', userPhone: '+15551234567' };

let plane: Plane;
let runDir: string;

beforeAll(async () => {
  runDir = await mkdtemp(join(tmpdir(), 'bundle-'));
  plane = await startPlane({
    root: join(import.meta.dirname, '../..'),
    cacheDir: runDir,
    runDir: join(runDir, 'run'),
    env: process.env,
    sharedKey: 'sk-ant-local-test',
    now: Date.now,
  });
});

afterAll(async () => {
  await plane?.close();
  await rm(runDir, { recursive: true, force: true });
});

async function call(method: string, path: string, body?: object) {
  const answer = await fetch(`${plane.apiUrl}${path}`, {
    method,
    headers: {
      ...inBothHeaders(await plane.idToken(LOCAL.admin)),
      ...(body && { 'content-type': 'application/json' }),
    },
    ...(body && { body: JSON.stringify(body) }),
  });
  return { status: answer.status, body: (await answer.json()) as Record<string, unknown> };
}

describe('the deployed bundle', () => {
  test('refuses a token that Cloud Run took the signature off, and says how to bring it whole', async () => {
    const token = await plane.idToken(LOCAL.admin);
    const alone = { headers: { authorization: `Bearer ${token}` } };
    const answer = await fetch(`${plane.apiUrl}/v1/agents`, alone);
    expect(answer.status).toBe(401);
    expect(await answer.text()).toContain('X-Serverless-Authorization');
    expect((await call('GET', '/v1/agents')).status).toBe(200);
  });

  test('creates an agent with every client it has: secrets, service accounts, machines', async () => {
    const created = await call('POST', '/v1/agents', REQUEST);
    expect(created).toMatchObject({ status: 202, body: { name: 'allison', user: REQUEST.user } });
    await plane.google.compute.operations.idle();
    expect(plane.google.compute.instances.byName('agent-allison')?.resource.status).toBe('RUNNING');
  });

  test('the same again changes nothing', async () => {
    expect((await call('POST', '/v1/agents', REQUEST)).status).toBe(200);
  });

  test('a changed request writes a version and tells the VM', async () => {
    const changed = await call('POST', '/v1/agents', { ...REQUEST, budget: 20 });
    expect(changed).toMatchObject({ status: 202, body: { configVersion: '2', budget: 20 } });
    await plane.google.compute.operations.idle();
    const items = plane.google.compute.instances.byName('agent-allison')?.resource.metadata.items;
    expect(items).toContainEqual({ key: 'agents-plane-config-version', value: '2' });
  });

  test('reads one and lists all', async () => {
    expect(await call('GET', '/v1/agents/allison')).toMatchObject({ status: 200 });
    expect(await call('GET', '/v1/agents')).toMatchObject({
      status: 200,
      body: { agents: [{ name: 'allison' }] },
    });
  });

  test('sends mail as its VM asks for it, keyless', async () => {
    const { tokens, accounts } = plane.google.world;
    const record = plane.google.compute.instances.byName('agent-allison');
    const account = accounts.find(`agent-allison@${LOCAL.project.id}.iam.gserviceaccount.com`);
    if (!record || !account) throw new Error('the agent is not there');
    const token = await tokens.accountIdToken(account, plane.vmUrl, {
      instance: {
        project_id: LOCAL.project.id,
        project_number: Number(LOCAL.project.number),
        zone: LOCAL.zone,
        instance_id: record.resource.id,
        instance_name: 'agent-allison',
        instance_creation_timestamp: 1,
      },
    });
    const welcome = () =>
      fetch(`${plane.vmUrl}/v1/self/welcome`, {
        method: 'POST',
        headers: { ...inBothHeaders(token), 'content-type': 'application/json' },
        body: '{}',
      });
    expect(await (await welcome()).json()).toEqual({ sent: 'now' });
    expect(await (await welcome()).json()).toEqual({ sent: 'before' });
    expect((await readdir(plane.mailDir)).filter((file) => file.endsWith('.eml'))).toHaveLength(1);
  });

  test('follows the directory: who left loses the agent and the keys; a number is drawn and returned', async () => {
    const { google } = plane;
    const { accessToken } = google.tokens.access(`user:${LOCAL.admin}`);
    const secret = `/v1/projects/${LOCAL.project.id}/secrets/agent-allison-api-key`;
    await fetch(`${google.restUrl}${secret}:addVersion`, {
      method: 'POST',
      headers: { authorization: `Bearer ${accessToken}`, 'content-type': 'application/json' },
      body: JSON.stringify({ payload: { data: Buffer.from('sk-test').toString('base64') } }),
    });
    google.directory.put({ primaryEmail: REQUEST.user, suspended: true });
    expect((await call('POST', '/v1/sync')).body.actions).toMatchObject([
      { action: 'revoke', agent: 'allison', outcome: 'done' },
    ]);
    await google.compute.operations.idle();
    await call('POST', '/v1/numbers', { numbers: ['+15559876543'] });
    const phones = [{ value: '+15557654321', type: 'mobile' }];
    google.directory.put({ primaryEmail: 'bo@nine30.com', phones });
    const asked = { user: 'bo@nine30.com', whatsapp: { mode: 'dedicated' } };
    expect((await call('POST', '/v1/agents', asked)).body.whatsappNumber).toBe('+1555•••6543');
    await google.compute.operations.idle();
    expect((await call('POST', '/v1/agents/bo/purge')).status).toBe(200);
  });

  test('was allowed everything it tried', () => {
    expect(plane.google.recording.filter(({ status }) => status === 403)).toEqual([]);
  });
});
