/** The token that a request carries, and what it says. */

import { email as emailAddress } from '../../../contracts/config-document.ts';
import { PlaneError, type Problem } from '../../../contracts/errors.ts';
import type { TokenVerifier } from '../../service/ports.ts';

/** Told as soon as Google's signature says who it is, whether or not they may do anything. */
export type Identified = (who: string) => void;

const TOKEN_FIX: Problem = {
  field: 'header.authorization',
  problem: 'carries no ID token that this service accepts',
  fix: 'send "Authorization: Bearer <ID token>", and the same in "X-Serverless-Authorization": alone, Cloud Run takes its signature off',
};

const unauthenticated = (): PlaneError =>
  new PlaneError('UNAUTHENTICATED', 'Sign in with a Google ID token.', { details: [TOKEN_FIX] });

/** @throws PlaneError UNAUTHENTICATED when there is no bearer token */
export function bearerToken(header: string | undefined): string {
  const token = /^Bearer +([\w-]+\.[\w-]+\.[\w-]*)$/i.exec(header ?? '')?.[1];
  // 8 KB: Google's own ID tokens have about 1.
  if (!token || token.length > 8192) throw unauthenticated();
  return token;
}

/** What a token with that audience says, signed by Google. @throws PlaneError UNAUTHENTICATED */
export async function claimsOf(
  verifier: TokenVerifier,
  header: string | undefined,
  audience: string | string[],
): Promise<Readonly<Record<string, unknown>>> {
  const token = bearerToken(header);
  try {
    return await verifier.verify(token, audience);
  } catch (error) {
    const refused = error instanceof PlaneError && error.code === 'UNAUTHENTICATED';
    throw refused ? unauthenticated() : error;
  }
}

export const denied = (message: string): PlaneError => new PlaneError('PERMISSION_DENIED', message);

/**
 * Google's own callers, who come as one service account of the plane's.
 * @throws PlaneError PERMISSION_DENIED with `refusal` for anybody else, or a token for another audience
 */
export function accountIn(
  claims: Readonly<Record<string, unknown>>,
  expected: { readonly account: string; readonly audience: string },
  identified: Identified,
  refusal: string,
): string {
  const account = emailAddress.safeParse(claims.email).data;
  if (account) identified(account);
  const theirs = account === expected.account && claims.email_verified === true;
  if (theirs && claims.aud === expected.audience) return account;
  throw denied(refusal);
}

/** In place of a signature that Cloud Run has checked: it hands tokens on without it. */
const CHECKED_BY_CLOUD_RUN = 'SIGNATURE_REMOVED_BY_GOOGLE';

/** What a token says of itself, whoever signed it. @throws PlaneError UNAUTHENTICATED */
export function unverified(token: string): Readonly<Record<string, unknown>> {
  try {
    return JSON.parse(Buffer.from(token.split('.')[1] ?? '', 'base64url').toString());
  } catch {
    throw unauthenticated();
  }
}

/** Whether Cloud Run took the signature off. */
export const isUnsigned = (header: string | undefined): boolean =>
  header?.endsWith(`.${CHECKED_BY_CLOUD_RUN}`) === true;
