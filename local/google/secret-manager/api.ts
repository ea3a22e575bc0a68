/**
 * Secret Manager v1. Methods in proto3 JSON; REST and gRPC are derived from the protos
 * of `@google-cloud/secret-manager`.
 *
 * https://cloud.google.com/secret-manager/docs/reference/rest
 */

import { iamMethods } from '../iam-methods.ts';
import { loadProtos } from '../proto-json.ts';
import { createSchema } from '../proto-schema.ts';
import { restRoutes } from '../rest-binding.ts';
import type { RpcApi } from '../rpc.ts';
import type { Service } from '../service.ts';
import type { World } from '../world.ts';
import { type Named, str } from './request.ts';
import { secretMethods } from './secrets.ts';
import { createSecretStore } from './store.ts';
import { versionMethods } from './versions.ts';

/** The API over one store; served by REST and gRPC alike. */
export function createSecretManagerApi(world: World): RpcApi {
  const store = createSecretStore(world.clock.now);
  const byNumber: Named = (name) => {
    const [root, project = '', ...rest] = str(name).split('/');
    return [root, world.projects.find(project)?.number ?? project, ...rest].join('/');
  };
  const iam = iamMethods(world.iam, {
    prefix: 'secretmanager.secrets',
    mustExist: (resource) => void store.get(byNumber(resource)),
  });
  return {
    name: 'google.cloud.secretmanager.v1.SecretManagerService',
    schema: createSchema(loadProtos('@google-cloud/secret-manager')),
    methods: {
      ...secretMethods(store, world, byNumber),
      ...versionMethods(store, byNumber),
      ...iam,
    },
  };
}

export function createSecretManager(api: RpcApi): Service {
  return { name: 'secretmanager', errorShape: 'rpc', routes: restRoutes(api) };
}
