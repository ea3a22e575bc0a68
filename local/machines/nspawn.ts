/**
 * Virtual machines of systemd-nspawn(1): Debian with systemd as PID 1, an overlay of the
 * image as boot disk, a network namespace each. The host needs root and no systemd.
 */

import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { PlaneError } from '../../contracts/errors.ts';
import type { GuestConnection, Hypervisor, Machine, MachineSpec } from '../machine.ts';
import { createGroup, removeGroup } from './cgroup.ts';
import { type DataDisks, dataDisks } from './data-disk.ts';
import { prepareGuest } from './guest.ts';
import { removeLeftovers, removeRemains } from './leftovers.ts';
import { createNetwork, type Network } from './network.ts';
import { startMachine } from './nspawn-machine.ts';
import {
  type BootDisk,
  bootDisk,
  deleteBootDisk,
  mountBootDisk,
  unmountBootDisk,
} from './overlay.ts';
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

/** What the parts of one hypervisor share. */
interface Site {
  readonly options: NspawnOptions;
  readonly runId: string;
  readonly disks: string;
  readonly data: DataDisks;
  readonly network: Network;
  /** Every machine that boots or runs; undefined while it is booting. */
  readonly machines: Map<string, Machine | undefined>;
}

function bootDiskOf({ disks, options, runId }: Site, name: string): BootDisk {
  return bootDisk(join(disks, 'boot', name), join(options.runDir, runId, 'root', name));
}

async function bindArguments(site: Site, spec: MachineSpec): Promise<string[]> {
  const mounted = spec.dataDisks.flatMap((disk) => {
    const point = MOUNT_POINTS[disk.deviceName];
    return point === undefined ? [] : [{ directory: site.data.directoryOf(disk.name), point }];
  });
  for (const { directory } of mounted) await mkdir(directory, { recursive: true });
  return mounted.map(({ directory, point }) => `--bind=${directory}:${point}`);
}

async function bootMachine(
  site: Site,
  spec: MachineSpec,
  onConsole: (chunk: string) => void,
): Promise<Machine> {
  const { name } = spec;
  const { image } = site.options;
  if (site.machines.has(name)) {
    throw new PlaneError('FAILED_PRECONDITION', `Machine ${name} is running already`);
  }
  site.machines.set(name, undefined);
  const disk = bootDiskOf(site, name);
  const link = site.network.linkOf(name);
  const release = async () => {
    await removeGroup(link.namespace);
    await unmountBootDisk(disk);
    await site.network.detach(name);
    site.machines.delete(name);
  };
  try {
    await site.network.attach(name);
    await mountBootDisk(disk, image);
    await prepareGuest(disk.root, image, { ...site.options, ...link, name });
    const machine = await startMachine({
      id: link.namespace,
      name,
      root: disk.root,
      namespace: link.namespace,
      groups: await createGroup(link.namespace),
      binds: await bindArguments(site, spec),
      onConsole,
      onExit: release,
    });
    // It may have died and been released meanwhile.
    if (site.machines.has(name)) site.machines.set(name, machine);
    return machine;
  } catch (error) {
    await release();
    throw error;
  }
}

/**
 * Clears what crashed runs left, then opens the emulated network.
 * Throws PlaneError INTERNAL when the host refuses (ask `chooseHypervisor` first).
 */
export async function createNspawnHypervisor(options: NspawnOptions): Promise<Hypervisor> {
  await removeLeftovers(options.runDir);
  const runId = newRunId();
  const disks = options.disksDir ?? join(options.runDir, runId, 'disks');
  let listener: ((connection: GuestConnection) => void) | undefined;

  await mkdir(join(options.runDir, runId), { recursive: true });
  const network = await createNetwork({
    runId,
    node: options.node ?? process.execPath,
    onConnection(socket, port, machine) {
      if (listener === undefined) socket.destroy();
      else listener({ socket, port, machine });
    },
  });
  const data = dataDisks(disks);
  await data.sweep();
  const site: Site = { options, runId, disks, data, network, machines: new Map() };

  return {
    kind: 'nspawn',
    onConnection: (callback) => {
      listener = callback;
    },
    boot: (spec, onConsole) => bootMachine(site, spec, onConsole),
    async deleteBootDisk(name) {
      if (site.machines.has(name)) {
        throw new PlaneError('FAILED_PRECONDITION', `Machine ${name} is running`);
      }
      await deleteBootDisk(bootDiskOf(site, name));
    },
    deleteDataDisk: data.remove,
    async close() {
      await Promise.all([...site.machines.values()].map((machine) => machine?.stop()));
      await network.close();
      await removeRemains(options.runDir, (id) => id === runId);
    },
  };
}
