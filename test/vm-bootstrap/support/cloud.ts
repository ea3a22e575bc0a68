/**
 * What surrounds an agent's machine, over real sockets: Secret Manager (local/google), a
 * metadata server and the plane's function for VMs as small servers of their own that
 * remember what they were asked, and the model providers (local/model).
 */

import { EventEmitter, once } from 'node:events';
import {
  createServer,
  type IncomingHttpHeaders,
  type RequestListener,
  type Server,
} from 'node:http';
import type { AddressInfo } from 'node:net';
import { METADATA_KEYS } from '../../../contracts/instance-metadata.ts';
import { GUEST_KEY_PAIRING, type Pairing, pairing } from '../../../contracts/pairing.ts';
import { type GoogleOptions, startGoogle } from '../../../local/google/google.ts';
import { createModelServer } from '../../../local/model/server.ts';

export const PROJECT = 'nine30-local';
export const AGENT = 'allison';
export const OWN = `agent-${AGENT}-api-key`;
export const SHARED = 'agents-plane-api-key';
export const CHANNELS = `agent-${AGENT}-channels`;
export const CONFIG = `agent-${AGENT}-config`;
export const GOOD_KEY = 'sk-ant-good-0000000000000001';
export const OTHER_GOOD_KEY = 'sk-ant-good-0000000000000002';

export const DOCUMENT = {
  user: 'allison@nine30.com',
  userPhone: '+15551234567',
  model: 'claude-sonnet-4-6',
  budget: 50,
};

async function listen(listener: RequestListener): Promise<{ url: string; server: Server }> {
  const server = createServer(listener);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, server };
}

const bodyOf = async (request: AsyncIterable<Buffer>): Promise<string> => {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk);
  return Buffer.concat(chunks).toString('utf8');
};

export type Cloud = Awaited<ReturnType<typeof startCloud>>;

/**
 * @param keys that the providers accept
 * @param iam how long Google takes to heed a grant, and by which clock
 */
