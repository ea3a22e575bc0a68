/** What Infrastructure Manager has applied: deployments, each with the resources that it holds. */

import { type Plan, planModule } from '../../terraform/module.ts';
import { TerraformError, type Value } from '../../terraform/value.ts';
import { allows, requiredVersion } from '../../terraform/version.ts';
import { applyResources, destroyResources } from '../infra/effects.ts';
import { logMetrics, refuseAlertsOnNewMetrics } from '../infra/log-metrics.ts';
import { createRemains } from '../infra/remains.ts';
import { refuseUnknownAgents } from '../infra/service-agents.ts';
import type { StorageStore } from '../storage.ts';
import type { Tasks } from '../tasks.ts';
import type { World } from '../world.ts';

export interface Blueprint {
  /** `gs://bucket/folder`: the Terraform files. */
  readonly gcsSource?: string;
  readonly inputValues?: Readonly<Record<string, { inputValue?: Value }>>;
}

export interface Wanted {
  /** `projects/p/serviceAccounts/email` */
  readonly serviceAccount: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly blueprint: Blueprint;
  /** Like `=1.5.7`. Without one, it is the newest that there is. */
  readonly tfVersionConstraint?: string | undefined;
}

interface Revision {
  readonly name: string;
  readonly createTime: string;
  readonly state: 'APPLIED' | 'FAILED';
  readonly terraformBlueprint: Blueprint;
  /** What Terraform says. The deployment itself says only which revision failed. */
  readonly tfErrors?: readonly { readonly errorDescription: string }[];
}

export interface Deployment extends Wanted {
  readonly name: string;
  readonly state: 'ACTIVE' | 'FAILED';
  /** What is applied; after a failure, what was before it. */
  readonly plan: Plan;
  /** What Terraform says. */
  readonly error?: string;
  readonly revisions: readonly Revision[];
}

export interface Deployments {
  readonly all: ReadonlyMap<string, Deployment>;
  /** Creates or updates; what the files no longer declare is destroyed. */
  apply(name: string, wanted: Wanted): Deployment;
  /** @param destroy what it holds too */
  remove(name: string, destroy: boolean): void;
}

/** Newest first. Of those after 1.5.7 each resource costs: https://cloud.google.com/infrastructure-manager/docs/release-notes */
const VERSIONS = ['1.16.5', '1.5.7', '1.4.7', '1.3.10'];

/** @throws TerraformError in Google's words, and in Terraform's */
function refuseVersion(constraint: string | undefined, required: string): void {
  const version = VERSIONS.find((each) => constraint === undefined || allows(constraint, each));
  if (!version) throw new TerraformError(`no version of Terraform satisfies ${constraint}`);
  if (required === '' || allows(required, version)) return;
  throw new TerraformError(
    `Unsupported Terraform Core version: this configuration does not support Terraform version ${version} (required_version ${required}).`,
  );
}

const EMPTY: Plan = { resources: [], data: [], outputs: {} };
const projectOf = (name: string): string => name.split('/')[1] ?? '';

/** The files below `gs://bucket/folder`, by path. */
function filesAt(storage: StorageStore, source: string): Record<string, string> {
  const [, bucket = '', folder = ''] = /^gs:\/\/([^/]+)\/(.+)$/.exec(source) ?? [];
  const objects = storage.objects(bucket, `${folder}/`);
  return Object.fromEntries(
    objects.map(({ name, data }) => [name.slice(folder.length + 1), data.toString('utf8')]),
  );
}

/** @throws TerraformError */
function planOf(
  world: World,
  storage: StorageStore,
  project: string,
  { blueprint, tfVersionConstraint }: Wanted,
): Plan {
  const files = filesAt(storage, blueprint.gcsSource ?? '');
  refuseVersion(tfVersionConstraint, requiredVersion(files));
  const inputs = Object.entries(blueprint.inputValues ?? {}).map(
    ([name, { inputValue = null }]) => [name, inputValue] as const,
  );
  return planModule({
    files,
    inputs: Object.fromEntries(inputs),
    facts: {
      project,
      projectNumber: world.projects.find(project)?.number ?? '',
      uniqueIdOf: (email) => world.accounts.find(email)?.uniqueId ?? '',
    },
  });
}

/** Those of `some` whose address none of `others` has. */
function without(some: Plan['resources'], others: Plan['resources']): Plan['resources'] {
  const addresses = new Set(others.map(({ address }) => address));
  return some.filter(({ address }) => !addresses.has(address));
}

export function createDeployments(world: World, storage: StorageStore, tasks: Tasks): Deployments {
  const all = new Map<string, Deployment>();
  /** Of each deployment, the log metrics of its last apply: Terraform made them, however that went on. */
  const metrics = new Map<string, ReadonlySet<string>>();

  const remains = createRemains(world.clock.now);

  const carryOut = (name: string, wanted: Wanted, held: Plan) => {
    const place = { world, storage, tasks, project: projectOf(name) };
    try {
      const plan = planOf(world, storage, place.project, wanted);
      const known = metrics.get(name) ?? new Set();
      metrics.set(name, logMetrics(plan.resources));
      refuseAlertsOnNewMetrics(plan.resources, known);
      refuseUnknownAgents(plan);
      const gone = without(held.resources, plan.resources);
      destroyResources(place, gone);
      remains.removed(gone);
      remains.refuse(without(plan.resources, held.resources));
      applyResources(place, plan.resources);
      return { state: 'ACTIVE', plan, error: undefined } as const;
    } catch (error) {
      const text = error instanceof Error ? error.message : String(error);
      return { state: 'FAILED', plan: held, error: text } as const;
    }
  };
  return {
    all,
    apply(name, wanted) {
      const before = all.get(name);
      const outcome = carryOut(name, wanted, before?.plan ?? EMPTY);
      const earlier = before?.revisions ?? [];
      const revision: Revision = {
        name: `${name}/revisions/r-${earlier.length}`,
        createTime: new Date(world.clock.now()).toISOString(),
        state: outcome.state === 'ACTIVE' ? 'APPLIED' : 'FAILED',
        terraformBlueprint: wanted.blueprint,
        ...(outcome.error !== undefined && { tfErrors: [{ errorDescription: outcome.error }] }),
      };
      const { state, plan, error } = outcome;
      const revisions = [...earlier, revision];
      const why = error !== undefined && { error };
      const applied = { ...wanted, name, state, plan, ...why, revisions };
      all.set(name, applied);
      return applied;
    },
    remove(name, destroy) {
      const { plan } = all.get(name) ?? { plan: EMPTY };
      const place = { world, storage, tasks, project: projectOf(name) };
      if (destroy) {
        destroyResources(place, plan.resources);
        remains.removed(plan.resources);
      }
      all.delete(name);
      metrics.delete(name);
    },
  };
}
