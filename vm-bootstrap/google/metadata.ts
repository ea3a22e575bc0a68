/**
 * The metadata server (https://cloud.google.com/compute/docs/metadata/overview): who this
 * VM is, and its tokens.
 */

import { PlaneError } from '../../contracts/plane-error.ts';
import type { Host } from '../host.ts';

const PREFIX = '/computeMetadata/v1';
const FLAVOR = { 'metadata-flavor': 'Google' };

/** Value at a metadata path (`instance/name`), or undefined when there is none. */
export async function metadataValue(
  host: Host,
  path: string,
  timeoutMs?: number,
): Promise<string | undefined> {
  const answer = await host.request({
    url: `${host.metadataOrigin}${PREFIX}/${path}`,
    headers: FLAVOR,
    ...(timeoutMs !== undefined && { timeoutMs }),
  });
  if (answer.status === 404) return undefined;
  if (answer.status === 200) return answer.text;
  throw new PlaneError('UNAVAILABLE', `The metadata server answered ${answer.status}.`);
}

/** Seconds that the metadata server holds a question without news. */
const HOLD_S = 300;

export interface Waited {
  /** To wait for a change of this answer; '0' before the first. */
  readonly etag: string;
  readonly text: string;
}

/**
 * Waits until a path's content is not the one that `etag` stands for
 * (https://cloud.google.com/compute/docs/metadata/querying-metadata, "Waiting for updates").
 * @param path `instance/attributes/name`, or a directory: `instance/attributes/`, as JSON
 * @returns the content, changed or, after 300 s, the same; undefined when there is no such path, or the server did not answer as it should
 */
export async function waitForMetadata(
  host: Host,
  path: string,
  etag: string,
): Promise<Waited | undefined> {
  const query = new URLSearchParams({
    wait_for_change: 'true',
    last_etag: etag,
    timeout_sec: String(HOLD_S),
    ...(path.endsWith('/') && { recursive: 'true', alt: 'json' }),
  });
  const answer = await host.request({
    url: `${host.metadataOrigin}${PREFIX}/${path}?${query}`,
    headers: FLAVOR,
    timeoutMs: (HOLD_S + 30) * 1000,
  });
  if (answer.status !== 200) return undefined;
  return { etag: String(answer.headers.etag ?? '0'), text: answer.text };
}

/** Access token of the VM's service account. */
export async function accessToken(host: Host): Promise<string> {
  const text = await metadataValue(host, 'instance/service-accounts/default/token');
  const token: unknown = text === undefined ? undefined : JSON.parse(text).access_token;
  if (typeof token !== 'string')
    throw new PlaneError('FAILED_PRECONDITION', 'This VM has no service account.');
  return token;
}

/** Signed proof of which instance this is; `full` adds the instance's claims. */
export async function identityToken(host: Host, audience: string): Promise<string> {
  const query = new URLSearchParams({ audience, format: 'full' });
  const text = await metadataValue(host, `instance/service-accounts/default/identity?${query}`);
  if (text === undefined)
    throw new PlaneError('FAILED_PRECONDITION', 'This VM has no service account.');
  return text.trim();
}

/** Sets a guest attribute. Google limits their rate: on change only. */
export async function setGuestAttribute(
  host: Host,
  namespace: string,
  key: string,
  value: string,
): Promise<void> {
  const answer = await host.request({
    url: `${host.metadataOrigin}${PREFIX}/instance/guest-attributes/${namespace}/${key}`,
    method: 'PUT',
    headers: FLAVOR,
    body: value,
  });
  if (answer.status >= 300)
    throw new PlaneError('UNAVAILABLE', `Guest attributes answered ${answer.status}.`);
}
