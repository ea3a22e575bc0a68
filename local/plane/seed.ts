/**
 * What setup leaves behind in a project before the first agent: infra/ applied, the VM bundle in
 * its bucket, the organisation's shared key.
 */

import { PlaneError } from '../../contracts/errors.ts';
import { LABEL_MANAGED_BY, MANAGED_BY, SHARED_KEY_SECRET } from '../../contracts/names.ts';
import type { Google } from '../google/google.ts';
import { applyResources } from '../google/infra/effects.ts';
import type { World } from '../google/world.ts';
import { type CellProject, planCell, planInfra } from './infra.ts';
import { LOCAL } from './settings.ts';

const PROJECT = `projects/${LOCAL.project.id}`;
export const BUNDLE_OBJECT = 'vm/agent.mjs';

/**
 * What infra/ declares: accounts, roles, bindings, the bucket. What is missing there is missing
 * here. Administrators of the local organisation own the project.
 */
export function seedAccess(
  { world, storage, tasks }: Pick<Google, 'world' | 'storage' | 'tasks'>,
  plan = planInfra(),
): void {
  world.iam.grant(PROJECT, 'roles/owner', [`user:${LOCAL.admin}`]);
  applyResources({ world, storage, tasks, project: LOCAL.project.id }, plan.resources);
}

/** What infra/cell declares, in a project that holds agents besides the plane's own. */
export function seedCell(
  { world, storage, tasks }: Pick<Google, 'world' | 'storage' | 'tasks'>,
  cell: CellProject,
  plan = planCell(cell),
): void {
  world.iam.grant(`projects/${cell.id}`, 'roles/owner', [`user:${LOCAL.admin}`]);
  applyResources({ world, storage, tasks, project: cell.id }, plan.resources);
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

/** The bundle, and the shared key. Throws PlaneError INTERNAL when the emulator refuses. */
export async function seedResources({
  world,
  restUrl,
  bundle,
  sharedKey,
}: SeedOptions): Promise<void> {
  const token = world.tokens.access(`user:${LOCAL.admin}`).accessToken;
  const json = (path: string, body: object) =>
    call(`${restUrl}${path}`, token, JSON.stringify(body), 'application/json');

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
