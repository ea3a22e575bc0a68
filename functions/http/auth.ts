/** Who is calling: admins and viewers by ID token, agents' VMs by instance identity token. */

import { email as emailAddress } from '../../contracts/config-document.ts';
import { PlaneError, type Problem } from '../../contracts/errors.ts';
import { agentOfInstance, serviceAccountEmail } from '../../contracts/names.ts';
import type { TokenVerifier } from '../service/ports.ts';
import type { VmCaller } from '../service/vm-caller.ts';

/** Told as soon as Google's signature says who it is, whether or not they may do anything. */
export type Identified = (who: string) => void;

export type Role = 'admin' | 'viewer' | 'scheduler';

export interface Admins {
  readonly audience: string;
  readonly domains: readonly string[];
  readonly admins: readonly string[];
  readonly viewers: readonly string[];
  /** Service account as which Cloud Scheduler calls; '' when nothing is scheduled. */
  readonly scheduler: string;
}

export interface Person {
  readonly email: string;
  readonly role: Role;
}

const TOKEN_FIX: Problem = {
  field: 'header.authorization',
  problem: 'carries no ID token that this service accepts',
  fix: 'send "Authorization: Bearer <ID token>" with the audience of this service',
};

const unauthenticated = (): PlaneError =>
  new PlaneError('UNAUTHENTICATED', 'Sign in with a Google ID token.', { details: [TOKEN_FIX] });

/**
 * Client id of gcloud itself. `gcloud auth print-identity-token` gives a person a token for this
 * audience and no other (`--audiences` is for service accounts alone), and Cloud Run takes it
 * from people for that reason. https://cloud.google.com/run/docs/authenticating/developers
 */
export const GCLOUD_AUDIENCE = '32555940559.apps.googleusercontent.com';

/** @throws PlaneError UNAUTHENTICATED when there is no bearer token */
export function bearerToken(header: string | undefined): string {
  const token = /^Bearer +([\w-]+\.[\w-]+\.[\w-]*)$/i.exec(header ?? '')?.[1];
  // 8 KB: Google's own ID tokens have about 1.
  if (!token || token.length > 8192) throw unauthenticated();
  return token;
}

async function claimsOf(
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

/**
 * The address alone does not make a member: anybody can open a Google account of their own on
 * a work address and keep it after they left. `hd` says that the organisation manages it.
 * https://developers.google.com/identity/openid-connect/openid-connect#an-id-tokens-payload
 *
 * @throws PlaneError UNAUTHENTICATED without a valid token, PERMISSION_DENIED for a valid
 *   one of somebody who is neither admin nor viewer of this plane
 */
export async function authenticatePerson(
  verifier: () => Promise<TokenVerifier>,
  settings: Admins,
  header: string | undefined,
  identified: Identified,
): Promise<Person> {
  bearerToken(header);
  const audiences = [settings.audience, GCLOUD_AUDIENCE];
  const claims = await claimsOf(await verifier(), header, audiences);
  const person = emailAddress.safeParse(claims.email).data;
  if (person) identified(person);
  // A service account of the plane's own project, named in its settings: no Workspace manages it.
  if (person && person === settings.scheduler && claims.email_verified === true) {
    return { email: person, role: 'scheduler' };
  }
  const ours = [person?.split('@').at(-1), claims.hd].every((domain) =>
    settings.domains.some((known) => known === domain),
  );
  if (!person || !ours || claims.email_verified !== true) {
    throw denied('Only verified accounts of this organisation may use it.');
  }
  if (settings.admins.includes(person)) return { email: person, role: 'admin' };
  if (settings.viewers.includes(person)) return { email: person, role: 'viewer' };
  throw denied('Your account has no role here. Ask an administrator of the plane.');
}

/** Who may call a route that asks for a role. */
const MAY: Readonly<Record<Role, readonly Role[]>> = {
  admin: ['admin'],
  viewer: ['admin', 'viewer'],
  scheduler: ['admin', 'scheduler'],
};

/** @throws PlaneError PERMISSION_DENIED when a viewer asks for what only admins may do */
export function demandRole(person: Person, role: Role): void {
  if (MAY[role].includes(person.role)) return;
  throw denied('Viewers may look, but not change. Ask an administrator of the plane.');
}

const denied = (message: string): PlaneError => new PlaneError('PERMISSION_DENIED', message);

/** In place of a signature that Cloud Run has checked: it hands tokens on without it. */
const CHECKED_BY_CLOUD_RUN = 'SIGNATURE_REMOVED_BY_GOOGLE';

/** What a token says of itself, whoever signed it. */
function unverified(token: string): Readonly<Record<string, unknown>> {
  try {
    return JSON.parse(Buffer.from(token.split('.')[1] ?? '', 'base64url').toString());
  } catch {
    throw unauthenticated();
  }
}

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
  const claims = token.endsWith(`.${CHECKED_BY_CLOUD_RUN}`)
    ? unverified(token)
    : await claimsOf(await verifier(), header, audience);
  const account = emailAddress.safeParse(claims.email).data;
  if (account) identified(account);
  const theirs = account === tasksAccount && claims.email_verified === true;
  if (theirs && claims.aud === audience) return account;
  throw denied('Only the queue of the plane brings work here.');
}

/** Whether Cloud Run took the signature off. */
export const isUnsigned = (header: string | undefined): boolean =>
  header?.endsWith(`.${CHECKED_BY_CLOUD_RUN}`) === true;

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

export interface VmSettings {
  readonly vmUrl: string;
  /** Those that hold agents. */
  readonly projects: readonly string[];
}

/** Who calls, and the project that its VM is in. */
export interface VmClaims extends VmCaller {
  readonly project: string;
}

/**
 * The agent a VM is, and which VM. https://cloud.google.com/compute/docs/instances/verifying-instance-identity
 *
 * The instance claim alone would do for VMs that we made; that the token's service account is
 * the agent's own keeps out instances which somebody merely named like one of ours.
 */
export async function authenticateVm(
  verifier: () => Promise<TokenVerifier>,
  settings: VmSettings,
  header: string | undefined,
  identified: Identified,
): Promise<VmClaims> {
  bearerToken(header);
  const claims = await claimsOf(await verifier(), header, settings.vmUrl);
  const account = emailAddress.safeParse(claims.email).data;
  if (account) identified(account);
  const engine = computeEngine(claims.google);
  const name = agentOfInstance(engine.instance);
  const email = name && serviceAccountEmail(name, engine.project);
  const genuine =
    settings.projects.includes(engine.project) &&
    /^[a-z]+-[a-z]+\d+-[a-z]$/.test(engine.zone) &&
    claims.email === email &&
    claims.email_verified === true;
  if (!name || !genuine) throw denied('The token does not belong to the VM of an agent.');
  const { id: instanceId, zone, project } = engine;
  return { name, instanceId, zone, project };
}

interface Engine {
  readonly project: string;
  readonly instance: string;
  readonly id: string;
  readonly zone: string;
}

function computeEngine(google: unknown): Engine {
  const engine = (google as { compute_engine?: Record<string, unknown> } | undefined)
    ?.compute_engine;
  const text = (value: unknown): string => (typeof value === 'string' ? value : '');
  return {
    project: text(engine?.project_id),
    instance: text(engine?.instance_name),
    id: text(engine?.instance_id),
    zone: text(engine?.zone),
  };
}
