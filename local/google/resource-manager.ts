/**
 * Resource Manager: projects and their IAM policies, v1 and v3.
 *
 * https://cloud.google.com/resource-manager/reference/rest
 */

import { excerptProtos, type MethodExcerpt } from './excerpt.ts';
import { iamMethods } from './iam-methods.ts';
import type { Project } from './projects.ts';
import { createSchema, type Json } from './proto-schema.ts';
import { restRoutes } from './rest-binding.ts';
import type { RpcMethod } from './rpc.ts';
import type { Demand, Service } from './service.ts';
import { GoogleError } from './service.ts';
import type { World } from './world.ts';

const MESSAGES = {
  GetProjectRequest: { name: 'string' },
  ListProjectsRequest: { pageToken: 'string', pageSize: 'int32', filter: 'string' },
} as const;

const policyMethods = (template: string): Record<string, MethodExcerpt> => ({
  GetIamPolicy: ['google.iam.v1.GetIamPolicyRequest', 'post', `${template}:getIamPolicy`, '*'],
  SetIamPolicy: ['google.iam.v1.SetIamPolicyRequest', 'post', `${template}:setIamPolicy`, '*'],
  TestIamPermissions: [
    'google.iam.v1.TestIamPermissionsRequest',
    'post',
    `${template}:testIamPermissions`,
    '*',
  ],
});

const V1 = {
  name: 'google.cloud.resourcemanager.v1',
  service: 'Projects',
  messages: MESSAGES,
  methods: {
    GetProject: ['GetProjectRequest', 'get', '/v1/{name=projects/*}'],
    ListProjects: ['ListProjectsRequest', 'get', '/v1/projects'],
    ...policyMethods('/v1/{resource=projects/*}'),
  },
} as const;

const V3 = {
  name: 'google.cloud.resourcemanager.v3',
  service: 'Projects',
  messages: MESSAGES,
  methods: {
    GetProject: ['GetProjectRequest', 'get', '/v3/{name=projects/*}'],
    ...policyMethods('/v3/{resource=projects/*}'),
  },
} as const;

const viewV1 = (project: Project): object => ({
  projectNumber: project.number,
  projectId: project.id,
  lifecycleState: 'ACTIVE',
  name: project.name,
  createTime: '2026-01-01T00:00:00Z',
});

const viewV3 = (project: Project): object => ({
  name: `projects/${project.number}`,
  projectId: project.id,
  state: 'ACTIVE',
  displayName: project.name,
  createTime: '2026-01-01T00:00:00Z',
});

function methodsOf(world: World, view: (project: Project) => object) {
  const { projects, iam } = world;
  const find = (name: unknown): Project => {
    const project = projects.find(String(name).split('/')[1] ?? '');
    if (!project) throw new GoogleError('NOT_FOUND', `Project '${name}' not found or deleted.`);
    return project;
  };
  const get = 'resourcemanager.projects.get';
  return {
    GetProject: {
      demands: (request: Json) => [{ permission: get, resource: String(request.name) }],
      handle: (request: Json) => view(find(request.name)),
    } satisfies RpcMethod,
    ListProjects: {
      demands: () => [],
      handle: (_request: Json, { principal }) => ({
        projects: projects.all
          .filter(({ id }) =>
            iam.allows(principal, { permission: get, resource: `projects/${id}` }),
          )
          .map(view),
      }),
    } satisfies RpcMethod,
    ...iamMethods(iam, {
      prefix: 'resourcemanager.projects',
      mustExist: (name) => void find(name),
    }),
  };
}

export function createResourceManager(world: World): Service {
  const { ListProjects, ...v1 } = methodsOf(world, viewV1);
  const { ListProjects: _, ...v3 } = methodsOf(world, viewV3);
  return {
    name: 'cloudresourcemanager',
    errorShape: 'rpc',
    denied: ({ permission, resource }: Demand) =>
      `Permission '${permission}' denied on resource '//cloudresourcemanager.googleapis.com/${resource}' (or it may not exist).`,
    routes: [
      ...restRoutes({
        name: `${V1.name}.Projects`,
        schema: createSchema(excerptProtos(V1)),
        methods: { ...v1, ListProjects },
      }),
      ...restRoutes({
        name: `${V3.name}.Projects`,
        schema: createSchema(excerptProtos(V3)),
        methods: v3,
      }),
    ],
  };
}
