/** A secret of the agent's own, which the plane makes, with the grant on it, when it is missing. */

import { GRANT_MS } from '../core/patience.ts';
import { whenGranted } from './grant.ts';
import { callPlane } from './plane.ts';
import { addVersion, type SecretsAccess } from './secrets.ts';

export interface SecretPlace {
  readonly secret: string;
  readonly planeUrl: string;
  /** Route of the plane that makes the secret, should it be missing. */
  readonly ensurePath: string;
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
  return whenGranted(access.host, GRANT_MS, add);
}
