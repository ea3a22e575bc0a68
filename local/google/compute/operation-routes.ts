/** zoneOperations.get, list, wait. */

import type { Call, Route } from '../service.ts';
import type { Catalog } from './catalog.ts';
import { notFound } from './errors.ts';
import { linkOf, zonePath } from './links.ts';
import type { Operation, Operations } from './operation.ts';
import { listAnswer, pageOf } from './page.ts';

/** https://cloud.google.com/compute/docs/reference/rest/v1/zoneOperations/wait: at most two minutes. */
const WAIT_MS = 120_000;

const PATH = '/compute/v1/projects/:project/zones/:zone/operations';
const METHOD = 'google.cloud.compute.v1.ZoneOperations';

export function operationRoutes(operations: Operations, catalog: Catalog): readonly Route[] {
  const find = (call: Call): Operation => {
    const { project = '', zone = '', operation = '' } = call.params;
    catalog.zone(project, zone);
    const found = operations.find(zone, operation);
    if (!found) throw notFound(`${zonePath(project, zone)}/operations/${operation}`);
    return found;
  };
  const demand = (verb: string) => (call: Call) => [
    {
      permission: `compute.zoneOperations.${verb}`,
      resource: zonePath(call.params.project ?? '', call.params.zone ?? ''),
    },
  ];
  return [
    {
      verb: 'GET',
      path: `${PATH}/:operation`,
      method: `${METHOD}.Get`,
      demands: demand('get'),
      handle: find,
    },
    {
      verb: 'POST',
      path: `${PATH}/:operation/wait`,
      method: `${METHOD}.Wait`,
      demands: demand('get'),
      // The official client sends `""` where there is no body.
      rawBody: true,
      handle: (call) => operations.wait(find(call), WAIT_MS),
    },
    {
      verb: 'GET',
      path: '/compute/v1/projects/:project/aggregated/operations',
      method: 'google.cloud.compute.v1.GlobalOperations.AggregatedList',
      demands: (call) => [
        {
          permission: 'compute.zoneOperations.list',
          resource: `projects/${call.params.project}`,
        },
      ],
      handle: (call) => {
        const { project = '' } = call.params;
        const scopes = catalog.zones.map((zone) => [
          `zones/${zone}`,
          { operations: pageOf(call, operations.list(zone)).items },
        ]);
        const self = linkOf(`projects/${project}/aggregated/operations`);
        const items = Object.fromEntries(scopes);
        return { kind: 'compute#operationAggregatedList', id: self, selfLink: self, items };
      },
    },
    {
      verb: 'GET',
      path: PATH,
      method: `${METHOD}.List`,
      demands: demand('list'),
      handle: (call) => {
        const { project = '', zone = '' } = call.params;
        catalog.zone(project, zone);
        const self = linkOf(`${zonePath(project, zone)}/operations`);
        return listAnswer('compute#operationList', self, pageOf(call, operations.list(zone)));
      },
    },
  ];
}
