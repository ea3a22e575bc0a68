/**
 * Who somebody is: access tokens (opaque), ID tokens (signed by "Google"), and JWTs
 * signed as a service account.
 *
 * https://cloud.google.com/docs/authentication/token-types
 */

import { createHash } from 'node:crypto';
import type { Caller } from './gate.ts';
import { createSigningKey, type SigningKey } from './signing-keys.ts';

export const CLOUD_PLATFORM = 'https://www.googleapis.com/auth/cloud-platform';
const TOKEN_LIFETIME_S = 3600;
const ISSUER = 'https://accounts.google.com';

export interface AccessToken {
  readonly accessToken: string;
  /** Seconds. */
  readonly expiresIn: number;
}

/** The `google.compute_engine` claim of an instance identity token (format full). */
export interface InstanceClaims {
  readonly project_id: string;
  readonly project_number: number;
  readonly zone: string;
  readonly instance_id: string;
  readonly instance_name: string;
  /** Seconds since 1970. */
  readonly instance_creation_timestamp: number;
}

export interface AccountSubject {
  readonly email: string;
  readonly uniqueId: string;
}

export interface Tokens {
  /** @param lifetimeS may be negative, for a token that has expired already */
  access(principal: string, scopes?: readonly string[], lifetimeS?: number): AccessToken;
  authenticate(accessToken: string): Caller | undefined;
  /** Every token of a principal stops working (a deleted account). */
  revoke(principal: string): void;
  /** ID token of a Workspace user, as `gcloud auth print-identity-token` has it. */
  userIdToken(email: string, audience: string, lifetimeS?: number): Promise<string>;
  /**
   * ID token of a service account. With `instance`, an instance identity token in format
   * full; `email: false` leaves the email claims out (format standard).
   */
  accountIdToken(
    account: AccountSubject,
    audience: string,
    options?: { instance?: InstanceClaims; email?: false; lifetimeS?: number },
  ): Promise<string>;
  /** signJwt: any claims, signed with Google's key for that service account. */
  signAs(
    email: string,
    claims: Readonly<Record<string, unknown>>,
  ): Promise<{ keyId: string; signedJwt: string }>;
  /** Claims of a JWT that really was signed as that account. */
  verifyAs(email: string, jwt: string): Promise<Readonly<Record<string, unknown>> | undefined>;
  /** The key that ID tokens are signed with. */
  readonly google: SigningKey;
  /** The key of a service account; made at its first use. */
  accountKey(email: string): Promise<SigningKey>;
}

export interface TokensOptions {
  /** Milliseconds since 1970. */
  readonly now: () => number;
  /** A fresh unguessable string, URL-safe. */
  readonly random: () => string;
}

/** The stable 21-digit `sub` of a Google account. */
export const subjectOf = (email: string): string => {
  const digest = createHash('sha256').update(email.toLowerCase()).digest();
  return `1${(digest.readBigUInt64BE() % 10n ** 20n).toString().padStart(20, '0')}`;
};

const domainOf = (email: string): string => email.slice(email.lastIndexOf('@') + 1);

interface Grant extends Caller {
  /** Milliseconds since 1970. */
  readonly expiresAt: number;
}

/** Generates one RSA key, which takes some tens of milliseconds. */
export async function createTokens(options: TokensOptions): Promise<Tokens> {
  const granted = new Map<string, Grant>();
  const accountKeys = new Map<string, Promise<SigningKey>>();
  const google = await createSigningKey();

  const accountKey = (email: string): Promise<SigningKey> => {
    const key = accountKeys.get(email) ?? createSigningKey();
    accountKeys.set(email, key);
    return key;
  };
  const identify = (audience: string, lifetimeS: number, claims: object): Promise<string> => {
    const iat = Math.floor(options.now() / 1000);
    return google.sign({ iss: ISSUER, aud: audience, iat, exp: iat + lifetimeS, ...claims });
  };

  return {
    google,
    accountKey,
    access(principal, scopes = [CLOUD_PLATFORM], lifetimeS = TOKEN_LIFETIME_S) {
      const accessToken = `ya29.c.${options.random()}`;
      const expiresAt = options.now() + lifetimeS * 1000;
      granted.set(accessToken, { principal, scopes, expiresAt });
      return { accessToken, expiresIn: lifetimeS };
    },
    authenticate(accessToken) {
      const grant = granted.get(accessToken);
      if (!grant || grant.expiresAt <= options.now()) return undefined;
      return { principal: grant.principal, scopes: grant.scopes };
    },
    revoke(principal) {
      for (const [token, grant] of granted)
        if (grant.principal === principal) granted.delete(token);
    },
    userIdToken(email, audience, lifetimeS = TOKEN_LIFETIME_S) {
      const sub = subjectOf(email);
      const hd = domainOf(email);
      return identify(audience, lifetimeS, { azp: audience, sub, hd, email, email_verified: true });
    },
    accountIdToken(account, audience, { instance, email, lifetimeS = TOKEN_LIFETIME_S } = {}) {
      const sub = account.uniqueId;
      const mail = email === false ? {} : { email: account.email, email_verified: true };
      const google = instance ? { google: { compute_engine: instance } } : {};
      return identify(audience, lifetimeS, { azp: sub, sub, ...mail, ...google });
    },
    async signAs(email, claims) {
      const key = await accountKey(email);
      return { keyId: key.id, signedJwt: await key.sign(claims) };
    },
    async verifyAs(email, jwt) {
      return (await accountKeys.get(email))?.verify(jwt);
    },
  };
}
