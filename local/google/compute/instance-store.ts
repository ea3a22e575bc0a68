/** The instances that exist. */

import { notFound } from './errors.ts';
import type { InstanceRecord } from './instance.ts';

export interface InstanceStore {
  add(record: InstanceRecord): void;
  remove(record: InstanceRecord): void;
  /** By resource path. */
  find(path: string): InstanceRecord | undefined;
  /** @throws GoogleError NOT_FOUND */
  get(path: string): InstanceRecord;
  list(zone?: string): readonly InstanceRecord[];
  /** By name alone: unique among running machines. */
  byName(name: string): InstanceRecord | undefined;
}

export function createInstanceStore(): InstanceStore {
  const all = new Map<string, InstanceRecord>();
  return {
    add: (record) => void all.set(record.path, record),
    remove: (record) => {
      if (all.get(record.path) === record) all.delete(record.path);
    },
    find: (path) => all.get(path),
    get(path) {
      const record = all.get(path);
      if (!record) throw notFound(path);
      return record;
    },
    list: (zone) =>
      [...all.values()].filter((record) => zone === undefined || record.zone === zone),
    byName: (name) => [...all.values()].find((record) => record.resource.name === name),
  };
}
