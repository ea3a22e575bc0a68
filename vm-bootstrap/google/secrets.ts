/**
 * Secret Manager over REST
 * (https://cloud.google.com/secret-manager/docs/reference/rest), as far as an agent's VM
 * may use it.
 */

import { PlaneError } from '../../contracts/plane-error.ts';
import { below } from '../../contracts/url.ts';
import type { Facts } from '../core/facts.ts';
import type { Host } from '../host.ts';
import type { HttpResponse } from '../http.ts';
import { accessToken } from './metadata.ts';

const ORIGIN = 'https://secretmanager.googleapis.com';

export interface SecretsAccess {
  readonly host: Host;
  readonly project: string;
  readonly token: string;
  /** Instead of the public address. */
  readonly endpoint?: string | undefined;
}

/** @param token of the VM's own account; fetched when it is not at hand */
export async function secretsAccess(
  host: Host,
  { project, endpoints }: Pick<Facts, 'project' | 'endpoints'>,
  token?: string,
): Promise<SecretsAccess> {
  const endpoint = endpoints.secretmanager;
  return { host, project, token: token ?? (await accessToken(host)), endpoint };
}

export interface SecretValue {
  /** Number of the version, as text. */
  readonly version: string;
  readonly value: string;
}

async function call(
  access: SecretsAccess,
  method: 'GET' | 'POST',
  path: string,
  body?: object,
): Promise<HttpResponse> {
  return access.host.request({
    url: below(access.endpoint ?? ORIGIN, `/v1/projects/${access.project}/secrets/${path}`),
    method,
    headers: {
      authorization: `Bearer ${access.token}`,
      ...(body && { 'content-type': 'application/json' }),
    },
    ...(body && { body: JSON.stringify(body) }),
  });
}

/** Google answers 403 for a secret that is not there as well, unless the caller may list. */
const isAbsent = (status: number): boolean => status === 404 || status === 403;

const lastPart = (name: unknown): string => String(name).split('/').at(-1) ?? '';

function refuse(answer: HttpResponse, what: string): never {
  throw new PlaneError(
    answer.status >= 500 || answer.status === 429 ? 'UNAVAILABLE' : 'PERMISSION_DENIED',
    `Secret Manager answered ${answer.status} to ${what}.`,
  );
}

async function accessVersion(
  access: SecretsAccess,
  secret: string,
  version: string,
): Promise<SecretValue | 'absent' | 'not-enabled'> {
  const answer = await call(access, 'GET', `${secret}/versions/${version}:access`);
  if (answer.status === 200) {
    const body = JSON.parse(answer.text) as { name: string; payload?: { data?: string } };
    const value = Buffer.from(body.payload?.data ?? '', 'base64').toString('utf8');
    return { version: lastPart(body.name), value };
  }
  if (isAbsent(answer.status)) return 'absent';
  // FAILED_PRECONDITION: `latest` is the newest version, even a disabled or destroyed one.
  if (answer.status === 400) return 'not-enabled';
  return refuse(answer, 'reading a secret');
}

interface Version {
  readonly name: string;
  readonly state: 'ENABLED' | 'DISABLED' | 'DESTROYED';
}

/** A secret's versions, newest first; [] when we may not list. */
async function versionsOf(access: SecretsAccess, secret: string): Promise<Version[]> {
  // The older ones are destroyed as a new one comes, so what is alive is on the first page.
  const answer = await call(access, 'GET', `${secret}/versions?pageSize=100`);
  if (isAbsent(answer.status)) return [];
  if (answer.status !== 200) refuse(answer, 'listing versions');
  const { versions = [] } = JSON.parse(answer.text) as { versions?: Version[] };
  return versions.toSorted((a, b) => Number(lastPart(b.name)) - Number(lastPart(a.name)));
}

/** Newest enabled version of a secret, or undefined when there is none that we may read. */
export async function readSecret(
  access: SecretsAccess,
  secret: string,
): Promise<SecretValue | undefined> {
  const latest = await accessVersion(access, secret, 'latest');
  if (typeof latest === 'object') return latest;
  if (latest === 'absent') return undefined;
  const versions = await versionsOf(access, secret);
  const newest = versions.find((version) => version.state === 'ENABLED');
  if (newest === undefined) return undefined;
  const older = await accessVersion(access, secret, lastPart(newest.name));
  return typeof older === 'object' ? older : undefined;
}

/** Whether the newest version is there and cannot be read any more: it is disabled, or destroyed. */
export async function isUsedUp(access: SecretsAccess, secret: string): Promise<boolean> {
  return (await accessVersion(access, secret, 'latest')) === 'not-enabled';
}

/** Adds a version and returns its number; undefined when the secret is missing or not ours. */
export async function addVersion(
  access: SecretsAccess,
  secret: string,
  value: string,
): Promise<string | undefined> {
  const payload = { data: Buffer.from(value).toString('base64') };
  const answer = await call(access, 'POST', `${secret}:addVersion`, { payload });
  if (isAbsent(answer.status)) return undefined;
  if (answer.status !== 200) refuse(answer, 'adding a version');
  return lastPart((JSON.parse(answer.text) as { name: string }).name);
}

const isDestroyed = (versions: readonly Version[], number: string): boolean =>
  versions.some(({ name, state }) => lastPart(name) === number && state === 'DESTROYED');

/**
 * Destroys every version before one, for good. Not those after it: somebody else stored them
 * meanwhile, and of two who destroyed each other's nothing would be left.
 */
export async function destroyOlder(
  access: SecretsAccess,
  secret: string,
  than: string,
): Promise<void> {
  const older = (await versionsOf(access, secret))
    .filter((version) => version.state !== 'DESTROYED')
    .map((version) => lastPart(version.name))
    .filter((version) => Number(version) < Number(than));
  for (const version of older) {
    const answer = await call(access, 'POST', `${secret}/versions/${version}:destroy`, {});
    // 400: no version to destroy; another got there first.
    const gone = answer.status === 400 && isDestroyed(await versionsOf(access, secret), version);
    if (answer.status !== 200 && !gone) refuse(answer, 'destroying a version');
  }
}
