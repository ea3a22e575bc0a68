/**
 * Virtual machines of systemd-nspawn(1): Debian with systemd as PID 1, an overlay of the
 * image as boot disk, a network namespace each. The host needs root and no systemd.
 */

import { mkdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { PlaneError } from '../../contracts/errors.ts';
import type { GuestConnection, Hypervisor, Machine, MachineSpec } from '../machine.ts';
import { createGroup, removeGroup } from './cgroup.ts';
import { prepareGuest } from './guest.ts';
import { removeLeftovers, removeRemains } from './leftovers.ts';
import { createNetwork } from './network.ts';
import { startMachine } from './nspawn-machine.ts';
import { bootDisk, deleteBootDisk, mountBootDisk, unmountBootDisk } from './overlay.ts';
import { newRunId } from './run-id.ts';

/** Where the guest finds a data disk, by device name; other names are not mounted. */
const MOUNT_POINTS: Readonly<Record<string, string>> = {
  'agents-plane-data': '/var/lib/agents-plane',
};

export interface NspawnOptions {
  /** Root file system that `ensureImage` built; shared by all machines, never written. */
  readonly image: string;
  /** Directory of all runs; this hypervisor makes one of its own in it. */
  readonly runDir: string;
  /** Where disks lie; without it they go with the run at `close()`. */
  readonly disksDir?: string;
  /** Host names that lead to port 443 of `onConnection`. */
  readonly hosts: readonly string[];
  /** PEM of the throwaway authority that signs for those hosts. */
  readonly caCertificate: string;
  /** A Node that runs TypeScript (default: the running one). */
  readonly node?: string;
}

/**
 * Clears what crashed runs left, then opens the emulated network.
 * Throws PlaneError INTERNAL when the host refuses (ask `chooseHypervisor` first).
 */
export async function createNspawnHypervisor(options: NspawnOptions): Promise<Hypervisor> {
  await removeLeftovers(options.runDir);
  const runId = newRunId();
  const runDirectory = join(options.runDir, runId);
  const disks = options.disksDir ?? join(runDirectory, 'disks');
  const running = new Map<string, Machine>();
  let listener: ((connection: GuestConnection) => void) | undefined;
  let counter = 0;

  await mkdir(join(disks, 'boot'), { recursive: true });
  await mkdir(join(disks, 'data'), { recursive: true });
  const network = await createNetwork({
    runId,
    node: options.node ?? process.execPath,
    onConnection(socket, port, machine) {
      if (listener === undefined) socket.destroy();
      else listener({ socket, port, machine });
    },
  });
  const bootDiskOf = (name: string) =>
    bootDisk(join(disks, 'boot', name), join(runDirectory, 'root', name));
  const dataDiskOf = (name: string) => join(disks, 'data', name);

  async function binds(spec: MachineSpec): Promise<string[]> {
    const mounted = spec.dataDisks.flatMap((disk) => {
      const point = MOUNT_POINTS[disk.deviceName];
      return point === undefined ? [] : [{ directory: dataDiskOf(disk.name), point }];
    });
    for (const { directory } of mounted) await mkdir(directory, { recursive: true });
    return mounted.map(({ directory, point }) => `--bind=${directory}:${point}`);
  }

  async function boot(spec: MachineSpec, onConsole: (chunk: string) => void): Promise<Machine> {
    if (running.has(spec.name)) {
      throw new PlaneError('FAILED_PRECONDITION', `Machine ${spec.name} is running already`);
    }
    const disk = bootDiskOf(spec.name);
    const id = `${runId}-${counter++}`;
    const link = await network.attach(spec.name);
    const release = async () => {
      running.delete(spec.name);
      await removeGroup(id);
      await unmountBootDisk(disk);
      await network.detach(spec.name);
    };
    try {
      await mountBootDisk(disk, options.image);
      await prepareGuest(disk.root, options.image, { ...options, ...link, name: spec.name });
      const machine = await startMachine({
        id,
        name: spec.name,
        root: disk.root,
        namespace: link.namespace,
        groups: await createGroup(id),
        binds: await binds(spec),
        onConsole,
        onExit: release,
      });
      running.set(spec.name, machine);
      return machine;
    } catch (error) {
      await release();
      throw error;
    }
  }

  return {
    kind: 'nspawn',
    onConnection: (callback) => {
      listener = callback;
    },
    boot,
    async deleteBootDisk(name) {
      if (running.has(name)) {
        throw new PlaneError('FAILED_PRECONDITION', `Machine ${name} is running`);
      }
      await deleteBootDisk(bootDiskOf(name));
    },
    async deleteDataDisk(name) {
      await rm(dataDiskOf(name), { recursive: true, force: true });
    },
    async close() {
      await Promise.all([...running.values()].map((machine) => machine.stop()));
      await network.close();
      await removeRemains(options.runDir, (id) => id === runId);
    },
  };
}
