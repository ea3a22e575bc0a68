/**
 * Cloud Storage's JSON API: buckets, objects, uploads.
 *
 * https://cloud.google.com/storage/docs/json_api/v1
 */

import type { Demand, Service } from './service.ts';
import { bucketIamRoutes, bucketRoutes, objectRoutes, type StorageDeps } from './storage/routes.ts';
import { uploadRoutes } from './storage/upload.ts';

export { bucketResource } from './storage/routes.ts';
export { createStorageStore, type StorageStore } from './storage/store.ts';

function denied({ permission, resource }: Demand, principal: string): string {
  const who = principal.replace(/^[^:]*:/, '');
  const noun = resource.includes('/objects/') ? 'object' : 'bucket';
  return `${who} does not have ${permission} access to the Google Cloud Storage ${noun}. Permission '${permission}' denied on resource (or it may not exist).`;
}

export function createStorage(deps: StorageDeps, newId: () => string): Service {
  return {
    name: 'storage',
    errorShape: 'legacy',
    denied,
    routes: [
      ...bucketRoutes(deps),
      ...bucketIamRoutes(deps),
      ...objectRoutes(deps),
      ...uploadRoutes(deps.store, newId),
    ],
  };
}
