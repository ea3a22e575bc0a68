/**
 * The life of an instance: PROVISIONING -> STAGING -> RUNNING -> STOPPING -> TERMINATED.
 * https://cloud.google.com/compute/docs/instances/instance-lifecycle
 *
 * Without a hypervisor nothing runs, and the states are walked through all the same.
 */

import type { Hypervisor, Machine } from '../../machine.ts';
import type { Disks } from './disk.ts';
import type { InstanceRecord, InstanceStatus } from './instance.ts';
import type { InstanceStore } from './instance-store.ts';
import { nameOf, pathOf, timestamp, zonePath } from './links.ts';
import { OperationFailure } from './operation.ts';

export interface PowerOptions {
  readonly instances: InstanceStore;
  readonly disks: Disks;
  readonly hypervisor: Hypervisor | undefined;
  readonly now: () => number;
  readonly sleep: (ms: number) => Promise<void>;
  readonly stageMs: number;
  /** Zones that have no capacity now. */
  readonly stockouts: ReadonlySet<string>;
}

export interface Power {
  start(record: InstanceRecord): Promise<void>;
  stop(record: InstanceRecord): Promise<void>;
  reset(record: InstanceRecord): Promise<void>;
  /** Stops it, deletes its boot disk, and its data disks where `autoDelete` says so. */
  destroy(record: InstanceRecord): Promise<void>;
}

const stockout = (project: string, zone: string): OperationFailure =>
  new OperationFailure(
    'ZONE_RESOURCE_POOL_EXHAUSTED',
    `The zone '${zonePath(project, zone)}' does not have enough resources available to fulfill the request.  Try a different zone, or try again later.`,
    503,
  );

function setStatus(record: InstanceRecord, status: InstanceStatus, now: number): void {
  record.resource.status = status;
  if (status === 'RUNNING') record.resource.lastStartTimestamp = timestamp(now);
  if (status === 'TERMINATED') record.resource.lastStopTimestamp = timestamp(now);
}

/** Detaches every disk, and deletes those that go with the instance. */
async function release(record: InstanceRecord, options: PowerOptions): Promise<void> {
  const { disks, hypervisor } = options;
  for (const disk of record.resource.disks) {
    const path = pathOf(disk.source);
    disks.detach(path, record.path);
    if (!disk.autoDelete || !disks.has(path)) continue;
    disks.remove(path);
    if (!disk.boot) await hypervisor?.deleteDataDisk(nameOf(path));
  }
  await hypervisor?.deleteBootDisk(record.resource.name);
}

export function createPower(options: PowerOptions): Power {
  const { instances, hypervisor, now, sleep, stageMs } = options;

  const become = (record: InstanceRecord, status: InstanceStatus): void =>
    setStatus(record, status, now());

  /** A guest that powers itself off ends as TERMINATED, as on Google. */
  const watch = (record: InstanceRecord, machine: Machine): void => {
    void machine.exited.then(() => {
      if (record.machine !== machine) return;
      record.machine = undefined;
      become(record, 'TERMINATED');
    });
  };

  const boot = async (record: InstanceRecord): Promise<void> => {
    record.guest.clear();
    if (!hypervisor) return;
    const dataDisks = record.resource.disks
      .filter((disk) => !disk.boot)
      .map((disk) => ({ name: nameOf(disk.source), deviceName: disk.deviceName }));
    const machine = await hypervisor.boot({ name: record.resource.name, dataDisks }, (chunk) =>
      record.console.append(chunk),
    );
    record.machine = machine;
    watch(record, machine);
  };

  const halt = async (record: InstanceRecord): Promise<void> => {
    const { machine } = record;
    record.machine = undefined;
    await machine?.stop();
  };

  const start = async (record: InstanceRecord): Promise<void> => {
    if (record.resource.status === 'RUNNING') return;
    become(record, 'PROVISIONING');
    if (options.stockouts.has(record.zone)) {
      become(record, 'TERMINATED');
      throw stockout(record.project, record.zone);
    }
    await sleep(stageMs);
    become(record, 'STAGING');
    await sleep(stageMs);
    try {
      await boot(record);
    } catch (error) {
      become(record, 'TERMINATED');
      throw error;
    }
    become(record, 'RUNNING');
  };

  const stop = async (record: InstanceRecord): Promise<void> => {
    if (record.resource.status === 'TERMINATED') return;
    become(record, 'STOPPING');
    await sleep(stageMs);
    await halt(record);
    become(record, 'TERMINATED');
  };

  return {
    start: (record) => record.inOrder(() => start(record)),
    stop: (record) => record.inOrder(() => stop(record)),
    reset: (record) =>
      record.inOrder(async () => {
        await halt(record);
        await boot(record);
      }),
    destroy: (record) =>
      record.inOrder(async () => {
        await stop(record);
        await release(record, options);
        instances.remove(record);
      }),
  };
}