export async function startCloud(
  keys: readonly string[] = [GOOD_KEY, OTHER_GOOD_KEY],
  iam: Pick<GoogleOptions, 'clock' | 'propagationMs'> = {},
) {
  const google = await startGoogle({
    ...iam,
    projects: [{ id: PROJECT, number: '123456789012', name: PROJECT }],
    users: ['admin@nine30.com'],
  });
  const { world } = google;
  world.iam.grant(`projects/${PROJECT}`, 'roles/owner', ['user:admin@nine30.com']);
  const account = world.accounts.create(PROJECT, `agent-${AGENT}`);
  const vm = `serviceAccount:${account.email}`;
  const admin = world.tokens.access('user:admin@nine30.com').accessToken;

  const secretCall = async (verb: string, path: string, body?: object): Promise<unknown> => {
    const answer = await fetch(`${google.restUrl}/v1/projects/${PROJECT}/${path}`, {
      method: verb,
      headers: { authorization: `Bearer ${admin}`, 'content-type': 'application/json' },
      ...(body && { body: JSON.stringify(body) }),
    });
    const text = await answer.text();
    if (!answer.ok) throw new Error(`${verb} ${path}: ${answer.status} ${text}`);
    return JSON.parse(text);
  };
  const createSecret = async (secret: string, ...roles: string[]): Promise<void> => {
    await secretCall('POST', `secrets?secretId=${secret}`, { replication: { automatic: {} } });
    for (const role of roles) {
      world.iam.grant(`projects/${PROJECT}/secrets/${secret}`, `roles/secretmanager.${role}`, [vm]);
    }
  };
  /** As the plane grants it: through the API, so that it is in force when IAM has spread it. */
  const grant = async (secret: string, ...roles: string[]): Promise<void> => {
    const bindings = roles.map((role) => ({
      role: `roles/secretmanager.${role}`,
      members: [vm],
    }));
    await secretCall('POST', `secrets/${secret}:setIamPolicy`, { policy: { bindings } });
  };
  const addVersion = async (secret: string, text: string): Promise<void> => {
    const data = Buffer.from(text).toString('base64');
    await secretCall('POST', `secrets/${secret}:addVersion`, { payload: { data } });
  };
  const versions = async (secret: string): Promise<string[]> => {
    const list = (await secretCall('GET', `secrets/${secret}/versions`)) as {
      versions?: { name: string; state: string }[];
    };
    return (list.versions ?? []).map(({ name, state }) => `${name.split('/').at(-1)} ${state}`);
  };

  const attributes: Record<string, string> = { [METADATA_KEYS.agent]: AGENT };
  /** Etag of the attributes, and who waits for another. */
  const changes = new EventEmitter<{ change: [] }>().setMaxListeners(0);
  let generation = 1;
  const pairings: Pairing[] = [];
  const statuses: { state: string; reason?: string; key?: string }[] = [];
  const metadata = await listen(async (request, response) => {
    const url = new URL(request.url ?? '/', 'http://metadata');
    const path = url.pathname.replace('/computeMetadata/v1/', '');
    const flavored = request.headers['metadata-flavor'] === 'Google';
    const answer = (status: number, text = ''): void => {
      response.writeHead(status, { 'metadata-flavor': 'Google' }).end(text);
    };
    if (!flavored) return answer(403);
    if (request.method === 'PUT') {
      const said = JSON.parse(await bodyOf(request));
      if (path.endsWith(`/${GUEST_KEY_PAIRING}`)) pairings.push(pairing.parse(said));
      else statuses.push(said);
      return answer(200);
    }
    if (path === 'instance/attributes/') {
      const known = url.searchParams.get('last_etag') === String(generation);
      if (known) await Promise.race([once(changes, 'change'), once(response, 'close')]);
      response.setHeader('etag', String(generation));
      return answer(200, JSON.stringify(attributes));
    }
    if (path === 'project/project-id') return answer(200, PROJECT);
    if (path.endsWith('/token')) {
      const { accessToken, expiresIn } = world.tokens.access(vm);
      const token = { access_token: accessToken, expires_in: expiresIn, token_type: 'Bearer' };
      return answer(200, JSON.stringify(token));
    }
    if (path.endsWith('/identity')) {
      return answer(
        200,
        await world.tokens.accountIdToken(account, `${url.searchParams.get('audience')}`),
      );
    }
    const value = attributes[path.replace('instance/attributes/', '')];
    return value === undefined ? answer(404) : answer(200, value);
  });

  const asked: string[] = [];
  // biome-ignore lint/suspicious/noExplicitAny: each path has its own kind of body
  const scripted: Record<string, (body: any) => object> = {};
  const askedWith: IncomingHttpHeaders[] = [];
  const bodies: { path: string; body: string }[] = [];
  const owner = { connect: false };
  /** Answers of the plane that a test sets, by path. */
  const answersOf: Record<string, object> = {};
  const plane = await listen(async (request, response) => {
    const body = await bodyOf(request);
    bodies.push({ path: request.url ?? '', body });
    asked.push(request.url ?? '');
    askedWith.push(request.headers);
    const answers: Record<string, object> = {
      '/v1/self/welcome': {
        sent: asked.filter((path) => path.endsWith('welcome')).length === 1 ? 'now' : 'before',
      },
      '/v1/self/mail': { id: 'm1' },
      '/v1/self/key-secret': { secret: OWN },
      '/v1/self/channels-secret': { secret: CHANNELS },
      '/v1/self/pairing-reply': { connect: owner.connect },
      ...answersOf,
    };
    if (request.url === '/v1/self/pairing-reply') owner.connect = false;
    if (request.url === '/v1/self/channels-secret') {
      await createSecret(CHANNELS, 'secretAccessor', 'secretVersionManager');
    }
    if (request.url === '/v1/self/key-secret') {
      await createSecret(OWN, 'secretAccessor', 'secretVersionManager');
    }
    const own = scripted[request.url ?? '']?.(JSON.parse(body || '{}'));
    response.end(JSON.stringify(own ?? answers[request.url ?? ''] ?? {}));
  });

  const goodKeys = new Set(keys);
  const model = createModelServer({ accepts: (_, key) => goodKeys.has(key) });
  const provider = await listen(model.listener);

  attributes[METADATA_KEYS.planeUrl] = plane.url;
  attributes[METADATA_KEYS.endpoints] = JSON.stringify({
    secretmanager: google.restUrl,
    anthropic: provider.url,
    openai: provider.url,
    google: provider.url,
  });

  return {
    google,
    metadataHost: metadata.url.replace('http://', ''),
    attributes,
    /** Every status that was published, oldest first. */
    statuses,
    /** Every word about the pairing that was published, oldest first. */
    pairings,
    /** Changes an attribute of the instance; who waits for one is answered. */
    setAttribute(key: string, value: string) {
      attributes[key] = value;
      generation += 1;
      changes.emit('change');
    },
    /** What the plane answers, by path, where a test says so. */
    answersOf,
    /** Paths that the plane was asked for. */
    asked,
    /** What a test makes the plane answer, by path. */
    answers: scripted,
    /** The headers of each. */
    askedWith,
    /** What came with each. */
    bodies,
    /** Whether the owner's mailbox has a "connect" that was not asked for yet. */
    owner,
    model,
    createSecret,
    grant,
    addVersion,
    versions,
    destroyVersion: (secret: string, version: string) =>
      secretCall('POST', `secrets/${secret}/versions/${version}:destroy`, {}),
    async close() {
      await google.close();
      for (const { server } of [metadata, plane, provider]) {
        server.closeAllConnections();
        server.close();
      }
    },
  };
}

/** The same, with the agent's config document in place: what a VM finds when it first boots. */
export async function startConfiguredCloud(
  keys?: readonly string[],
  document: object = {},
): Promise<Cloud> {
  const cloud = await startCloud(keys);
  await cloud.createSecret(CONFIG, 'secretAccessor');
  await cloud.addVersion(CONFIG, JSON.stringify({ ...DOCUMENT, ...document }));
  return cloud;
}
