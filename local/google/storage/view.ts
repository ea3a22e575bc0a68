/** Buckets and objects as the JSON API shows them. Pure. */

import type { Bucket, StoredObject } from './store.ts';

const BASE = 'https://www.googleapis.com/storage/v1';

export const bucketView = (bucket: Bucket, projectNumber: string): object => ({
  kind: 'storage#bucket',
  id: bucket.name,
  name: bucket.name,
  selfLink: `${BASE}/b/${bucket.name}`,
  projectNumber,
  location: bucket.location,
  locationType: 'region',
  storageClass: 'STANDARD',
  metageneration: '1',
  etag: 'CAE=',
  timeCreated: bucket.timeCreated,
  updated: bucket.timeCreated,
  iamConfiguration: {
    uniformBucketLevelAccess: { enabled: true },
    publicAccessPrevention: 'enforced',
  },
  ...(Object.keys(bucket.labels).length > 0 ? { labels: bucket.labels } : {}),
});

export function objectView(object: StoredObject): object {
  const path = `b/${object.bucket}/o/${encodeURIComponent(object.name)}`;
  const { generation } = object;
  return {
    kind: 'storage#object',
    id: `${object.bucket}/${object.name}/${generation}`,
    name: object.name,
    bucket: object.bucket,
    generation,
    metageneration: '1',
    contentType: object.contentType,
    storageClass: 'STANDARD',
    size: String(object.data.length),
    md5Hash: object.md5Hash,
    crc32c: object.crc32c,
    etag: Buffer.from(generation).toString('base64'),
    timeCreated: object.timeCreated,
    updated: object.timeCreated,
    selfLink: `${BASE}/${path}`,
    mediaLink: `https://storage.googleapis.com/download/storage/v1/${path}?generation=${generation}&alt=media`,
    ...(Object.keys(object.metadata).length > 0 ? { metadata: object.metadata } : {}),
  };
}
