/**
 * Service Usage: which APIs a project has enabled. Enabling takes no time here, so every
 * operation comes back finished.
 *
 * https://cloud.google.com/service-usage/docs/reference/rest
 */

import { excerptProtos } from './excerpt.ts';
import { paginate } from './page.ts';
import { createSchema, type Json } from './proto-schema.ts';
import { restRoutes } from './rest-binding.ts';
import type { RpcMethod } from './rpc.ts';
import type { Service } from './service.ts';
import { GoogleError } from './service.ts';
import type { World } from './world.ts';

const PROTOS = {
  name: 'google.api.serviceusage.v1',
  service: 'ServiceUsage',
  messages: {
    NameRequest: { name: 'string' },
    DisableServiceRequest: {
      name: 'string',
      disableDependentServices: 'bool',
      checkIfServiceHasUsage: 'string',
    },
    ListServicesRequest: {
      parent: 'string',
      pageSize: 'int32',
      pageToken: 'string',
      filter: 'string',
    },
    BatchEnableServicesRequest: { parent: 'string', serviceIds: 'string[]' },
    BatchGetServicesRequest: { parent: 'string', names: 'string[]' },
  },
  methods: {
    GetService: ['NameRequest', 'get', '/v1/{name=projects/*/services/*}'],
    ListServices: ['ListServicesRequest', 'get', '/v1/{parent=projects/*}/services'],
    EnableService: ['NameRequest', 'post', '/v1/{name=projects/*/services/*}:enable', '*'],
    DisableService: [
      'DisableServiceRequest',
      'post',
      '/v1/{name=projects/*/services/*}:disable',
      '*',
    ],
    BatchEnableServices: [
      'BatchEnableServicesRequest',
      'post',
      '/v1/{parent=projects/*}/services:batchEnable',
      '*',
    ],
    BatchGetServices: [
      'BatchGetServicesRequest',
      'get',
      '/v1/{parent=projects/*}/services:batchGet',
    ],
  },
} as const;

/** What a project here can enable: the APIs that the emulator has, and those that only setup enables. */
const KNOWN = [
  'admin',
  'artifactregistry',
  'billingbudgets',
  'cloudbilling',
  'cloudbuild',
  'cloudfunctions',
  'cloudkms',
  'cloudresourcemanager',
  'cloudscheduler',
  'cloudtasks',
  'compute',
  'config',
  'gmail',
  'iam',
  'iamcredentials',
  'iap',
  'logging',
  'monitoring',
  'pubsub',
  'run',
  'secretmanager',
  'serviceusage',
  'storage',
].map((name) => `${name}.googleapis.com`);

const PAGE_MAX = 200;
const project = (name: unknown): string => String(name).split('/').slice(0, 2).join('/');
const on = (verb: string, field: string) => (request: Json) => [
  { permission: `serviceusage.services.${verb}`, resource: project(request[field]) },
];

function checkKnown(id: string): string {
  if (KNOWN.includes(id)) return id;
  throw new GoogleError(
    'PERMISSION_DENIED',
    `Not found or permission denied for service(s): ${id}.`,
  );
}

function methodsOf(world: World): Record<string, RpcMethod> {
  const enabled = new Map<string, Set<string>>();
  const setOf = (parent: string): Set<string> => {
    const key = world.projects.normalise(parent);
    const set = enabled.get(key) ?? new Set();
    enabled.set(key, set);
    return set;
  };
  const numbered = (parent: string): string =>
    `projects/${world.projects.find(parent.split('/')[1] ?? '')?.number ?? ''}`;
  const view = (parent: string, id: string) => ({
    name: `${numbered(parent)}/services/${id}`,
    parent: numbered(parent),
    config: { name: id },
    state: setOf(parent).has(id) ? 'ENABLED' : 'DISABLED',
  });
  const done = (type: string, answer: object) => ({
    name: 'operations/noop.DONE_OPERATION',
    done: true,
    response: { '@type': `type.googleapis.com/google.api.serviceusage.v1.${type}`, ...answer },
  });
  const idOf = (request: Json): string => checkKnown(String(request.name).split('/')[3] ?? '');

  return {
    GetService: {
      demands: on('get', 'name'),
      handle: (request) => view(project(request.name), idOf(request)),
    },
    ListServices: {
      demands: on('list', 'parent'),
      handle: (request) => {
        const parent = String(request.parent);
        const state = /^state:(ENABLED|DISABLED)$/.exec(String(request.filter ?? ''))?.[1];
        const all = KNOWN.map((id) => view(parent, id)).filter((s) => !state || s.state === state);
        const size = request.pageSize as number | undefined;
        const { items, ...next } = paginate(all, size, request.pageToken as string, PAGE_MAX);
        return { services: items, ...next };
      },
    },
    EnableService: {
      demands: on('enable', 'name'),
      handle: (request) => {
        const id = idOf(request);
        setOf(project(request.name)).add(id);
        return done('EnableServiceResponse', { service: view(project(request.name), id) });
      },
    },
    DisableService: {
      demands: on('disable', 'name'),
      handle: (request) => {
        const id = idOf(request);
        setOf(project(request.name)).delete(id);
        return done('DisableServiceResponse', { service: view(project(request.name), id) });
      },
    },
    BatchEnableServices: {
      demands: on('enable', 'parent'),
      handle: (request) => {
        const parent = String(request.parent);
        const ids = ((request.serviceIds ?? []) as string[]).map(checkKnown);
        for (const id of ids) setOf(parent).add(id);
        return done('BatchEnableServicesResponse', { services: ids.map((id) => view(parent, id)) });
      },
    },
    BatchGetServices: {
      demands: on('get', 'parent'),
      handle: (request) => ({
        services: ((request.names ?? []) as string[]).map((name) =>
          view(project(name), checkKnown(name.split('/')[3] ?? '')),
        ),
      }),
    },
  };
}

export function createServiceUsage(world: World): Service {
  return {
    name: 'serviceusage',
    errorShape: 'rpc',
    routes: restRoutes({
      name: 'google.api.serviceusage.v1.ServiceUsage',
      schema: createSchema(excerptProtos(PROTOS)),
      methods: methodsOf(world),
    }),
  };
}
