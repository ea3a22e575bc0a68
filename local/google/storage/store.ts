/** Buckets and objects, in memory. Generations grow over the whole store, as Google's microseconds do. */

import { createHash } from 'node:crypto';
import { crc32c } from '../crc32c.ts';
import { GoogleError } from '../service.ts';

export interface StoredObject {
  readonly name: string;
  readonly bucket: string;
  readonly data: Buffer;
  readonly contentType: string;
  readonly metadata: Readonly<Record<string, string>>;
  readonly generation: string;
  /** RFC 3339. */
  readonly timeCreated: string;
  /** Base64, as Storage answers. */
  readonly md5Hash: string;
  readonly crc32c: string;
}

export interface Bucket {
  readonly name: string;
  /** Project id. */
  readonly project: string;
  readonly location: string;
  readonly timeCreated: string;
  readonly labels: Readonly<Record<string, string>>;
}

export interface ObjectFields {
  readonly contentType?: string | undefined;
  readonly metadata?: Readonly<Record<string, string>> | undefined;
}

export interface StorageStore {
  bucket(name: string): Bucket;
  buckets(project: string): readonly Bucket[];
  /** @throws GoogleError ALREADY_EXISTS: bucket names are one name space for all of Google */
  createBucket(bucket: Omit<Bucket, 'timeCreated'>): Bucket;
  /** @throws GoogleError ALREADY_EXISTS while it has objects */
  removeBucket(name: string): void;
  find(bucket: string, name: string): StoredObject | undefined;
  object(bucket: string, name: string): StoredObject;
  objects(bucket: string, prefix: string): readonly StoredObject[];
  put(bucket: string, name: string, data: Buffer, fields: ObjectFields): StoredObject;
  removeObject(bucket: string, name: string): void;
}

/** https://cloud.google.com/storage/docs/buckets#naming */
const BUCKET_NAME = /^(?!goog)[a-z0-9][a-z0-9._-]{1,61}[a-z0-9]$/;

const checksum = (data: Buffer): string => {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32BE(crc32c(data));
  return bytes.toString('base64');
};

const byName = <T extends { readonly name: string }>(items: Iterable<T>): readonly T[] =>
  [...items].sort((a, b) => (a.name < b.name ? -1 : 1));

/** @param now milliseconds since 1970 */
export function createStorageStore(now: () => number): StorageStore {
  const buckets = new Map<string, Bucket>();
  const objects = new Map<string, Map<string, StoredObject>>();
  let writes = 0;

  const stamp = (): string => new Date(now()).toISOString();
  const bucket = (name: string): Bucket => {
    const found = buckets.get(name);
    if (!found) throw new GoogleError('NOT_FOUND', 'The specified bucket does not exist.');
    return found;
  };
  const within = (name: string): Map<string, StoredObject> =>
    objects.get(bucket(name).name) ?? new Map();
  const object = (inBucket: string, name: string): StoredObject => {
    const found = within(inBucket).get(name);
    if (!found) throw new GoogleError('NOT_FOUND', `No such object: ${inBucket}/${name}`);
    return found;
  };

  return {
    bucket,
    buckets: (project) => byName([...buckets.values()].filter((b) => b.project === project)),
    createBucket(fields) {
      if (!BUCKET_NAME.test(fields.name)) {
        throw new GoogleError('INVALID_ARGUMENT', `Invalid bucket name: '${fields.name}'`);
      }
      if (buckets.has(fields.name)) {
        throw new GoogleError(
          'ALREADY_EXISTS',
          'Your previous request to create the named bucket succeeded and you already own it.',
        );
      }
      const made = { ...fields, timeCreated: stamp() };
      buckets.set(made.name, made);
      objects.set(made.name, new Map());
      return made;
    },
    removeBucket(name) {
      if (within(name).size > 0) {
        throw new GoogleError('ALREADY_EXISTS', 'The bucket you tried to delete is not empty.');
      }
      buckets.delete(name);
      objects.delete(name);
    },
    find: (inBucket, name) => within(inBucket).get(name),
    object,
    objects: (inBucket, prefix) =>
      byName([...within(inBucket).values()].filter(({ name }) => name.startsWith(prefix))),
    put(inBucket, name, data, { contentType = 'application/octet-stream', metadata = {} }) {
      const { name: owner } = bucket(inBucket);
      writes += 1;
      const generation = String(now() * 1000 + writes);
      const md5Hash = createHash('md5').update(data).digest('base64');
      const sums = { md5Hash, crc32c: checksum(data) };
      const fields = { name, bucket: owner, data, contentType, metadata, generation };
      const made: StoredObject = { ...fields, timeCreated: stamp(), ...sums };
      within(inBucket).set(name, made);
      return made;
    },
    removeObject(inBucket, name) {
      within(inBucket).delete(object(inBucket, name).name);
    },
  };
}
