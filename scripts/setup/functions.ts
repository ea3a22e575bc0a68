/** The functions as they are deployed: names, environment, and a hash of all that makes them. */

import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { PlaneError } from '../../contracts/errors.ts';
import { infraFiles, runtime } from '../../local/plane/infra.ts';
import { hashOf, outputsOf } from './infra.ts';
import { type Settings, urlOf } from './settings.ts';

/** infra/functions.json: entry point -> name of the service. */
export const services = (): Readonly<Record<string, { readonly service: string }>> =>
  JSON.parse(infraFiles()['functions.json'] ?? '{}');

const serviceOf = (entry: string): string => services()[entry]?.service ?? '';

/** Object of the VM bundle: under its hash, so that it is never replaced under a VM that was told the hash. */
export async function bundleOf(root: string): Promise<{ sha256: string; object: string }> {
  const text = await readFile(join(root, 'dist/vm/agent.mjs.sha256'), 'utf8').catch(() => {
    throw new PlaneError('FAILED_PRECONDITION', 'dist/ is missing: run node scripts/build.ts');
  });
  const sha256 = text.trim();
  return { sha256, object: `vm/agent-${sha256.slice(0, 16)}.mjs` };
}

export const planeImage = ({ project }: Settings): string =>
  `projects/${project}/global/images/family/agents-plane`;
export const imageOf = (all: Settings): string => all.image || planeImage(all);

/** Nothing for a fleet in one project. */
const cellsIn = ({ project, room, cells }: Settings): Record<string, string> =>
  cells.length === 0
    ? {}
    : {
        AGENTS_PLANE_CELLS: [{ project, room }, ...cells]
          .map((cell) => `${cell.project}=${cell.room}`)
          .join(','),
      };

/** What functions/config.ts reads. Nothing in it is secret. */
export async function environmentOf(all: Settings, root: string): Promise<Record<string, string>> {
  const { sha256, object } = await bundleOf(root);
  const { bucket, subnetwork, plane, queue, tasks, scheduler } = outputsOf(all);
  return {
    NODE_ENV: 'production',
    NODE_OPTIONS: runtime().nodeOptions,
    GOOGLE_CLOUD_PROJECT: all.project,
    AGENTS_PLANE_PROJECT: all.project,
    AGENTS_PLANE_ZONE: all.zone,
    AGENTS_PLANE_DOMAINS: all.domains.join(','),
    AGENTS_PLANE_ADMINS: all.admins.join(','),
    AGENTS_PLANE_VIEWERS: all.viewers.join(','),
    AGENTS_PLANE_AUDIENCE: urlOf(all, serviceOf('api')),
    AGENTS_PLANE_VM_URL: urlOf(all, serviceOf('vm')),
    AGENTS_PLANE_PAGES_URL: urlOf(all, serviceOf('pages')),
    AGENTS_PLANE_MAIL_FROM: all.mail_from,
    AGENTS_PLANE_SCHEDULER: scheduler,
    AGENTS_PLANE_SYNC_SHARE: String(all.sync_share),
    AGENTS_PLANE_DIRECTORY_AS: all.directory_as,
    AGENTS_PLANE_PHONE_REGION: all.phone_region,
    AGENTS_PLANE_SERVICE_ACCOUNT: plane,
    AGENTS_PLANE_QUEUE: queue,
    AGENTS_PLANE_TASKS_ACCOUNT: tasks,
    ...cellsIn(all),
    AGENTS_PLANE_IMAGE: imageOf(all),
    AGENTS_PLANE_MACHINE_TYPE: all.machine_type,
    AGENTS_PLANE_MODEL: all.model,
    AGENTS_PLANE_TIMEZONE: all.timezone,
    AGENTS_PLANE_BUDGET_MAX: String(all.budget_max),
    AGENTS_PLANE_SUBNETWORK: subnetwork,
    AGENTS_PLANE_BUNDLE: `gs://${bucket}/${object}`,
    AGENTS_PLANE_BUNDLE_SHA256: sha256,
  };
}

/** Over the built files, the environment, and the memory. */
export async function functionsHash(all: Settings, root: string): Promise<string> {
  const folder = join(root, 'dist/functions');
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  const files = entries
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name))
    .sort();
  const texts = await Promise.all(files.map((file) => readFile(file, 'utf8')));
  return hashOf([
    ...files.map((file) => file.slice(folder.length)),
    ...texts,
    JSON.stringify(await environmentOf(all, root)),
    runtime().memory,
  ]);
}
