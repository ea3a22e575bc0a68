/**
 * IAM Credentials: tokens and signatures in the name of a service account, without a key.
 * https://cloud.google.com/iam/docs/reference/credentials/rest/v1/projects.serviceAccounts
 */

import { excerptProtos } from './excerpt.ts';
import { createSchema, type Json } from './proto-schema.ts';
import { restRoutes } from './rest-binding.ts';
import type { RpcMethod } from './rpc.ts';
import type { Demand, Service } from './service.ts';
import { GoogleError } from './service.ts';
import type { ServiceAccount } from './service-accounts.ts';
import type { World } from './world.ts';

const NAME = '/v1/{name=projects/*/serviceAccounts/*}';
const COMMON = { name: 'string', delegates: 'string[]' } as const;

const PROTOS = {
  name: 'google.iam.credentials.v1',
  service: 'IAMCredentials',
  messages: {
    SignJwtRequest: { ...COMMON, payload: 'string' },
    GenerateAccessTokenRequest: {
      ...COMMON,
      scope: 'string[]',
      lifetime: 'google.protobuf.Duration',
    },
    GenerateIdTokenRequest: { ...COMMON, audience: 'string', includeEmail: 'bool' },
  },
  methods: {
    SignJwt: ['SignJwtRequest', 'post', `${NAME}:signJwt`, '*'],
    GenerateAccessToken: ['GenerateAccessTokenRequest', 'post', `${NAME}:generateAccessToken`, '*'],
    GenerateIdToken: ['GenerateIdTokenRequest', 'post', `${NAME}:generateIdToken`, '*'],
  },
} as const;

const LIFETIME_MAX_S = 3600;
/** signJwt refuses an `exp` further away: 12 hours. */
const JWT_LIFETIME_MAX_S = 12 * 3600;

const invalid = (message: string): GoogleError => new GoogleError('INVALID_ARGUMENT', message);

const on = (verb: string) => (request: Json) => [
  { permission: `iam.serviceAccounts.${verb}`, resource: String(request.name) },
];

/** The wildcard `-` is required for the project: https://cloud.google.com/iam/docs/reference/credentials/rest/v1/projects.serviceAccounts/signJwt */
function accountOf(world: World, request: Json): ServiceAccount {
  const [, project, , key = ''] = String(request.name).split('/');
  if (project !== '-') throw invalid('The project must be the wildcard character -.');
  const account = world.accounts.find(key);
  if (!account || account.disabled) {
    throw new GoogleError('NOT_FOUND', `Not found; Gaia id not found for email ${key}`);
  }
  return account;
}

function claimsOf(payload: unknown, nowS: number): Readonly<Record<string, unknown>> {
  let claims: unknown;
  try {
    claims = JSON.parse(String(payload ?? ''));
  } catch {
    throw invalid('The payload is not a JSON object.');
  }
  if (typeof claims !== 'object' || claims === null || Array.isArray(claims)) {
    throw invalid('The payload is not a JSON object.');
  }
  const { exp } = claims as { exp?: unknown };
  if (exp === undefined) return { ...claims, exp: Math.floor(nowS) + LIFETIME_MAX_S };
  if (typeof exp !== 'number' || exp <= nowS || exp > nowS + JWT_LIFETIME_MAX_S) {
    throw invalid('The exp claim must be in the future, and at most 12 hours away.');
  }
  return claims as Record<string, unknown>;
}

function lifetimeOf(lifetime: unknown): number {
  const seconds = lifetime === undefined ? LIFETIME_MAX_S : Number.parseFloat(String(lifetime));
  if (seconds > 0 && seconds <= LIFETIME_MAX_S) return seconds;
  throw invalid('The lifetime must be between 0 and 3600 seconds.');
}

function credentialMethods(world: World) {
  const { tokens, clock } = world;
  return {
    SignJwt: {
      demands: on('signJwt'),
      handle: (request) => {
        const { email } = accountOf(world, request);
        return tokens.signAs(email, claimsOf(request.payload, clock.now() / 1000));
      },
    },
    GenerateAccessToken: {
      demands: on('getAccessToken'),
      handle: (request) => {
        const { email } = accountOf(world, request);
        const scopes = (request.scope ?? []) as string[];
        if (scopes.length === 0) throw invalid('At least one scope is required.');
        const lifetime = lifetimeOf(request.lifetime);
        const { accessToken } = tokens.access(`serviceAccount:${email}`, scopes, lifetime);
        const expireTime = new Date(clock.now() + lifetime * 1000).toISOString();
        return { accessToken, expireTime };
      },
    },
    GenerateIdToken: {
      demands: on('getOpenIdToken'),
      handle: async (request) => {
        const account = accountOf(world, request);
        const audience = String(request.audience ?? '');
        if (audience === '') throw invalid('The audience is required.');
        const options = request.includeEmail === true ? {} : { email: false as const };
        return { token: await tokens.accountIdToken(account, audience, options) };
      },
    },
  } satisfies Record<string, RpcMethod>;
}

export function createIamCredentials(world: World): Service {
  return {
    name: 'iamcredentials',
    errorShape: 'rpc',
    denied: ({ permission }: Demand) =>
      `Permission '${permission}' denied on resource (or it may not exist).`,
    routes: restRoutes({
      name: 'google.iam.credentials.v1.IAMCredentials',
      schema: createSchema(excerptProtos(PROTOS)),
      methods: credentialMethods(world),
    }),
  };
}
