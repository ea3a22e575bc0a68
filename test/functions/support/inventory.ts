/**
 * All that an emulated project holds, as its owner sees it through Google's APIs: without times,
 * ids and etags, so that two projects can be compared that came to the same by different ways.
 */

import type { Google } from '../../../local/google/google.ts';
import { LOCAL, PLANE_ACCOUNT } from '../../../local/plane/settings.ts';

const PROJECT = `projects/${LOCAL.project.id}`;
const COMPUTE = `/compute/v1/${PROJECT}/aggregated`;

// biome-ignore lint/suspicious/noExplicitAny: Google's answers, of which a test takes what it needs
type Json = any;

export interface Everything {
  readonly secrets: Readonly<Record<string, { readonly versions: readonly unknown[] }>>;
  readonly accounts: readonly { readonly email: string }[];
  readonly instances: readonly { readonly name: string; readonly zone: string }[];
  readonly disks: readonly { readonly name: string; readonly zone: string }[];
  /** Which topic the queue of a business number takes from, and who may take from it, by the queue's name. */
  readonly queues: Readonly<Record<string, readonly string[]>>;
}

function reader({ restUrl, tokens }: Google): (path: string) => Promise<Json> {
  const { accessToken } = tokens.access(`user:${LOCAL.admin}`);
  return async (path) => {
    const answer = await fetch(`${restUrl}${path}`, {
      headers: { authorization: `Bearer ${accessToken}` },
    });
    const body = await answer.json();
    if (!answer.ok) throw new Error(`${path}: ${JSON.stringify(body)}`);
    return body;
  };
}

const lastSegment = (name: string): string => name.split('/').at(-1) ?? '';

/** Who recorded an intent, and when, differs from run to run; and which zone had room. */
function annotationsOf({ annotations = {} }: Json): object {
  return Object.fromEntries(
    Object.entries<string>(annotations).map(([key, value]) => {
      if (key !== 'agents-plane-intent') return [key, value];
      const { by: _by, at: _at, zone: _zone, after: _after, ...intent } = JSON.parse(value);
      return [key, intent];
    }),
  );
}

const bindingsOf = ({ bindings = [] }: Json): readonly string[] =>
  bindings
    .flatMap(({ role, members }: Json) => members.map((member: string) => `${role} ${member}`))
    .sort();

async function versionsOf(get: (path: string) => Promise<Json>, path: string) {
  const { versions = [] } = await get(`${path}/versions?pageSize=1000`);
  return Promise.all(
    versions
      .map(({ name, state }: Json) => ({ number: Number(lastSegment(name)), state }))
      .sort((a: Json, b: Json) => a.number - b.number)
      .map(async ({ number, state }: Json) => {
        if (state !== 'ENABLED') return state;
        const { payload } = await get(`${path}/versions/${number}:access`);
        return Buffer.from(payload?.data ?? '', 'base64').toString();
      }),
  );
}

async function secretOf(get: (path: string) => Promise<Json>, secret: Json) {
  const path = `/v1/${PROJECT}/secrets/${lastSegment(secret.name)}`;
  const [policy, versions] = await Promise.all([
    get(`${path}:getIamPolicy`),
    versionsOf(get, path),
  ]);
  const { labels = {} } = secret;
  return { labels, annotations: annotationsOf(secret), bindings: bindingsOf(policy), versions };
}

/** Of all zones. */
const allIn = (kind: string, { items = {} }: Json): readonly Json[] =>
  Object.values<Json>(items).flatMap((scope) => scope[kind] ?? []);

const instanceOf = ({ name, zone, status, labels, metadata, disks, serviceAccounts }: Json) => ({
  name,
  zone: lastSegment(zone),
  status,
  labels,
  metadata: Object.fromEntries(
    metadata.items
      .filter(({ key }: Json) => key !== 'startup-script')
      .map(({ key, value }: Json) => [key, value]),
  ),
  disks: disks.map(({ source }: Json) => lastSegment(source)),
  accounts: serviceAccounts.map(({ email }: Json) => email),
});

/** Everything in the project but the plane's own account. */
export async function everythingIn(google: Google): Promise<Everything> {
  const get = reader(google);
  const [secrets, accounts, instances, disks] = await Promise.all([
    get(`/v1/${PROJECT}/secrets?pageSize=1000`),
    get(`/v1/${PROJECT}/serviceAccounts?pageSize=100`),
    get(`${COMPUTE}/instances`),
    get(`${COMPUTE}/disks`),
  ]);
  const entries = await Promise.all(
    (secrets.secrets ?? []).map(async (secret: Json) => [
      lastSegment(secret.name),
      await secretOf(get, secret),
    ]),
  );
  const queues = google.pubsub
    .subscriptions()
    .map(async (name) => [
      lastSegment(name),
      [
        `from ${lastSegment((await get(`/v1/${name}`)).topic)}`,
        ...bindingsOf(await get(`/v1/${name}:getIamPolicy`)),
      ],
    ]);
  return {
    queues: Object.fromEntries(await Promise.all(queues)),
    secrets: Object.fromEntries(entries.sort(([a], [b]) => (a < b ? -1 : 1))),
    accounts: (accounts.accounts ?? [])
      .map(({ email, description }: Json) => ({ email, description }))
      .filter(({ email }: Json) => email !== PLANE_ACCOUNT),
    instances: allIn('instances', instances).map(instanceOf),
    disks: allIn('disks', disks).map(({ name, zone, labels, users = [] }: Json) => ({
      name,
      zone: lastSegment(zone),
      labels,
      users: users.map(lastSegment),
    })),
  };
}
