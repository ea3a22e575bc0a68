/** Admins and viewers, by ID token. */

import { email as emailAddress } from '../../../contracts/config-document.ts';
import type { TokenVerifier } from '../../service/ports.ts';
import { bearerToken, claimsOf, denied, type Identified } from './token.ts';

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

/**
 * Client id of gcloud itself. `gcloud auth print-identity-token` gives a person a token for this
 * audience and no other (`--audiences` is for service accounts alone), and Cloud Run takes it
 * from people for that reason. https://cloud.google.com/run/docs/authenticating/developers
 */
export const GCLOUD_AUDIENCE = '32555940559.apps.googleusercontent.com';

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
