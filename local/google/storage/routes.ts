/** Routes on buckets and objects, uploads aside. */

import type { IamStore } from '../iam-store.ts';
import { paginate } from '../page.ts';
import type { Projects } from '../projects.ts';
import type { Call, Demand, Route } from '../service.ts';
import { GoogleError, Reply } from '../service.ts';
import { checkGeneration } from './precondition.ts';
import type { StorageStore, StoredObject } from './store.ts';
import { bucketView, objectView } from './view.ts';

export interface StorageDeps {
  readonly store: StorageStore;
  readonly iam: IamStore;
  readonly projects: Projects;
}

const PAGE_MAX = 1000;

export const bucketResource = (bucket: string): string => `projects/_/buckets/${bucket}`;

/** A bucket that does not exist is 404 for everybody, whatever they may: bucket names are public. */
const onBucket =
  (store: StorageStore, permission: string) =>
  (call: Call): readonly Demand[] => {
    const { name } = store.bucket(call.params.bucket ?? '');
    return [{ permission: `storage.${permission}`, resource: bucketResource(name) }];
  };
const onObject =
  (store: StorageStore, verb: string) =>
  (call: Call): readonly Demand[] => {
    const { name } = store.bucket(call.params.bucket ?? '');
    const resource = `${bucketResource(name)}/objects/${call.params.object}`;
    return [{ permission: `storage.objects.${verb}`, resource }];
  };
const onProject =
  (permission: string) =>
  (call: Call): readonly Demand[] => [
    { permission: `storage.${permission}`, resource: `projects/${call.query.get('project')}` },
  ];

const media = (object: StoredObject): Reply =>
  new Reply(200, object.data, {
    'content-type': object.contentType,
    'x-goog-generation': object.generation,
    'x-goog-hash': `crc32c=${object.crc32c},md5=${object.md5Hash}`,
    etag: Buffer.from(object.generation).toString('base64'),
  });

const pageOf = <T>(all: readonly T[], call: Call) => {
  const { query } = call;
  const size = Number(query.get('maxResults') ?? 0);
  return paginate(all, size, query.get('pageToken') ?? undefined, PAGE_MAX);
};

/** With a delimiter, what lies deeper shows only as the prefix that leads there, as folders would. */
function fold(all: readonly StoredObject[], prefix: string, delimiter: string | null) {
  const cut = ({ name }: StoredObject): number =>
    delimiter ? name.indexOf(delimiter, prefix.length) : -1;
  const here = all.filter((object) => cut(object) < 0);
  const deeper = all.filter((object) => cut(object) >= 0);
  const prefixes = new Set(deeper.map((object) => object.name.slice(0, cut(object) + 1)));
  return { here, prefixes: [...prefixes] };
}

const BUCKET = '/storage/v1/b/:bucket';

/** Unknown fields of a bucket are refused by name; those that change nothing here are accepted. */
const BUCKET_FIELDS = [
  'name',
  'location',
  'labels',
  'storageClass',
  'iamConfiguration',
  'versioning',
  'softDeletePolicy',
  'lifecycle',
  'kind',
];

function checkBucketBody(call: Call): void {
  const unknown = Object.keys(call.body).find((field) => !BUCKET_FIELDS.includes(field));
  if (unknown === undefined) return;
  throw new GoogleError(
    'INVALID_ARGUMENT',
    `Invalid JSON payload received. Unknown name "${unknown}": Cannot find field.`,
  );
}

