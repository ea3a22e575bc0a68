/**
 * A person of the organisation, keyless: the plane's service account signs a delegation with
 * IAM Credentials, so no key file exists anywhere.
 * https://developers.google.com/identity/protocols/oauth2/service-account#delegatingauthority
 */

import { OAuth2Client } from 'google-auth-library';
import { gmail_v1 } from 'googleapis/build/src/apis/gmail/v1.js';
import { iamcredentials_v1 } from 'googleapis/build/src/apis/iamcredentials/v1.js';
import type { GoogleAccess } from './google-access.ts';

export interface Delegate {
  /** The plane's own service account, which may sign for itself. */
  readonly serviceAccount: string;
  /** Milliseconds since the epoch. */
  readonly now: () => number;
}

/** The audience that Google's token endpoint asks for, wherever it is reached. */
const AUDIENCE = 'https://oauth2.googleapis.com/token';
const GRANT = 'urn:ietf:params:oauth:grant-type:jwt-bearer';
/** Alike they mean that the delegation is not set up, which is a permission. */
const MUST_CHANGE: ReadonlySet<number> = new Set([400, 401, 403]);
/** Seconds. Google allows 3600. */
const LIFETIME_S = 600;

const TOKEN_MS = 20_000;

/** A short-lived access token in that person's name, with these scopes and no more. */
async function delegatedToken(
  access: GoogleAccess,
  { serviceAccount, now }: Delegate,
  person: string,
  scopes: readonly string[],
): Promise<string> {
  const iat = Math.floor(now() / 1000);
  const claims = {
    iss: serviceAccount,
    sub: person,
    scope: scopes.map((scope) => `https://www.googleapis.com/auth/${scope}`).join(' '),
    aud: AUDIENCE,
    iat,
    exp: iat + LIFETIME_S,
  };
  const credentials = new iamcredentials_v1.Iamcredentials(access.rest);
  const { data } = await credentials.projects.serviceAccounts.signJwt({
    name: `projects/-/serviceAccounts/${serviceAccount}`,
    requestBody: { payload: JSON.stringify(claims) },
  });
  const response = await fetch(access.tokenUrl, {
    method: 'POST',
    body: new URLSearchParams({ grant_type: GRANT, assertion: data.signedJwt ?? '' }),
    signal: AbortSignal.timeout(TOKEN_MS),
  });
  const answer = (await response.json().catch(() => ({}))) as { access_token?: string };
  if (response.ok && answer.access_token) return answer.access_token;
  throw Object.assign(new Error('the token endpoint refused the delegation'), {
    status: MUST_CHANGE.has(response.status) ? 403 : response.status,
    response,
  });
}

/**
 * Credentials in that person's name; one token per use, none is kept.
 * @param scopes the part after `.../auth/`; all of them must be delegated
 */
export async function actAs(
  access: GoogleAccess,
  delegate: Delegate,
  person: string,
  scopes: readonly string[],
): Promise<OAuth2Client> {
  const auth = new OAuth2Client();
  const token = await delegatedToken(access, delegate, person, scopes);
  auth.setCredentials({ access_token: token });
  return auth;
}

/** Gmail as that person. @param scopes as of `actAs` */
export async function mailboxOf(
  access: GoogleAccess,
  delegate: Delegate,
  person: string,
  scopes: readonly string[],
): Promise<gmail_v1.Gmail> {
  const auth = await actAs(access, delegate, person, scopes);
  return new gmail_v1.Gmail({ ...access.rest, auth });
}

/** Ids of the messages that a search finds, the newest first. @param q as in Gmail's search field */
export async function messageIds(
  gmail: gmail_v1.Gmail,
  q: string,
  maxResults: number,
): Promise<string[]> {
  const { data } = await gmail.users.messages.list({ userId: 'me', q, maxResults });
  return (data.messages ?? []).flatMap(({ id }) => (id ? [id] : []));
}
