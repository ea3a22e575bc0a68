/**
 * What setup leaves behind in a project before the first agent: the plane's own account and
 * role, the bucket with the VM bundle, the organisation's shared key. Done through Google's
 * APIs where that is how it is done, so that those calls are tried too.
 */

import { readFileSync } from 'node:fs';
import { PlaneError } from '../../contracts/errors.ts';
import { LABEL_MANAGED_BY, MANAGED_BY, SHARED_KEY_SECRET } from '../../contracts/names.ts';
import { bucketResource } from '../google/storage.ts';
import type { World } from '../google/world.ts';
import { ALL_ACCOUNTS, LOCAL, PLANE_ACCOUNT, PLANE_ROLE } from './settings.ts';

const PROJECT = `projects/${LOCAL.project.id}`;
export const BUNDLE_OBJECT = 'vm/agent.mjs';

/** The plane's custom role, from the file that the real setup applies too. */
export const planePermissions = (): readonly string[] =>
  (
    JSON.parse(readFileSync(new URL('../../infra/roles/plane.json', import.meta.url), 'utf8')) as {
      permissions: string[];
    }
  ).permissions;

/** Accounts and bindings. Administrators of the local organisation own the project. */
export function seedAccess({ accounts, iam }: World): void {
  accounts.create(LOCAL.project.id, LOCAL.planeAccountId, { displayName: 'Agents Plane' });
  const plane = `serviceAccount:${PLANE_ACCOUNT}`;
  iam.grant(PROJECT, 'roles/owner', [`user:${LOCAL.admin}`]);
  iam.grant(PROJECT, PLANE_ROLE, [plane]);
  iam.grant(PROJECT, 'roles/logging.logWriter', [ALL_ACCOUNTS]);
  // To sign its own assertions for Gmail: no key file, the account may use its own key.
  iam.grant(`${PROJECT}/serviceAccounts/${PLANE_ACCOUNT}`, 'roles/iam.serviceAccountTokenCreator', [
    plane,
  ]);
}

async function call(
  url: string,
  token: string,
  body: string | Uint8Array<ArrayBuffer>,
  type: string,
): Promise<void> {
  const answer = await fetch(url, {
    method: 'POST',
    headers: { authorization: `Bearer ${token}`, 'content-type': type },
    body,
  });
  if (!answer.ok) {
    throw new PlaneError(
      'INTERNAL',
      `Seeding the local plane failed: ${answer.status} at ${new URL(url).pathname}`,
      {
        cause: await answer.text(),
      },
    );
  }
  await answer.body?.cancel();
}

export interface SeedOptions {
  readonly world: World;
  readonly restUrl: string;
  readonly bundle: Buffer;
  /** The organisation's key; left out, agents start without any. */
  readonly sharedKey: string | undefined;
}

/** The bucket with the bundle, and the shared key. Throws PlaneError INTERNAL when the emulator refuses. */
export async function seedResources({
  world,
  restUrl,
  bundle,
  sharedKey,
}: SeedOptions): Promise<void> {
  const token = world.tokens.access(`user:${LOCAL.admin}`).accessToken;
  const json = (path: string, body: object) =>
    call(`${restUrl}${path}`, token, JSON.stringify(body), 'application/json');

  await json(`/storage/v1/b?project=${LOCAL.project.id}`, { name: LOCAL.bucket });
  world.iam.grant(bucketResource(LOCAL.bucket), 'roles/storage.objectViewer', [ALL_ACCOUNTS]);
  await call(
    `${restUrl}/upload/storage/v1/b/${LOCAL.bucket}/o?uploadType=media&name=${encodeURIComponent(BUNDLE_OBJECT)}`,
    token,
    new Uint8Array(bundle),
    'text/javascript',
  );
  if (sharedKey === undefined) return;
  await json(`/v1/${PROJECT}/secrets?secretId=${SHARED_KEY_SECRET}`, {
    replication: { automatic: {} },
    labels: { [LABEL_MANAGED_BY]: MANAGED_BY },
  });
  await json(`/v1/${PROJECT}/secrets/${SHARED_KEY_SECRET}:addVersion`, {
    payload: { data: Buffer.from(sharedKey).toString('base64') },
  });
}
