/** The key of an agent's backups: 32 random bytes, made on the VM, kept in a secret of the agent's own. */

import { randomBytes } from 'node:crypto';
import { backupSecretId } from '../../contracts/names.ts';
import { PlaneError } from '../../contracts/plane-error.ts';
import { VM_API_PATHS } from '../../contracts/vm-api.ts';
import type { Facts } from '../core/facts.ts';
import { GRANT_MS } from '../core/patience.ts';
import { whenGranted } from '../google/grant.ts';
import { callPlane } from '../google/plane.ts';
import {
  addVersion,
  isUsedUp,
  readSecret,
  type SecretsAccess,
  secretsAccess,
} from '../google/secrets.ts';
import type { Host } from '../host.ts';
import { KEY_BYTES } from './seal.ts';

async function read(access: SecretsAccess, facts: Facts): Promise<Buffer | undefined> {
  const found = await readSecret(access, backupSecretId(facts.agent));
  if (found === undefined) return undefined;
  const key = Buffer.from(found.value, 'base64');
  if (key.length === KEY_BYTES) return key;
  throw new PlaneError(
    'FAILED_PRECONDITION',
    `Secret ${backupSecretId(facts.agent)} does not hold a key.`,
  );
}

/**
 * The key of a backup that is there.
 * @throws PlaneError FAILED_PRECONDITION when it was destroyed (an agent that was revoked) or disabled;
 *   UNAVAILABLE when it cannot be read: a grant that is not in force yet looks like a secret that is gone
 */
export async function backupKey(host: Host, facts: Facts): Promise<Buffer> {
  const access = await secretsAccess(host, facts);
  const key = await read(access, facts);
  if (key) return key;
  const secret = backupSecretId(facts.agent);
  throw (await isUsedUp(access, secret))
    ? new PlaneError(
        'FAILED_PRECONDITION',
        `There is a backup, but its key in secret ${secret} is disabled or destroyed. Nothing was changed.`,
      )
    : new PlaneError(
        'UNAVAILABLE',
        `There is a backup, but its key cannot be read: secret ${secret} is gone, or not ours to read yet. Nothing was changed.`,
      );
}

/** The key, made at the first call. @throws PlaneError UNAVAILABLE when its secret is not ours yet */
export async function ensureBackupKey(host: Host, facts: Facts): Promise<Buffer> {
  const access = await secretsAccess(host, facts);
  const known = await read(access, facts);
  if (known) return known;
  await callPlane(host, facts.planeUrl, VM_API_PATHS.backupSecret);
  const made = await whenGranted(host, GRANT_MS, async () => {
    // Somebody may have been faster, and a right to read may come later than the one to add.
    const key = (await read(access, facts)) ?? randomBytes(KEY_BYTES);
    const version = await addVersion(access, backupSecretId(facts.agent), key.toString('base64'));
    return version === undefined ? undefined : key;
  });
  if (made) return made;
  throw new PlaneError('UNAVAILABLE', 'The key of the backups could not be stored yet.');
}
