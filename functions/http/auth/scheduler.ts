/** Cloud Scheduler, which has the plane do what is on record. */

import type { Admins } from './person.ts';
import { accountIn, bearerToken, type Identified, unverified } from './token.ts';

/**
 * Cloud Scheduler, which can send its token in this one header only: Cloud Run checks it there and
 * takes the signature off. So it is believed where Cloud Run was asked with nothing else; what it
 * may call does only what is on record already.
 * @throws PlaneError UNAUTHENTICATED, PERMISSION_DENIED
 */
export function authenticateScheduler(
  { audience, scheduler }: Pick<Admins, 'audience' | 'scheduler'>,
  header: string | undefined,
  identified: Identified,
): string {
  const claims = unverified(bearerToken(header));
  const expected = { account: scheduler, audience };
  return accountIn(claims, expected, identified, 'Only what is scheduled comes like this.');
}
