/** An instance: its wire form, and what the emulator knows besides. */

import type { Machine } from '../../machine.ts';
import { ConsoleLog } from './console-log.ts';
import { GuestAttributes } from './guest-attributes.ts';
import type { Metadata } from './metadata-items.ts';

export type InstanceStatus = 'PROVISIONING' | 'STAGING' | 'RUNNING' | 'STOPPING' | 'TERMINATED';

export interface AttachedDisk {
  readonly kind: 'compute#attachedDisk';
  readonly type: 'PERSISTENT';
  readonly mode: 'READ_WRITE' | 'READ_ONLY';
  readonly source: string;
  readonly deviceName: string;
  readonly index: number;
  readonly boot: boolean;
  readonly autoDelete: boolean;
  readonly interface: string;
  readonly diskSizeGb: string;
}

export interface NetworkInterface {
  readonly kind: 'compute#networkInterface';
  readonly name: string;
  readonly network: string;
  readonly subnetwork: string;
  readonly networkIP: string;
  readonly fingerprint: string;
  readonly stackType: 'IPV4_ONLY';
  readonly accessConfigs?: readonly object[];
}

export interface ServiceAccountUse {
  readonly email: string;
  readonly scopes: readonly string[];
}

/** https://cloud.google.com/compute/docs/reference/rest/v1/instances */
export interface Instance {
  readonly kind: 'compute#instance';
  readonly id: string;
  readonly name: string;
  readonly zone: string;
  readonly selfLink: string;
  readonly creationTimestamp: string;
  readonly cpuPlatform: string;
  status: InstanceStatus;
  fingerprint: string;
  machineType: string;
  disks: readonly AttachedDisk[];
  networkInterfaces: readonly NetworkInterface[];
  metadata: Metadata;
  labels: Readonly<Record<string, string>>;
  labelFingerprint: string;
  tags: { readonly items?: readonly string[]; readonly fingerprint: string };
  serviceAccounts: readonly ServiceAccountUse[];
  deletionProtection: boolean;
  lastStartTimestamp?: string;
  lastStopTimestamp?: string;
  description?: string;
  hostname?: string;
  /** Settings that are kept as they were given: scheduling, Shielded VM, ... */
  readonly [setting: string]: unknown;
}

/** An instance as the emulator holds it. */
export class InstanceRecord {
  readonly project: string;
  readonly zone: string;
  readonly path: string;
  readonly resource: Instance;
  readonly console = new ConsoleLog();
  readonly guest = new GuestAttributes();
  machine: Machine | undefined;
  readonly #watchers = new Set<() => void>();
  #queue: Promise<void> = Promise.resolve();

  constructor(project: string, zone: string, path: string, resource: Instance) {
    this.project = project;
    this.zone = zone;
    this.path = path;
    this.resource = resource;
  }

  /** Wakes everybody who waits for a change of what the metadata server tells. */
  changed(): void {
    for (const watcher of [...this.#watchers]) watcher();
  }

  /** @returns a function that ends the watch */
  watch(watcher: () => void): () => void {
    this.#watchers.add(watcher);
    return () => void this.#watchers.delete(watcher);
  }

  /** Power operations on one instance happen one after another. */
  inOrder(work: () => Promise<void>): Promise<void> {
    const done = this.#queue.then(work);
    this.#queue = done.catch(() => undefined);
    return done;
  }
}
