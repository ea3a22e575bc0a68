/** Puts things into an emulator that on Google somebody did before: Terraform, an admin, the setup. */

import type { Google } from './google.ts';
import type { ServiceAccount } from './service-accounts.ts';
import { bucketResource } from './storage.ts';
import type { AccessToken } from './tokens.ts';

/** Roles of a member on a whole project. */
function seedRoles(
  google: Google,
  project: string,
  member: string,
  roles: readonly string[],
): void {
  for (const role of roles) google.world.iam.grant(`projects/${project}`, role, [member]);
}

export function seedServiceAccount(
  google: Google,
  project: string,
  id: string,
  roles: readonly string[] = [],
): ServiceAccount {
  const account = google.world.accounts.create(project, id);
  seedRoles(google, project, `serviceAccount:${account.email}`, roles);
  return account;
}

/** @param roles role -> members, on the bucket alone */
export function seedBucket(
  google: Google,
  project: string,
  name: string,
  roles: Readonly<Record<string, readonly string[]>> = {},
): void {
  google.storage.createBucket({ name, project, location: 'EUROPE-WEST1', labels: {} });
  google.world.iam.adopt(bucketResource(name), `projects/${project}`);
  for (const [role, members] of Object.entries(roles)) {
    google.world.iam.grant(bucketResource(name), role, members);
  }
}

/** An access token with all rights of `roles/owner`, for whoever sits at this machine. */
export function seedOwner(google: Google, project: string, email: string): AccessToken {
  seedRoles(google, project, `user:${email}`, ['roles/owner']);
  return google.world.tokens.access(`user:${email}`);
}
