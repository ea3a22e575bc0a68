/** What setup asks about a project before it changes anything: is it billed, and how much of each quota is left. */

import { linkOf } from '../compute/links.ts';
import type { Service } from '../service.ts';

/** https://cloud.google.com/compute/docs/reference/rest/v1/regions */
export interface Quota {
  readonly metric: string;
  readonly limit: number;
  readonly usage: number;
}

/** Tests change them: a project without billing, or without room. */
export interface ProjectFacts {
  /** Projects without billing. */
  readonly unbilled: Set<string>;
  quotas: readonly Quota[];
  readonly services: readonly Service[];
}

/** What a fresh project has, roughly. */
const DEFAULT_QUOTAS: readonly Quota[] = [
  { metric: 'CPUS', limit: 72, usage: 0 },
  { metric: 'INSTANCES', limit: 720, usage: 0 },
  { metric: 'DISKS_TOTAL_GB', limit: 4096, usage: 0 },
  { metric: 'SSD_TOTAL_GB', limit: 500, usage: 0 },
  { metric: 'IN_USE_ADDRESSES', limit: 8, usage: 0 },
];

export function createProjectFacts(): ProjectFacts {
  const unbilled = new Set<string>();
  const billing: Service = {
    name: 'cloudbilling',
    errorShape: 'rpc',
    routes: [
      {
        verb: 'GET',
        path: '/v1/projects/:project/billingInfo',
        method: 'google.cloud.billing.v1.CloudBilling.GetProjectBillingInfo',
        demands: ({ params }) => [
          { permission: 'resourcemanager.projects.get', resource: `projects/${params.project}` },
        ],
        handle: ({ params }) => {
          const billingEnabled = !unbilled.has(params.project ?? '');
          return {
            name: `projects/${params.project}/billingInfo`,
            projectId: params.project,
            billingAccountName: billingEnabled ? 'billingAccounts/000000-AAAAAA-111111' : '',
            billingEnabled,
          };
        },
      },
    ],
  };
  const regions: Service = {
    name: 'compute',
    errorShape: 'legacy',
    routes: [
      {
        verb: 'GET',
        path: '/compute/v1/projects/:project/regions/:region',
        method: 'google.cloud.compute.v1.Regions.Get',
        demands: ({ params }) => [
          { permission: 'compute.regions.get', resource: `projects/${params.project}` },
        ],
        handle: ({ params: { project, region = '' } }) => ({
          kind: 'compute#region',
          name: region,
          status: 'UP',
          selfLink: linkOf(`projects/${project}/regions/${region}`),
          quotas: facts.quotas,
        }),
      },
    ],
  };
  const facts: ProjectFacts = { unbilled, quotas: DEFAULT_QUOTAS, services: [billing, regions] };
  return facts;
}
