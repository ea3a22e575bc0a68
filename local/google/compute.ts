/**
 * Compute Engine, as far as the plane and gcloud use it. What it runs on is a
 * `Hypervisor`; without one it is a state machine, which is enough for most tests.
 *
 * https://cloud.google.com/compute/docs/reference/rest/v1
 */

import { catalogRoutes } from './compute/catalog-routes.ts';
import { diskRoutes } from './compute/disk-routes.ts';
import { instanceActions } from './compute/instance-actions.ts';
import { insertRoute } from './compute/instance-insert.ts';
import { instanceRoutes } from './compute/instance-routes.ts';
import { operationRoutes } from './compute/operation-routes.ts';
import type { Compute } from './compute/state.ts';
import type { Demand, Service } from './service.ts';

export type { ImageSpec } from './compute/catalog.ts';
export { type Compute, type ComputeDeps, createCompute } from './compute/state.ts';

const ACT_AS = 'iam.serviceAccounts.actAs';

/** Compute words a missing actAs in its own way. */
function denied(demand: Demand, principal: string): string {
  const user = principal.replace(/^[^:]*:/, '');
  if (demand.permission === ACT_AS) {
    const account = demand.resource.replace(/^.*\//, '');
    return `The user does not have access to service account '${account}'.  User: '${user}'.  Ask a project owner to grant you the iam.serviceAccountUser role on the service account`;
  }
  return `Required '${demand.permission}' permission for '${demand.resource}'`;
}

export function createComputeService(compute: Compute): Service {
  return {
    name: 'compute',
    errorShape: 'legacy',
    // https://cloud.google.com/compute/docs/api/rate-limits
    rateLimitStatus: 403,
    denied,
    routes: [
      insertRoute(compute),
      ...instanceRoutes(compute),
      ...instanceActions(compute),
      ...diskRoutes(compute),
      ...operationRoutes(compute.operations, compute.catalog),
      ...catalogRoutes(compute.catalog),
    ],
  };
}
