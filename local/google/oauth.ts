/**
 * oauth2.googleapis.com/token with a signed assertion, domain-wide delegation included,
 * and the certificates that Google publishes.
 *
 * https://developers.google.com/identity/protocols/oauth2/service-account
 */

import { decodeJwt } from 'jose';
import type { Route, Service } from './service.ts';
import { GoogleError, Reply } from './service.ts';
import type { ServiceAccount, ServiceAccounts } from './service-accounts.ts';
import type { Tokens } from './tokens.ts';

/** What a Workspace admin allowed: this client may act as any user, within these scopes. */
export interface Delegation {
  /** Email of the service account (Google's console asks for its unique id; both are the same client). */
  readonly serviceAccount: string;
  readonly scopes: readonly string[];
}

export interface OauthOptions {
  readonly tokens: Tokens;
  readonly accounts: ServiceAccounts;
  readonly delegations: readonly Delegation[];
  /** Whether a Workspace user with this address exists. */
  readonly userExists: (email: string) => boolean;
  /** Milliseconds since 1970. */
  readonly now: () => number;
}

const JWT_BEARER = 'urn:ietf:params:oauth:grant-type:jwt-bearer';
/** Seconds an assertion may live, and that clocks may differ by. */
const ASSERTION_LIFETIME_S = 3600;
const SKEW_S = 300;

const refuse = (status: number, error: string, error_description: string): Reply =>
  new Reply(status, JSON.stringify({ error, error_description }), {
    'content-type': 'application/json; charset=UTF-8',
  });

const invalidGrant = (description: string): Reply => refuse(400, 'invalid_grant', description);

const UNAUTHORIZED = refuse(
  401,
  'unauthorized_client',
  'Client is unauthorized to retrieve access tokens using this method, or client not authorized for any of the scopes requested.',
);

type Claims = Readonly<Record<string, unknown>>;

const isTokenEndpoint = (audience: unknown): boolean =>
  typeof audience === 'string' &&
  /^(https:\/\/(oauth2\.googleapis\.com|www\.googleapis\.com\/oauth2\/v4)|http:\/\/(127\.0\.0\.1|localhost)(:\d+)?)\/token$/.test(
    audience,
  );

/** Google's own sentence on what is wrong with the times of an assertion; undefined when nothing is. */
function timeProblem(claims: Claims, nowS: number): string | undefined {
  const { iat, exp } = claims;
  const ok =
    typeof iat === 'number' &&
    typeof exp === 'number' &&
    iat <= nowS + SKEW_S &&
    exp > nowS - SKEW_S &&
    exp - iat <= ASSERTION_LIFETIME_S;
  return ok
    ? undefined
    : 'Invalid JWT: Token must be a short-lived token (60 minutes) and in a reasonable timeframe. Check your iat and exp values in the JWT claim.';
}

const unverified = (assertion: string): Claims => {
  try {
    return decodeJwt(assertion);
  } catch {
    return {};
  }
};

/** The handler of `POST /token`. */
function createTokenEndpoint(options: OauthOptions): Route['handle'] {
  const { tokens, accounts } = options;

  const accessAs = (principal: string, scopes: readonly string[]): object => {
    const { accessToken, expiresIn } = tokens.access(principal, scopes);
    return { access_token: accessToken, expires_in: expiresIn, token_type: 'Bearer' };
  };

  const delegated = (account: ServiceAccount, user: string, scopes: readonly string[]) => {
    const allowed = options.delegations.find((entry) => entry.serviceAccount === account.email);
    const within = scopes.length > 0 && scopes.every((scope) => allowed?.scopes.includes(scope));
    if (!within) return UNAUTHORIZED;
    if (!options.userExists(user)) return invalidGrant('Invalid email or User ID');
    return accessAs(`user:${user}`, scopes);
  };

  const exchange = async (assertion: string): Promise<object | Reply> => {
    const account = accounts.find(String(unverified(assertion).iss ?? ''));
    if (!account || account.disabled) {
      return invalidGrant('Invalid grant: account not found');
    }
    const claims = await tokens.verifyAs(account.email, assertion);
    if (!claims) return invalidGrant('Invalid JWT Signature.');
    if (!isTokenEndpoint(claims.aud)) {
      return invalidGrant(
        'Failed audience check. The right audience is https://oauth2.googleapis.com/token',
      );
    }
    const problem = timeProblem(claims, options.now() / 1000);
    if (problem) return invalidGrant(problem);
    if (typeof claims.target_audience === 'string') {
      return { id_token: await tokens.accountIdToken(account, claims.target_audience) };
    }
    const scopes = String(claims.scope ?? '')
      .split(' ')
      .filter(Boolean);
    if (typeof claims.sub === 'string' && claims.sub !== account.email) {
      return delegated(account, claims.sub.toLowerCase(), scopes);
    }
    if (scopes.length === 0)
      return refuse(400, 'invalid_scope', 'Empty or missing scope not allowed.');
    return accessAs(`serviceAccount:${account.email}`, scopes);
  };

  return async (call) => {
    const form = new URLSearchParams(call.raw.toString('utf8'));
    const grant = form.get('grant_type');
    if (grant === JWT_BEARER) return exchange(form.get('assertion') ?? '');
    return refuse(400, 'unsupported_grant_type', `Invalid grant_type: ${grant}`);
  };
}

const published = (body: object): Reply =>
  new Reply(200, JSON.stringify(body), {
    'content-type': 'application/json; charset=UTF-8',
    'cache-control': 'public, max-age=300, must-revalidate, no-transform',
  });

/** The token endpoint and the certificates; the only routes that take no token. */
export function createOauth(options: OauthOptions): Service {
  const { tokens } = options;
  const open = { open: true, demands: () => [] } as const;
  return {
    name: 'oauth2',
    errorShape: 'rpc',
    routes: [
      {
        ...open,
        verb: 'POST',
        path: '/token',
        method: 'oauth2.token',
        rawBody: true,
        handle: createTokenEndpoint(options),
      },
      {
        ...open,
        verb: 'GET',
        path: '/oauth2/v3/certs',
        method: 'oauth2.certs',
        handle: () => published({ keys: [tokens.google.jwk] }),
      },
      {
        ...open,
        verb: 'GET',
        path: '/oauth2/v1/certs',
        method: 'oauth2.certs',
        handle: () => published({ [tokens.google.id]: tokens.google.pem }),
      },
      {
        ...open,
        verb: 'GET',
        path: '/service_accounts/v1/jwk/:email',
        method: 'oauth2.accountKeys',
        handle: async (call) => {
          const account = options.accounts.find(call.params.email ?? '');
          if (!account) throw new GoogleError('NOT_FOUND', 'Unknown service account');
          return published({ keys: [(await tokens.accountKey(account.email)).jwk] });
        },
      },
    ],
  };
}
