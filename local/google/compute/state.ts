/** Everything Compute Engine knows in one emulator, and what its parts are handed. */

import type { Hypervisor } from '../../machine.ts';
import type { IamStore } from '../iam-store.ts';
import { loadProtos } from '../proto-json.ts';
import { createSchema, type Json, type Schema } from '../proto-schema.ts';
import type { Call } from '../service.ts';
import { type Catalog, createCatalog, type ImageSpec } from './catalog.ts';
import { createDisks, type Disks } from './disk.ts';
import { createInstanceStore, type InstanceStore } from './instance-store.ts';
import { createOperations, type Operations } from './operation.ts';
import { createPower, type Power } from './power.ts';

export interface ComputeDeps {
  readonly project: { readonly id: string; readonly number: string };
  readonly others?: readonly { readonly id: string; readonly number: string }[];
  /** Milliseconds since 1970. */
  readonly now: () => number;
  readonly iam: IamStore;
  readonly accountExists: (email: string) => boolean;
  readonly zones?: readonly string[];
  readonly images?: readonly ImageSpec[];
  readonly subnetworks?: readonly string[];
  /** Without one, instances reach RUNNING and nothing runs. */
  readonly hypervisor?: Hypervisor;
  /** Milliseconds between two states of an instance or operation. Default 10. */
  readonly stageMs?: number;
  readonly sleep?: (ms: number) => Promise<void>;
}

export interface Compute {
  readonly deps: ComputeDeps;
  readonly catalog: Catalog;
  readonly operations: Operations;
  readonly instances: InstanceStore;
  readonly disks: Disks;
  readonly power: Power;
  /** Zones without capacity: add one, and inserts and starts there end in a stockout. */
  readonly stockouts: Set<string>;
  /** Zones in which an insert that ends in a stockout leaves the disks that it made. */
  readonly untidy: Set<string>;
  readonly nextId: () => string;
  readonly nextAddress: () => string;
  /** Reads a call's body as `google.cloud.compute.v1.{type}`. @throws GoogleError INVALID_ARGUMENT */
  body(call: Call, type: string): Json;
}

const DEFAULT_ZONES = ['europe-west1-b', 'europe-west1-c', 'europe-west1-d', 'us-central1-a'];
const DEFAULT_STAGE_MS = 10;

/** What Google shares with everybody; the name of the release does not matter here. */
const PUBLIC_IMAGES: readonly ImageSpec[] = [
  {
    project: 'debian-cloud',
    name: 'debian-12-bookworm-v20261110',
    family: 'debian-12',
    diskSizeGb: 10,
    createdAt: Date.UTC(2026, 10, 10),
  },
];

/** Does not keep the process alive: an emulator that is left alone may end. */
const unrefSleep = (ms: number): Promise<void> =>
  new Promise((resolve) => {
    setTimeout(resolve, ms).unref();
  });

export function createCompute(deps: ComputeDeps): Compute {
  const { now, sleep = unrefSleep, stageMs = DEFAULT_STAGE_MS } = deps;
  let lastId = 4_000_000_000_000_000_000n;
  let lastAddress = 1;
  let schema: Schema | undefined;

  const nextId = (): string => {
    lastId += 1_000_003n;
    return String(lastId);
  };
  const catalog = createCatalog({
    project: deps.project,
    others: deps.others,
    zones: deps.zones ?? DEFAULT_ZONES,
    images: [...PUBLIC_IMAGES, ...(deps.images ?? [])],
    subnetworks: ['default', ...(deps.subnetworks ?? [])],
  });
  const operations = createOperations({ now, sleep, nextId, stageMs });
  const instances = createInstanceStore();
  const disks = createDisks({ now, nextId });
  const stockouts = new Set<string>();
  const { hypervisor } = deps;
  const power = createPower({ instances, disks, hypervisor, now, sleep, stageMs, stockouts });
  return {
    deps,
    catalog,
    operations,
    instances,
    disks,
    power,
    stockouts,
    untidy: new Set(),
    nextId,
    nextAddress() {
      lastAddress += 1;
      return `10.132.${lastAddress >> 8}.${lastAddress & 255}`;
    },
    body(call, type) {
      // 12 MB of JSON: only read when the first body comes.
      schema ??= createSchema(loadProtos('@google-cloud/compute'));
      return schema.read(`google.cloud.compute.v1.${type}`, call.body);
    },
  };
}
