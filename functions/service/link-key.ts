/** The key that signs pairing links: one secret of the plane's own, made when it is needed first. */

import { PlaneError } from '../../contracts/errors.ts';
import { LABEL_MANAGED_BY, LINK_KEY_SECRET, MANAGED_BY } from '../../contracts/names.ts';
import type { Clock, Secrets } from './ports.ts';
import { CONFLICT_SCHEDULE_MS, retrying } from './retry.ts';

const LABELS = { [LABEL_MANAGED_BY]: MANAGED_BY };

/** @throws PlaneError NOT_FOUND while no link was ever given out */
export async function readLinkKey(secrets: Secrets): Promise<string> {
  const latest = await secrets.latest(LINK_KEY_SECRET);
  if (latest) return latest.payload;
  throw new PlaneError('NOT_FOUND', 'No pairing link was ever given out.');
}

/**
 * The key, made when there is none. Of two that make it at once one creates the secret; the
 * other waits for its version, and adds one itself only when that never comes.
 * @throws PlaneError FAILED_PRECONDITION when something foreign carries the name
 */
export async function ensureLinkKey(
  secrets: Secrets,
  clock: Clock,
  newKey: () => string,
): Promise<string> {
  const found = await secrets.latest(LINK_KEY_SECRET);
  if (found) return found.payload;
  if (await created(secrets)) return add(secrets, newKey);
  try {
    return await retrying({ codes: ['NOT_FOUND'], schedule: CONFLICT_SCHEDULE_MS, clock }, () =>
      readLinkKey(secrets),
    );
  } catch (error) {
    if (!(error instanceof PlaneError) || error.code !== 'NOT_FOUND') throw error;
    return add(secrets, newKey);
  }
}

async function add(secrets: Secrets, newKey: () => string): Promise<string> {
  const key = newKey();
  await secrets.addVersion(LINK_KEY_SECRET, key);
  return key;
}

/** @returns whether it was us who created it */
async function created(secrets: Secrets): Promise<boolean> {
  const secret = await secrets.get(LINK_KEY_SECRET);
  if (secret) return refuseForeign(secret.labels);
  try {
    await secrets.create(LINK_KEY_SECRET, LABELS, {});
    return true;
  } catch (error) {
    if (error instanceof PlaneError && error.code === 'ALREADY_EXISTS') return false;
    throw error;
  }
}

function refuseForeign(labels: Readonly<Record<string, string>>): false {
  if (labels[LABEL_MANAGED_BY] === MANAGED_BY) return false;
  const fix = 'rename or remove it; the plane makes its own';
  throw new PlaneError('FAILED_PRECONDITION', 'The project holds a secret of the plane’s name.', {
    details: [{ field: `secret ${LINK_KEY_SECRET}`, problem: 'does not carry our label', fix }],
  });
}
