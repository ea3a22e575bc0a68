/** The few calls of setup that gcloud has no command for. Endpoints and overrides are gcloud's own. */

import { PlaneError } from '../../contracts/errors.ts';
import { DIRECTORY_SCOPE } from '../../local/plane/settings.ts';

type Env = Readonly<Record<string, string | undefined>>;

/** `CLOUDSDK_API_ENDPOINT_OVERRIDES_X`, or Google's own address; ends with a slash. */
const endpoint = (env: Env, api: string): string =>
  env[`CLOUDSDK_API_ENDPOINT_OVERRIDES_${api.toUpperCase()}`] ?? `https://${api}.googleapis.com/`;

async function post(
  url: string,
  token: string,
  body: object,
  method = 'POST',
): Promise<Record<string, unknown>> {
  const answer = await fetch(url, {
    method,
    headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
    body: JSON.stringify(body),
  });
  if (answer.ok) return (await answer.json()) as Record<string, unknown>;
  const code = answer.status === 403 ? 'PERMISSION_DENIED' : 'FAILED_PRECONDITION';
  throw new PlaneError(code, `${new URL(url).pathname}: ${await answer.text()}`);
}

/** @throws PlaneError PERMISSION_DENIED while IAM has not passed that right on: within 2 minutes, or 7, or more */
async function signAs(env: Env, token: string, account: string, payload: object): Promise<string> {
  const url = `${endpoint(env, 'iamcredentials')}v1/projects/-/serviceAccounts/${account}:signJwt`;
  try {
    const { signedJwt } = await post(url, token, { payload: JSON.stringify(payload) });
    return String(signedJwt);
  } catch (cause) {
    if (!(cause instanceof PlaneError) || cause.code !== 'PERMISSION_DENIED') throw cause;
    const why = `You may not sign as ${account} yet: Google takes some minutes to pass that right on`;
    throw new PlaneError('PERMISSION_DENIED', why, { cause });
  }
}

/** @returns those of `permissions` that the caller lacks in the project */
export async function missingPermissions(
  env: Env,
  token: string,
  project: string,
  permissions: readonly string[],
): Promise<readonly string[]> {
  const url = `${endpoint(env, 'cloudresourcemanager')}v1/projects/${project}:testIamPermissions`;
  const { permissions: held = [] } = await post(url, token, { permissions });
  return permissions.filter((each) => !(held as string[]).includes(each));
}

/**
 * Whether Cloud Run lets anyone call the service. One that is not there lets in nobody.
 *
 * @param name `projects/p/locations/l/services/s`
 * @throws PlaneError FAILED_PRECONDITION with Google's reason
 */
export async function isPublic(env: Env, token: string, name: string): Promise<boolean> {
  const answer = await fetch(`${endpoint(env, 'run')}v2/${name}`, {
    headers: { authorization: `Bearer ${token}` },
  });
  const text = await answer.text();
  if (answer.status === 404) return false;
  if (!answer.ok) throw new PlaneError('FAILED_PRECONDITION', `${name}: ${text}`);
  return (JSON.parse(text) as { invokerIamDisabled?: boolean }).invokerIamDisabled === true;
}

/**
 * That one field alone: `gcloud run services update` makes a new revision, of a service that is Cloud Functions'.
 * https://cloud.google.com/run/docs/authenticating/public
 *
 * @throws PlaneError with Google's reason
 */
export async function makePublic(env: Env, token: string, name: string): Promise<void> {
  const url = `${endpoint(env, 'run')}v2/${name}?updateMask=invokerIamDisabled`;
  await post(url, token, { name, invokerIamDisabled: true }, 'PATCH');
}

/** What the plane is to be able to do in somebody's name: one call that reads. */
export interface Trial {
  readonly person: string;
  readonly scopes: readonly string[];
  readonly api: 'gmail' | 'admin';
  readonly path: string;
}

export const readsMail = (person: string, scopes: readonly string[]): Trial => ({
  ...{ person, scopes },
  api: 'gmail',
  path: 'gmail/v1/users/me/messages?maxResults=1',
});

/** @param person an administrator, who reads themself */
export const readsUsers = (person: string): Trial => ({
  ...{ person, scopes: [DIRECTORY_SCOPE] },
  api: 'admin',
  path: `admin/directory/v1/users/${encodeURIComponent(person)}?fields=id`,
});

/**
 * Whether the plane can do that: signs a delegation as the plane, trades it for a token, and reads.
 *
 * https://developers.google.com/identity/protocols/oauth2/service-account#delegatingauthority
 * @throws PlaneError FAILED_PRECONDITION with Google's reason, PERMISSION_DENIED when the caller may not sign
 */
export async function tryDelegation(
  env: Env,
  token: string,
  account: string,
  { person, scopes, api, path }: Trial,
): Promise<void> {
  const tokenUrl = env.CLOUDSDK_AUTH_TOKEN_HOST ?? 'https://oauth2.googleapis.com/token';
  const now = Math.floor(Date.now() / 1000);
  const claims = { iss: account, sub: person, scope: scopes.join(' '), iat: now, exp: now + 300 };
  const aud = 'https://oauth2.googleapis.com/token';
  const assertion = await signAs(env, token, account, { ...claims, aud });
  const grant = await fetch(tokenUrl, {
    method: 'POST',
    body: new URLSearchParams({
      grant_type: 'urn:ietf:params:oauth:grant-type:jwt-bearer',
      assertion,
    }),
  });
  const granted = (await grant.json()) as { access_token?: string; error?: string };
  if (!grant.ok) throw new PlaneError('FAILED_PRECONDITION', `Google refuses: ${granted.error}`);
  const answer = await fetch(`${endpoint(env, api)}${path}`, {
    headers: { authorization: `Bearer ${granted.access_token}` },
  });
  await answer.body?.cancel();
  const said = `${api}.googleapis.com refuses to be read as ${person}: ${answer.status}`;
  if (!answer.ok) throw new PlaneError('FAILED_PRECONDITION', said);
}

interface Region {
  readonly quotas?: readonly {
    readonly metric: string;
    readonly limit: number;
    readonly usage: number;
  }[];
}

/** What one agent takes (e2-medium, 20 + 10 GB), and what Cloud NAT takes: quota metric -> least that must be free. */
const LEAST: Readonly<Record<string, number>> = {
  CPUS: 2,
  INSTANCES: 1,
  IN_USE_ADDRESSES: 1,
  SSD_TOTAL_GB: 30,
};

/** `CPUS has 0 left of 8`, ... */
export const shortQuotas = ({ quotas = [] }: Region): readonly string[] =>
  quotas
    .filter(({ metric, limit, usage }) => limit - usage < (LEAST[metric] ?? 0))
    .map(({ metric, limit, usage }) => `${metric} has ${limit - usage} left of ${limit}`);
