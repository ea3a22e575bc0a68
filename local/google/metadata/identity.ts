/** `service-accounts/`: who the caller is, and the tokens that prove it. */

import type { ServiceAccounts } from '../service-accounts.ts';
import type { InstanceClaims, Tokens } from '../tokens.ts';
import {
  type DynamicAnswer,
  directory,
  dynamic,
  lines,
  type Node,
  text,
  verbatim,
} from './tree.ts';

export interface IdentityDeps {
  readonly tokens: Tokens;
  readonly accounts: ServiceAccounts;
}

export interface AccountUse {
  readonly email: string;
  readonly scopes: readonly string[];
  /**
   * Of a VM: goes into identity tokens of format full, and without it there is no email
   * claim. Undefined where functions run: there the email is always in.
   */
  readonly instance: InstanceClaims | undefined;
}

const plain = (status: number, body: string): DynamicAnswer => ({
  status,
  type: 'text/html',
  body,
});

const GONE = plain(404, 'The service account does not exist or was deleted.');

/** Google's answer has these three fields. */
async function token(
  deps: IdentityDeps,
  use: AccountUse,
  query: URLSearchParams,
): Promise<DynamicAnswer> {
  const account = deps.accounts.find(use.email);
  if (!account || account.disabled) return GONE;
  const asked = query.get('scopes')?.split(',').filter(Boolean);
  const scopes = asked && use.instance === undefined ? asked : use.scopes;
  const { accessToken, expiresIn } = deps.tokens.access(`serviceAccount:${use.email}`, scopes);
  const body = { access_token: accessToken, expires_in: expiresIn, token_type: 'Bearer' };
  return { status: 200, type: 'application/json', body: JSON.stringify(body) };
}

/** https://cloud.google.com/compute/docs/instances/verifying-instance-identity */
async function identity(
  deps: IdentityDeps,
  { email, instance }: AccountUse,
  query: URLSearchParams,
): Promise<DynamicAnswer> {
  const audience = query.get('audience');
  if (!audience) return plain(400, 'non-empty audience parameter required');
  const account = deps.accounts.find(email);
  if (!account || account.disabled) return GONE;
  const full = instance !== undefined && query.get('format') === 'full';
  const options = full ? { instance } : instance ? { email: false as const } : {};
  return plain(200, await deps.tokens.accountIdToken(account, audience, options));
}

function accountNode(deps: IdentityDeps, use: AccountUse): Node {
  return directory({
    aliases: lines(['default']),
    email: text(use.email),
    identity: dynamic((query) => identity(deps, use, query)),
    scopes: lines(use.scopes),
    token: dynamic((query) => token(deps, use, query)),
  });
}

/** @param use undefined for a VM that has no service account */
export function serviceAccountsNode(deps: IdentityDeps, use: AccountUse | undefined): Node {
  if (!use) return verbatim({});
  const node = accountNode(deps, use);
  return verbatim({ default: node, [use.email]: node });
}
