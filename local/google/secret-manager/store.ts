/**
 * Secrets and their versions, in memory. Knows nothing of HTTP or IAM; names are keys
 * like `projects/123456789012/secrets/x` (by project number, as Google answers).
 */

import { GoogleError } from '../service.ts';

export type VersionState = 'ENABLED' | 'DISABLED' | 'DESTROYED';

export interface SecretVersion {
  readonly number: number;
  readonly state: VersionState;
  /** RFC 3339. */
  readonly createTime: string;
  readonly destroyTime?: string;
  readonly etag: string;
  /** Whether the writer sent a checksum. */
  readonly checksummed: boolean;
  /** Gone once destroyed. */
  readonly data?: Buffer;
}

export interface Secret {
  readonly name: string;
  readonly createTime: string;
  readonly etag: string;
  readonly replication: object;
  readonly labels: Readonly<Record<string, string>>;
  readonly annotations: Readonly<Record<string, string>>;
  readonly versionAliases: Readonly<Record<string, string>>;
  readonly expireTime?: string;
  /** Oldest first; version n is at n - 1. */
  readonly versions: readonly SecretVersion[];
}

export type SecretFields = Pick<Secret, 'labels' | 'annotations' | 'versionAliases'> & {
  readonly expireTime?: string | undefined;
};

export interface SecretStore {
  /** @throws GoogleError NOT_FOUND */
  get(name: string): Secret;
  /** All secrets whose name begins with `projects/N/secrets/`, by name. */
  list(parent: string): readonly Secret[];
  /** @throws GoogleError ALREADY_EXISTS */
  create(name: string, replication: object, fields: SecretFields): Secret;
  /** @throws GoogleError NOT_FOUND, FAILED_PRECONDITION (etag) */
  update(name: string, etag: string | undefined, fields: Partial<SecretFields>): Secret;
  remove(name: string, etag: string | undefined): void;
  addVersion(name: string, data: Buffer, checksummed: boolean): SecretVersion;
  /** @param key a number, `latest`, or an alias. @throws GoogleError NOT_FOUND */
  version(name: string, key: string): SecretVersion;
  /** @throws GoogleError FAILED_PRECONDITION for a version that is not enabled */
  access(name: string, key: string): SecretVersion;
  /** A destroyed version never comes back. @throws GoogleError FAILED_PRECONDITION */
  setState(name: string, key: string, state: VersionState, etag: string | undefined): SecretVersion;
}

const versionName = (secret: string, number: number): string => `${secret}/versions/${number}`;

function checkEtag(sent: string | undefined, current: string): void {
  if (!sent || sent === current) return;
  throw new GoogleError(
    'FAILED_PRECONDITION',
    `The etag provided [${sent}] does not match the current etag [${current}].`,
  );
}

function findVersion(secret: Secret, key: string): SecretVersion {
  const { versions, versionAliases, name } = secret;
  const number = key === 'latest' ? versions.length : Number(versionAliases[key] ?? key);
  const version = Number.isInteger(number) ? versions[number - 1] : undefined;
  if (version) return version;
  throw new GoogleError(
    'NOT_FOUND',
    key === 'latest'
      ? `Secret [${name}] not found or has no versions.`
      : `Secret Version [${name}/versions/${key}] not found.`,
  );
}

const notInState = (name: string, version: SecretVersion): GoogleError =>
  new GoogleError(
    'FAILED_PRECONDITION',
    `Secret Version [${versionName(name, version.number)}] is in ${version.state} state.`,
  );

/** @param now milliseconds since 1970 */
export function createSecretStore(now: () => number): SecretStore {
  const secrets = new Map<string, Secret>();
  let changes = 0;

  const etag = (): string => {
    changes += 1;
    return `"${(now() * 1000 + changes).toString(16)}"`;
  };
  const stamp = (): string => new Date(now()).toISOString();
  const find = (name: string): Secret | undefined => {
    const secret = secrets.get(name);
    const expired = secret?.expireTime !== undefined && Date.parse(secret.expireTime) <= now();
    if (expired) secrets.delete(name);
    return expired ? undefined : secret;
  };
  const get = (name: string): Secret => {
    const secret = find(name);
    if (!secret) throw new GoogleError('NOT_FOUND', `Secret [${name}] not found.`);
    return secret;
  };
  const put = (secret: Secret): Secret => {
    secrets.set(secret.name, secret);
    return secret;
  };

  return {
    get,
    list: (parent) =>
      [...secrets.keys()]
        .filter((name) => name.startsWith(`${parent}/secrets/`) && find(name))
        .sort()
        .map(get),
    create(name, replication, { expireTime, ...fields }) {
      if (find(name)) throw new GoogleError('ALREADY_EXISTS', `Secret [${name}] already exists.`);
      const expiry = expireTime === undefined ? {} : { expireTime };
      const made = { name, createTime: stamp(), etag: etag(), versions: [] };
      return put({ ...made, replication, ...fields, ...expiry });
    },
    update(name, sent, { expireTime, ...fields }) {
      const secret = get(name);
      checkEtag(sent, secret.etag);
      const expiry = expireTime === undefined ? {} : { expireTime };
      return put({ ...secret, ...fields, ...expiry, etag: etag() });
    },
    remove(name, sent) {
      checkEtag(sent, get(name).etag);
      secrets.delete(name);
    },
    addVersion(name, data, checksummed) {
      const secret = get(name);
      const number = secret.versions.length + 1;
      const made = { number, state: 'ENABLED', createTime: stamp(), etag: etag() } as const;
      const version: SecretVersion = { ...made, checksummed, data };
      put({ ...secret, versions: [...secret.versions, version] });
      return version;
    },
    version: (name, key) => findVersion(get(name), key),
    access(name, key) {
      const version = findVersion(get(name), key);
      if (version.state !== 'ENABLED') throw notInState(name, version);
      return version;
    },
    setState(name, key, state, sent) {
      const secret = get(name);
      const before = findVersion(secret, key);
      checkEtag(sent, before.etag);
      if (before.state === 'DESTROYED') throw notInState(name, before);
      const { data, ...rest } = before;
      const kept = state === 'DESTROYED' || !data ? { destroyTime: stamp() } : { data };
      const version: SecretVersion = { ...rest, ...kept, state, etag: etag() };
      put({ ...secret, versions: secret.versions.with(before.number - 1, version) });
      return version;
    },
  };
}
