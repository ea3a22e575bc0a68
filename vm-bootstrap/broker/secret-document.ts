/** Storing a text as the only live version of a secret of this agent. */

import { PlaneError } from '../../contracts/plane-error.ts';
import { callPlane } from '../google/plane.ts';
import { addVersion, destroyOthers, type SecretsAccess } from '../google/secrets.ts';

/** Google's IAM takes up to a minute to know a new binding (cloud.google.com/iam/docs/access-change-propagation). */
const GRANT_TRIES = 12;
const GRANT_WAIT_MS = 5_000;

export interface SecretPlace {
  readonly secret: string;
  readonly planeUrl: string;
  /** Route of the plane that makes the secret, should it be missing. */
  readonly ensurePath: string;
}

/** Adds the version; has the plane create the secret when it is missing. @returns its number */
async function add(access: SecretsAccess, place: SecretPlace, text: string): Promise<string> {
  const direct = await addVersion(access, place.secret, text);
  if (direct !== undefined) return direct;
  await callPlane(access.host, place.planeUrl, place.ensurePath);
  for (let attempt = 0; attempt < GRANT_TRIES; attempt++) {
    const version = await addVersion(access, place.secret, text);
    if (version !== undefined) return version;
    await access.host.sleep(GRANT_WAIT_MS);
  }
  throw new PlaneError(
    'UNAVAILABLE',
    'It could not be stored: its secret is not ours to write yet. Try again in a minute.',
  );
}

/** Adds the version and destroys every other. @throws PlaneError UNAVAILABLE when the secret is not ours yet */
export async function storeDocument(
  access: SecretsAccess,
  place: SecretPlace,
  text: string,
): Promise<void> {
  await destroyOthers(access, place.secret, await add(access, place, text));
}
