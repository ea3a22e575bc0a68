/** What `scripts/setup.sh` and `scripts/teardown.sh` talk to besides the APIs that the plane itself calls. */

import { type CloudFunctions, createCloudFunctions } from './deploy/cloud-functions.ts';
import { createInfraManager, type InfraManager } from './deploy/infra-manager.ts';
import { createLogBucketService } from './deploy/log-buckets.ts';
import { createProjectFacts, type ProjectFacts } from './deploy/project-facts.ts';
import { createRunServices } from './deploy/run-services.ts';
import type { Service } from './service.ts';
import type { StorageStore } from './storage.ts';
import type { Tasks } from './tasks.ts';
import type { World } from './world.ts';

export interface DeployTools {
  readonly functions: CloudFunctions;
  readonly infra: InfraManager;
  readonly facts: ProjectFacts;
  readonly run: ReturnType<typeof createRunServices>;
  readonly services: readonly Service[];
}

export function createDeployTools(world: World, storage: StorageStore, tasks: Tasks): DeployTools {
  const functions = createCloudFunctions(world);
  const infra = createInfraManager(world, storage, tasks);
  const facts = createProjectFacts();
  const run = createRunServices(functions.all);
  const logs = createLogBucketService(world.logBuckets);
  const services = [functions.service, infra.service, run.service, logs, ...facts.services];
  return { functions, infra, facts, run, services };
}
