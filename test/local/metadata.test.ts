import { execFile } from 'node:child_process';
import { once } from 'node:events';
import { createServer, type RequestListener, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { promisify } from 'node:util';
import { decodeJwt } from 'jose';
import type { Compute } from '../../local/google/compute.ts';
import { type Google, startGoogle } from '../../local/google/google.ts';
import {
  accountMetadata,
  instanceMetadata,
  type MetadataDeps,
} from '../../local/google/metadata.ts';

const PROJECT = { id: 'nine30-local', number: '123456789012' };
const ZONE = 'europe-west1-b';
const EMAIL = `agent-allison@${PROJECT.id}.iam.gserviceaccount.com`;
const FLAVOR = { 'metadata-flavor': 'Google' };

let google: Google;
let compute: Compute;
let deps: MetadataDeps;
const servers: Server[] = [];

async function serve(listener: RequestListener): Promise<string> {
  const server = createServer(listener).listen(0, '127.0.0.1');
  servers.push(server);
  await once(server, 'listening');
  return `127.0.0.1:${(server.address() as AddressInfo).port}`;
}

async function insertInstance(items: { key: string; value: string }[]) {
  const { accessToken } = google.world.tokens.access('user:admin@nine30.com');
  const url = `${google.restUrl}/compute/v1/projects/${PROJECT.id}/zones/${ZONE}/instances`;
  const sourceImage = 'projects/debian-cloud/global/images/family/debian-12';
  const answer = await fetch(url, {
    method: 'POST',
    headers: { authorization: `Bearer ${accessToken}` },
    body: JSON.stringify({
      name: 'agent-allison',
      machineType: `zones/${ZONE}/machineTypes/e2-medium`,
      disks: [{ boot: true, initializeParams: { sourceImage } }],
      networkInterfaces: [{}],
      tags: { items: ['agent'] },
      metadata: { items },
      serviceAccounts: [
        { email: EMAIL, scopes: ['https://www.googleapis.com/auth/cloud-platform'] },
      ],
    }),
  });
  expect(answer.status).toBe(200);
  await compute.operations.idle();
  const record = compute.instances.byName('agent-allison');
  if (!record) throw new Error('no instance');
  return record;
}

beforeEach(async () => {
  google = await startGoogle({
    projects: [{ ...PROJECT, name: 'Nine30' }],
    users: ['admin@nine30.com'],
    stageMs: 1,
  });
  compute = google.compute;
  google.world.accounts.create(PROJECT.id, 'agent-allison');
  google.world.iam.grant(`projects/${PROJECT.id}`, 'roles/owner', ['user:admin@nine30.com']);
  deps = { tokens: google.world.tokens, accounts: google.world.accounts, project: PROJECT };
});

afterEach(async () => {
  for (const server of servers.splice(0)) {
    server.closeAllConnections();
    server.close();
  }
  await google.close();
});

describe('for one service account', () => {
  test('google-auth-library finds project, email and both tokens by itself', async () => {
    const host = await serve(accountMetadata(deps, EMAIL, 'europe-west1'));
    const program = new URL('metadata-client.ts', import.meta.url).pathname;
    const env = { PATH: process.env.PATH, GCE_METADATA_HOST: host, HOME: '/nonexistent' };
    const { stdout } = await promisify(execFile)(process.execPath, [program], { env });
    const seen = JSON.parse(stdout);
    expect(seen).toMatchObject({ project: PROJECT.id, email: EMAIL });
    expect(google.world.tokens.authenticate(seen.accessToken)?.principal).toBe(
      `serviceAccount:${EMAIL}`,
    );
    expect(decodeJwt(seen.authorization.replace('Bearer ', ''))).toMatchObject({
      aud: 'https://plane.example',
      email: EMAIL,
    });
  });

  test('the rules of the door', async () => {
    const base = `http://${await serve(accountMetadata(deps, EMAIL, 'europe-west1'))}`;
    const root = await fetch(`${base}/`);
    expect([root.status, root.headers.get('metadata-flavor')]).toEqual([200, 'Google']);
    const path = `${base}/computeMetadata/v1/project/project-id`;
    expect((await fetch(path)).status).toBe(403);
    const proxied = { ...FLAVOR, 'x-forwarded-for': '10.0.0.1' };
    expect((await fetch(path, { headers: proxied })).status).toBe(403);
    expect((await fetch(`${path}x`, { headers: FLAVOR })).status).toBe(404);
    expect(await (await fetch(path, { headers: FLAVOR })).text()).toBe(PROJECT.id);
  });

  test('no tokens for an account that is gone', async () => {
    const base = `http://${await serve(accountMetadata(deps, EMAIL, 'europe-west1'))}`;
    google.world.accounts.remove(EMAIL);
    const path = `${base}/computeMetadata/v1/instance/service-accounts/default/token`;
    expect((await fetch(path, { headers: FLAVOR })).status).toBe(404);
  });
});

describe('for an instance', () => {
  let base: string;
  const get = (path: string, init: RequestInit = {}) =>
    fetch(`${base}/computeMetadata/v1/${path}`, { headers: FLAVOR, ...init });
  const textOf = async (path: string) => (await get(path)).text();

  beforeEach(async () => {
    const record = await insertInstance([
      { key: 'startup-script', value: '#!/bin/sh\necho hi\n' },
      { key: 'enable-guest-attributes', value: 'TRUE' },
    ]);
    base = `http://${await serve(instanceMetadata(deps, () => record))}`;
  });

  test('leaves, listings and the recursive tree', async () => {
    expect(await textOf('instance/name')).toBe('agent-allison');
    expect(await textOf('instance/zone')).toBe(`projects/${PROJECT.number}/zones/${ZONE}`);
    expect(await textOf('instance/hostname')).toContain('agent-allison.');
    expect(await textOf('instance/attributes/startup-script')).toBe('#!/bin/sh\necho hi\n');
    expect(await textOf('instance/tags')).toBe('["agent"]');
    expect(await textOf('instance/')).toContain('service-accounts/\n');
    expect(await textOf('instance/attributes')).toBe('startup-script\nenable-guest-attributes\n');
    expect(await textOf('instance/service-accounts/default/email')).toBe(EMAIL);
    const tree = JSON.parse(await textOf('/?recursive=true&alt=json'));
    expect(tree).toMatchObject({
      instance: {
        attributes: { 'enable-guest-attributes': 'TRUE' },
        networkInterfaces: [{ dnsServers: ['169.254.169.254'] }],
        disks: [{ deviceName: 'persistent-disk-0' }],
        serviceAccounts: { default: { email: EMAIL, aliases: ['default'] } },
      },
      project: { projectId: PROJECT.id, numericProjectId: Number(PROJECT.number) },
    });
    expect(JSON.stringify(tree)).not.toContain('ya29');
  });

  test('the identity token names the instance in format full only', async () => {
    const path = 'instance/service-accounts/default/identity?audience=https://plane.example';
    const full = decodeJwt(await textOf(`${path}&format=full`));
    expect(full).toMatchObject({
      iss: 'https://accounts.google.com',
      aud: 'https://plane.example',
      email: EMAIL,
      google: {
        compute_engine: { instance_name: 'agent-allison', zone: ZONE, project_id: PROJECT.id },
      },
    });
    expect(decodeJwt(await textOf(path)).google).toBeUndefined();
    expect((await get('instance/service-accounts/default/identity')).status).toBe(400);
  });

  test('a wait ends when metadata changes, and with what changed', async () => {
    const key = 'instance/attributes/?recursive=true';
    const etag = (await get(key)).headers.get('etag');
    const stale = await get(`${key}&wait_for_change=true&last_etag=NONE`);
    expect(stale.headers.get('etag')).toBe(etag);

    const waiting = get(`${key}&wait_for_change=true&last_etag=${etag}`);
    const record = compute.instances.byName('agent-allison');
    if (!record) throw new Error('no instance');
    const settled = await Promise.race([waiting.then(() => 'early'), Promise.resolve('waiting')]);
    expect(settled).toBe('waiting');
    const url = `${google.restUrl}/compute/v1/projects/${PROJECT.id}/zones/${ZONE}/instances/agent-allison/setMetadata`;
    const { accessToken } = google.world.tokens.access('user:admin@nine30.com');
    const { fingerprint } = record.resource.metadata;
    const items = [{ key: 'agents-plane-config-version', value: '7' }];
    await fetch(url, {
      method: 'POST',
      headers: { authorization: `Bearer ${accessToken}` },
      body: JSON.stringify({ fingerprint, items }),
    });
    const changed = await waiting;
    expect(JSON.parse(await changed.text())).toEqual({ 'agents-plane-config-version': '7' });
    expect(changed.headers.get('etag')).not.toBe(etag);
  });

  test('a wait without a change ends after timeout_sec with the same etag', async () => {
    const etag = (await get('instance/name')).headers.get('etag');
    const wait = await get(`instance/name?wait_for_change=true&last_etag=${etag}&timeout_sec=0.05`);
    expect([wait.status, wait.headers.get('etag')]).toEqual([200, etag]);
  });

  test('guest attributes: written, listed, deleted, limited', async () => {
    const path = 'instance/guest-attributes/agents-plane/status';
    const put = (body: string, to = path) => get(to, { method: 'PUT', body });
    expect((await put('{"state":"ready"}')).status).toBe(200);
    expect(await textOf(path)).toBe('{"state":"ready"}');
    expect(await textOf('instance/guest-attributes/agents-plane/')).toBe('status\n');
    expect((await put('x'.repeat(600_000))).status).toBe(400);
    expect((await put('x', 'instance/attributes/startup-script')).status).toBe(405);
    expect((await get(path, { method: 'DELETE' })).status).toBe(200);
    expect((await get(path)).status).toBe(404);
  });

  test('guest attributes are off unless metadata turns them on', async () => {
    const record = compute.instances.byName('agent-allison');
    if (!record) throw new Error('no instance');
    record.resource.metadata = { ...record.resource.metadata, items: [] };
    const put = await get('instance/guest-attributes/a/b', { method: 'PUT', body: 'x' });
    expect(put.status).toBe(403);
  });
});
