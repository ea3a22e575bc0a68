/** Cloud Tasks, which brings the plane its own work. */

import type { TokenVerifier } from '../../service/ports.ts';
import {
  accountIn,
  bearerToken,
  claimsOf,
  type Identified,
  isUnsigned,
  unverified,
} from './token.ts';

/**
 * Cloud Tasks, by the account whose token it brings. Cloud Run takes the signature off that token
 * (Cloud Tasks cannot send it twice, as people do), so what it brings is believed for its ticket
 * alone (core/ticket.ts); this keeps everybody else away from there.
 * @throws PlaneError UNAUTHENTICATED, PERMISSION_DENIED
 */
export async function authenticateTasks(
  verifier: () => Promise<TokenVerifier>,
  { audience, tasksAccount }: { readonly audience: string; readonly tasksAccount: string },
  header: string | undefined,
  identified: Identified,
): Promise<string> {
  const token = bearerToken(header);
  const claims = isUnsigned(token)
    ? unverified(token)
    : await claimsOf(await verifier(), header, audience);
  const expected = { account: tasksAccount, audience };
  return accountIn(claims, expected, identified, 'Only the queue of the plane brings work here.');
}
