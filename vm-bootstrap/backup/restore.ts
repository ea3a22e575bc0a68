/** Puts the newest backup back where the gateway looks for it. */

import { PlaneError } from '../../contracts/plane-error.ts';
import { restoreAnswer, VM_API_PATHS } from '../../contracts/vm-api.ts';
import type { Facts } from '../core/facts.ts';
import { GATEWAY_USER, type Layout, PAIRING_USER } from '../core/layout.ts';
import { isSameNumber } from '../core/same-number.ts';
import { callPlane } from '../google/plane.ts';
import type { Host } from '../host.ts';
import { pairingStoreAsUser } from '../pairing/store.ts';
import { CREDS, isLinked, numberIn, putBack } from './credentials.ts';
import { backupKey } from './key.ts';
import { open } from './seal.ts';

/** The account is linked already; there is no backup; there was one, and it is in place. */
export type Restored = 'linked' | 'none' | 'restored';

/**
 * Never touches a linked account.
 * @param linkedPhone E.164; whose phone it has to be
 * @throws PlaneError FAILED_PRECONDITION when the backup is damaged, another agent's, another
 *   phone's, or its key is destroyed; nothing was changed. UNAVAILABLE, PERMISSION_DENIED from the
 *   plane or Secret Manager; UNAVAILABLE, too, when the key cannot be read (`backupKey`).
 */
export async function restoreCredentials(
  host: Host,
  layout: Layout,
  facts: Facts,
  linkedPhone: string,
): Promise<Restored> {
  const agents = host.as(GATEWAY_USER);
  if (isLinked(agents, layout.whatsappCredentials)) return 'linked';
  const answer = await callPlane(host, facts.planeUrl, VM_API_PATHS.restore);
  const { data } = restoreAnswer.parse(answer);
  if (data === undefined) return 'none';
  const key = await backupKey(host, facts);
  const { files, greeted } = open(Buffer.from(data, 'base64'), key, facts.agent);
  if (!isSameNumber(numberIn(files[CREDS]), linkedPhone)) {
    throw new PlaneError(
      'FAILED_PRECONDITION',
      'The backup is of another phone than the one this agent is for. Nothing was changed.',
    );
  }
  agents.makeDirectory(layout.whatsappCredentials, { mode: 0o700 });
  putBack(agents, layout.whatsappCredentials, files);
  if (greeted) {
    host.giveDirectory(layout.pairingState, { mode: 0o700, owner: PAIRING_USER });
    const store = pairingStoreAsUser(host, layout);
    if (store.readGreeting() === undefined) store.writeGreeting('sent');
  }
  return 'restored';
}