export function bucketRoutes({ store, iam, projects }: StorageDeps): readonly Route[] {
  const view = (name: string): object => {
    const bucket = store.bucket(name);
    return bucketView(bucket, projects.find(bucket.project)?.number ?? '');
  };
  return [
    {
      verb: 'GET',
      path: '/storage/v1/b',
      method: 'storage.buckets.list',
      demands: onProject('buckets.list'),
      handle: (call) => {
        const project = projects.find(call.query.get('project') ?? '')?.id ?? '';
        const { items, ...next } = pageOf(store.buckets(project), call);
        return { kind: 'storage#buckets', items: items.map(({ name }) => view(name)), ...next };
      },
    },
    {
      verb: 'POST',
      path: '/storage/v1/b',
      method: 'storage.buckets.insert',
      demands: onProject('buckets.create'),
      validate: checkBucketBody,
      handle: (call) => {
        const { name = '', location = 'US', labels = {} } = call.body;
        const project = projects.find(call.query.get('project') ?? '')?.id ?? '';
        const made = store.createBucket({
          name: String(name),
          project,
          location: String(location).toUpperCase(),
          labels: labels as Record<string, string>,
        });
        iam.adopt(bucketResource(made.name), `projects/${project}`);
        return view(made.name);
      },
    },
    {
      verb: 'GET',
      path: BUCKET,
      method: 'storage.buckets.get',
      demands: onBucket(store, 'buckets.get'),
      handle: (call) => view(call.params.bucket ?? ''),
    },
    {
      verb: 'DELETE',
      path: BUCKET,
      method: 'storage.buckets.delete',
      demands: onBucket(store, 'buckets.delete'),
      handle: (call) => {
        store.removeBucket(call.params.bucket ?? '');
        iam.drop(bucketResource(call.params.bucket ?? ''));
        return new Reply(204, '');
      },
    },
  ];
}

export function bucketIamRoutes({ store, iam }: StorageDeps): readonly Route[] {
  const resourceOf = (call: Call): string =>
    bucketResource(store.bucket(call.params.bucket ?? '').name);
  const view = (resource: string): object => ({
    kind: 'storage#policy',
    resourceId: resource,
    ...iam.get(resource),
  });
  return [
    {
      verb: 'GET',
      path: `${BUCKET}/iam`,
      method: 'storage.buckets.getIamPolicy',
      demands: onBucket(store, 'buckets.getIamPolicy'),
      handle: (call) => view(resourceOf(call)),
    },
    {
      verb: 'PUT',
      path: `${BUCKET}/iam`,
      method: 'storage.buckets.setIamPolicy',
      demands: onBucket(store, 'buckets.setIamPolicy'),
      handle: (call) => {
        const resource = resourceOf(call);
        iam.set(resource, call.body);
        return view(resource);
      },
    },
    {
      verb: 'GET',
      path: `${BUCKET}/iam/testPermissions`,
      method: 'storage.buckets.testIamPermissions',
      demands: () => [],
      handle: (call) => {
        const asked = call.query.getAll('permissions');
        const permissions = iam.test(call.principal ?? '', resourceOf(call), asked);
        return { kind: 'storage#testIamPermissionsResponse', permissions };
      },
    },
  ];
}

export function objectRoutes({ store }: StorageDeps): readonly Route[] {
  const path = `${BUCKET}/o/:object`;
  const find = (call: Call): StoredObject =>
    store.object(call.params.bucket ?? '', call.params.object ?? '');
  return [
    {
      verb: 'GET',
      path: `${BUCKET}/o`,
      method: 'storage.objects.list',
      demands: onBucket(store, 'objects.list'),
      handle: (call) => {
        const prefix = call.query.get('prefix') ?? '';
        const all = store.objects(call.params.bucket ?? '', prefix);
        const { here, prefixes } = fold(all, prefix, call.query.get('delimiter'));
        const { items, ...next } = pageOf(here, call);
        return { kind: 'storage#objects', items: items.map(objectView), prefixes, ...next };
      },
    },
    {
      verb: 'GET',
      path,
      method: 'storage.objects.get',
      demands: onObject(store, 'get'),
      handle: (call) =>
        call.query.get('alt') === 'media' ? media(find(call)) : objectView(find(call)),
    },
    {
      verb: 'GET',
      path: `/download${path}`,
      method: 'storage.objects.get',
      demands: onObject(store, 'get'),
      handle: (call) => media(find(call)),
    },
    {
      verb: 'DELETE',
      path,
      method: 'storage.objects.delete',
      demands: onObject(store, 'delete'),
      handle: (call) => {
        const { bucket = '', object = '' } = call.params;
        store.object(bucket, object);
        checkGeneration(store, call, bucket, object);
        store.removeObject(bucket, object);
        return new Reply(204, '');
      },
    },
  ];
}
