/** Port `Secrets` on Secret Manager's official client, over REST (docs/decisions/010). */

import { SecretManagerServiceClient } from '@google-cloud/secret-manager/build/src/v1/secret_manager_service_client.js';
import gax from 'google-gax/fallback';
import { PlaneError } from '../../contracts/errors.ts';
import type { VersionState } from '../core/observed.ts';
import type { Policy, Secrets } from '../service/ports.ts';
import type { GoogleAccess } from './google-access.ts';
import { call, conditional, read } from './google-error.ts';
import { lastSegment } from './google-place.ts';
import { bindingsOf } from './google-policy.ts';

type Client = SecretManagerServiceClient;

/** google.iam.v1.Policy, as the client reads and writes it. */
interface WirePolicy {
  etag?: Uint8Array | string | null;
  version?: number | null;
  bindings?: WireBinding[] | null;
}
interface WireBinding {
  role?: string | null;
  members?: string[] | null;
  // biome-ignore lint/suspicious/noExplicitAny: google.type.Expr is carried through unread
  condition?: any;
}

/** A page of them: few agents have more, and Google lists the newest first. */
const VERSIONS = 25;

/** Bytes of a proto, which the client gives as a buffer or as base64. */
const bytes = (data: Uint8Array | string | null | undefined): Buffer =>
  typeof data === 'string' ? Buffer.from(data, 'base64') : Buffer.from(data ?? []);

function fromWire(policy: WirePolicy): Policy {
  return {
    etag: bytes(policy.etag).toString('base64') || undefined,
    version: policy.version ?? undefined,
    bindings: bindingsOf(policy.bindings),
  };
}

function toWire({ etag, version, bindings }: Policy): WirePolicy {
  return {
    ...(etag === undefined ? {} : { etag: Buffer.from(etag, 'base64') }),
    ...(version === undefined ? {} : { version }),
    bindings: bindings.map(({ role, members, condition }) => ({
      role,
      members: [...members],
      ...(condition ? { condition } : {}),
    })),
  };
}

/** RFC 3339. */
function timeIn(time: { seconds?: unknown; nanos?: unknown } | null | undefined) {
  if (!time) return undefined;
  const ms = Number(String(time.seconds ?? 0)) * 1000 + Number(time.nanos ?? 0) / 1_000_000;
  return new Date(ms).toISOString();
}

/** google.cloud.secretmanager.v1.SecretVersion */
interface WireVersion {
  name?: string | null;
  state?: unknown;
  createTime?: Parameters<typeof timeIn>[0];
}
const versionIn = ({ name, state, createTime }: WireVersion): VersionState => ({
  version: lastSegment(name),
  state: state as VersionState['state'],
  createdAt: timeIn(createTime),
});

/** Page by page, to the end: when an owner leaves, the newest ones alone are not enough. */
async function everyVersion(client: Client, parent: string) {
  const found = [];
  let pageToken = '';
  do {
    const asked = { parent, pageSize: VERSIONS, pageToken };
    const [page, next] = await client.listSecretVersions(asked, { autoPaginate: false });
    found.push(...page);
    pageToken = next?.pageToken ?? '';
  } while (pageToken !== '');
  return found;
}

function reads(client: Client, secret: (id: string) => string, parent: string) {
  return {
    get: (id) =>
      read(`read secret ${id}`, async () => {
        const [found] = await client.getSecret({ name: secret(id) });
        const { labels, annotations, etag, createTime } = found;
        return {
          labels: labels ?? {},
          annotations: annotations ?? {},
          etag: etag || undefined,
          createdAt: timeIn(createTime),
        };
      }),
    latest: (id) =>
      readable(
        read(`read the newest version of secret ${id}`, async () => {
          const name = `${secret(id)}/versions/latest`;
          const [version] = await client.accessSecretVersion({ name });
          const payload = bytes(version.payload?.data).toString('utf8');
          return { version: lastSegment(version.name), payload };
        }),
      ),
    versions: async (id) => {
      const found = await read(`list the versions of secret ${id}`, () =>
        everyVersion(client, secret(id)),
      );
      return (found ?? []).map(versionIn);
    },
    version: (id, version) =>
      readable(
        read(`read version ${version} of secret ${id}`, async () => {
          const name = `${secret(id)}/versions/${version}`;
          const [found] = await client.accessSecretVersion({ name });
          return { version, payload: bytes(found.payload?.data).toString('utf8') };
        }),
      ),
    policy: (id) =>
      read(`read the policy of secret ${id}`, async () => {
        const options = { requestedPolicyVersion: 3 };
        const [policy]: [WirePolicy, ...unknown[]] = await client.getIamPolicy({
          resource: secret(id),
          options,
        });
        return fromWire(policy);
      }),
    list: (labels) =>
      call('list secrets', async () => {
        const filter = Object.entries(labels).map(([key, value]) => `labels.${key}=${value}`);
        const [secrets] = await client.listSecrets({ parent, filter: filter.join(' AND ') });
        return secrets
          .filter((each) => Object.entries(labels).every(([k, v]) => each.labels?.[k] === v))
          .map((each) => lastSegment(each.name));
      }),
  } satisfies Partial<Secrets>;
}

/** A newest version that somebody disabled or destroyed is FAILED_PRECONDITION: there is none to go by. */
async function readable<T>(reading: Promise<T | undefined>): Promise<T | undefined> {
  try {
    return await reading;
  } catch (error) {
    if (error instanceof PlaneError && error.code === 'FAILED_PRECONDITION') return undefined;
    throw error;
  }
}

function writes(client: Client, secret: (id: string) => string, parent: string) {
  return {
    create: (id, labels, annotations) =>
      call(`create secret ${id}`, async () => {
        const replication = { automatic: {} };
        const body = { replication, labels: { ...labels }, annotations: { ...annotations } };
        await client.createSecret({ parent, secretId: id, secret: body });
      }),
    addVersion: (id, payload) =>
      call(`add a version to secret ${id}`, async () => {
        const data = Buffer.from(payload, 'utf8');
        const [version] = await client.addSecretVersion({ parent: secret(id), payload: { data } });
        return versionIn(version);
      }),
    destroy: (id, version) =>
      call(`destroy version ${version} of secret ${id}`, async () => {
        await client.destroySecretVersion({ name: `${secret(id)}/versions/${version}` });
      }),
    enable: (id, version) =>
      call(`enable version ${version} of secret ${id}`, async () => {
        await client.enableSecretVersion({ name: `${secret(id)}/versions/${version}` });
      }),
    annotate: (id, annotations, etag) =>
      conditional('secret', () =>
        call(`annotate secret ${id}`, async () => {
          const body = {
            name: secret(id),
            annotations: { ...annotations },
            ...(etag ? { etag } : {}),
          };
          await client.updateSecret({ secret: body, updateMask: { paths: ['annotations'] } });
        }),
      ),
    setPolicy: (id, policy) =>
      call(`write the policy of secret ${id}`, async () => {
        await client.setIamPolicy({ resource: secret(id), policy: toWire(policy) as object });
      }),
    remove: async (id) => {
      await read(`delete secret ${id}`, () => client.deleteSecret({ name: secret(id) }));
    },
  } satisfies Partial<Secrets>;
}

export function secretsDriver(access: GoogleAccess, project: string): Secrets {
  const client = new SecretManagerServiceClient(access.generated, gax);
  const parent = `projects/${project}`;
  const secret = (id: string): string => `${parent}/secrets/${id}`;
  return { ...reads(client, secret, parent), ...writes(client, secret, parent) };
}
