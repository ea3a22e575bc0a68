/** Storing a text as the only live version of a secret of this agent. */

import { PlaneError } from '../../contracts/plane-error.ts';
import { addOwnVersion, type SecretPlace } from '../google/own-secret.ts';
import { destroyOlder, type SecretsAccess } from '../google/secrets.ts';

/** Adds the version and destroys those before it. @throws PlaneError UNAVAILABLE when the secret is not ours yet */
export async function storeDocument(
  access: SecretsAccess,
  place: SecretPlace,
  text: string,
): Promise<void> {
  const version = await addOwnVersion(access, place, text);
  if (version === undefined) {
    throw new PlaneError(
      'UNAVAILABLE',
      'It could not be stored: its secret is not ours to write yet. Try again in a few minutes.',
    );
  }
  await destroyOlder(access, place.secret, version);
}
