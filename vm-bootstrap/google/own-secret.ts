/** A secret of the agent's own, which the plane makes, with the grant on it, when it is missing. */

import type { Host } from '../host.ts';
import { callPlane } from './plane.ts';
import { addVersion, type SecretsAccess } from './secrets.ts';

/** Google's IAM takes up to a minute to know a new binding (cloud.google.com/iam/docs/access-change-propagation). */
const GRANT_TRIES = 12;
const GRANT_WAIT_MS = 5_000;

export interface SecretPlace {
  readonly secret: string;
  readonly planeUrl: string;
  /** Route of the plane that makes the secret, should it be missing. */
  readonly ensurePath: string;
}

/** Tries until a fresh grant lets it through. @returns undefined when it never did */
export async function whenGranted<T>(
  host: Host,
  attempt: () => Promise<T | undefined>,
): Promise<T | undefined> {
  for (let tried = 0; tried < GRANT_TRIES; tried++) {
    const done = await attempt();
    if (done !== undefined) return done;
    await host.sleep(GRANT_WAIT_MS);
  }
  return undefined;
}

/**
 * Adds a version; has the plane create the secret when it is missing.
 * @returns its number; undefined when the secret is not ours to write yet
 */
export async function addOwnVersion(
  access: SecretsAccess,
  { secret, planeUrl, ensurePath }: SecretPlace,
  text: string,
): Promise<string | undefined> {
  const add = () => addVersion(access, secret, text);
  const direct = await add();
  if (direct !== undefined) return direct;
  await callPlane(access.host, planeUrl, ensurePath);
  return whenGranted(access.host, add);
}
