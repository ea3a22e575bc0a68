/** Cloud Scheduler, which has the plane do what is on record. */

import { email as emailAddress } from '../../../contracts/config-document.ts';
import type { Admins } from './person.ts';
import { bearerToken, denied, type Identified, unverified } from './token.ts';

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
  const account = emailAddress.safeParse(claims.email).data;
  if (account) identified(account);
  const theirs = account === scheduler && claims.email_verified === true;
  if (theirs && claims.aud === audience) return account;
  throw denied('Only what is scheduled comes like this.');
}
