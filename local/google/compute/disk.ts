/** Persistent disks. https://cloud.google.com/compute/docs/reference/rest/v1/disks */

import { alreadyExists, inUse, notFound } from './errors.ts';
import { fingerprint } from './fingerprint.ts';
import { diskPath, linkOf, pathOf, timestamp, zonePath } from './links.ts';

/** The wire form. */
export interface Disk {
  readonly kind: 'compute#disk';
  readonly id: string;
  readonly creationTimestamp: string;
  readonly name: string;
  readonly zone: string;
  readonly selfLink: string;
  readonly sizeGb: string;
  readonly type: string;
  readonly status: 'READY';
  readonly sourceImage?: string;
  readonly description?: string;
  labels: Readonly<Record<string, string>>;
  labelFingerprint: string;
  /** Links of the instances it is attached to. */
  users?: readonly string[];
  lastAttachTimestamp?: string;
  lastDetachTimestamp?: string;
}

export interface DiskSpec {
  readonly project: string;
  readonly zone: string;
  readonly name: string;
  readonly sizeGb: number;
  /** `pd-balanced` */
  readonly type: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly sourceImage?: string | undefined;
  readonly description?: string | undefined;
}

export interface Disks {
  /** @throws GoogleError ALREADY_EXISTS */
  create(spec: DiskSpec): Disk;
  /** By resource path. @throws GoogleError NOT_FOUND */
  get(path: string): Disk;
  has(path: string): boolean;
  list(zone: string): readonly Disk[];
  /** Not atomic with what the user of it does next: check `users` first. */
  attach(path: string, instance: string): void;
  detach(path: string, instance: string): void;
  /** @throws GoogleError NOT_FOUND, INVALID_ARGUMENT (in use) */
  remove(path: string): void;
  setLabels(path: string, labels: Readonly<Record<string, string>>): void;
}

export interface DisksOptions {
  readonly now: () => number;
  readonly nextId: () => string;
}

export function createDisks(options: DisksOptions): Disks {
  const all = new Map<string, Disk>();
  const get = (path: string): Disk => {
    const disk = all.get(path);
    if (!disk) throw notFound(path);
    return disk;
  };
  return {
    get,
    has: (path) => all.has(path),
    list: (zone) => [...all.values()].filter((disk) => disk.zone.endsWith(`/${zone}`)),
    create(spec) {
      const path = diskPath(spec.project, spec.zone, spec.name);
      if (all.has(path)) throw alreadyExists(path);
      const zone = zonePath(spec.project, spec.zone);
      const disk: Disk = {
        kind: 'compute#disk',
        id: options.nextId(),
        creationTimestamp: timestamp(options.now()),
        name: spec.name,
        zone: linkOf(zone),
        selfLink: linkOf(path),
        sizeGb: String(spec.sizeGb),
        type: linkOf(`${zone}/diskTypes/${spec.type}`),
        status: 'READY',
        labels: spec.labels,
        labelFingerprint: fingerprint(spec.labels),
        ...(spec.sourceImage !== undefined && { sourceImage: spec.sourceImage }),
        ...(spec.description !== undefined && { description: spec.description }),
      };
      all.set(path, disk);
      return disk;
    },
    attach(path, instance) {
      const disk = get(path);
      disk.users = [linkOf(instance)];
      disk.lastAttachTimestamp = timestamp(options.now());
    },
    detach(path, instance) {
      const disk = all.get(path);
      if (!disk?.users?.includes(linkOf(instance))) return;
      delete disk.users;
      disk.lastDetachTimestamp = timestamp(options.now());
    },
    remove(path) {
      const user = get(path).users?.[0];
      if (user !== undefined) throw inUse(path, pathOf(user));
      all.delete(path);
    },
    setLabels(path, labels) {
      const disk = get(path);
      disk.labels = labels;
      disk.labelFingerprint = fingerprint(labels);
    },
  };
}
