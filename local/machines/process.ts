/**
 * Machines without root or systemd-nspawn: a process tree in a directory. The same bundle,
 * files and units as on a VM; no users, no firewall, no network of its own. All machines
 * share the host's loopback, so two gateways on one port do not run at the same time.
 */

import { spawn } from 'node:child_process';
import { mkdir, rm, symlink } from 'node:fs/promises';
import { type AddressInfo, createServer, type Server, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { PlaneError } from '../../contracts/errors.ts';
import type { GuestConnection, Hypervisor, Machine, MachineSpec } from '../machine.ts';
import { dataDisks } from './data-disk.ts';
import type { Openclaw } from './image.ts';
import { removeLeftovers } from './leftovers.ts';
import { furnishRoot, rootEnvironment } from './process-root.ts';
import { run } from './run.ts';
import { newRunId } from './run-id.ts';

const INIT = fileURLToPath(new URL('./init.ts', import.meta.url));
const STOP_GRACE_MS = 15_000;
const DATA_DEVICE = 'agents-plane-data';

export interface ProcessOptions {
  /** What `ensureOpenclaw` installed. */
  readonly openclaw: Openclaw;
  /** Directory of all runs; this hypervisor makes one of its own in it. */
  readonly runDir: string;
  /** Where disks lie; without it they go with the run at `close()`. */
  readonly disksDir?: string;
  /** A Node that runs TypeScript (default: the running one). */
  readonly node?: string;
}

/** A metadata address for one machine: a loopback port whose connections are all its own. */
async function metadataPort(onSocket: (socket: Socket) => void): Promise<Server> {
  const server = createServer(onSocket);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return server;
}

interface Start {
  readonly name: string;
  readonly node: string;
  readonly root: string;
  readonly environment: Record<string, string>;
  readonly onConsole: (chunk: string) => void;
  readonly onExit: () => void;
}

function startMachine(start: Start): Machine {
  const { root, environment } = start;
  const arguments_ = ['--disable-warning=ExperimentalWarning', INIT];
  const child = spawn(start.node, arguments_, {
    cwd: root,
    env: environment,
    // The channel is how init notices that the hypervisor is gone.
    stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
    detached: true,
  });
  child.stdout?.setEncoding('utf8').on('data', start.onConsole);
  child.stderr?.setEncoding('utf8').on('data', start.onConsole);
  const exited = new Promise<void>((resolve) => {
    const end = () => {
      start.onExit();
      resolve();
    };
    child.on('error', end);
    child.on('exit', end);
  });
  return {
    name: start.name,
    exited,
    exec: (argv, options = {}) => run(argv, { ...options, env: environment, cwd: root }),
    async stop(graceMs = STOP_GRACE_MS) {
      child.kill('SIGTERM');
      const timer = setTimeout(() => child.kill('SIGKILL'), graceMs);
      await exited;
      clearTimeout(timer);
    },
  };
}

/** Clears what crashed runs left. Machines are started by `boot`. */
export async function createProcessHypervisor(options: ProcessOptions): Promise<Hypervisor> {
  await removeLeftovers(options.runDir);
  const runId = newRunId();
  const runDirectory = join(options.runDir, runId);
  const disks = options.disksDir ?? join(runDirectory, 'disks');
  const machines = new Map<string, Machine | undefined>();
  let listener: ((connection: GuestConnection) => void) | undefined;
  const diskOf = (name: string) => join(disks, 'boot', name);
  const data = dataDisks(disks);
  await data.sweep();
  await mkdir(runDirectory, { recursive: true });
  // Machines are entered by a short name: a socket's path may have 107 bytes (unix(7)).
  const doors = join(tmpdir(), runId);
  await mkdir(doors, { mode: 0o700 });
  const rootOf = (name: string) => join(doors, name);

  async function boot(spec: MachineSpec, onConsole: (chunk: string) => void): Promise<Machine> {
    const { name } = spec;
    if (machines.has(name)) {
      throw new PlaneError('FAILED_PRECONDITION', `Machine ${name} is running already`);
    }
    machines.set(name, undefined);
    const disk = spec.dataDisks.find(({ deviceName }) => deviceName === DATA_DEVICE);
    const server = await metadataPort((socket) => {
      if (listener === undefined) socket.destroy();
      else listener({ socket, port: 80, machine: name });
    });
    const root = rootOf(name);
    await mkdir(diskOf(name), { recursive: true });
    await rm(root, { force: true });
    await symlink(diskOf(name), root);
    await furnishRoot(root, options.openclaw, disk && data.directoryOf(disk.name));
    const machine = startMachine({
      name,
      node: options.node ?? process.execPath,
      root,
      environment: rootEnvironment(root, (server.address() as AddressInfo).port),
      onConsole,
      onExit() {
        machines.delete(name);
        server.close();
      },
    });
    machines.set(name, machine);
    return machine;
  }

  return {
    kind: 'process',
    onConnection: (callback) => {
      listener = callback;
    },
    boot,
    async deleteBootDisk(name) {
      if (machines.has(name)) {
        throw new PlaneError('FAILED_PRECONDITION', `Machine ${name} is running`);
      }
      await rm(diskOf(name), { recursive: true, force: true });
    },
    deleteDataDisk: data.remove,
    async close() {
      await Promise.all([...machines.values()].map((machine) => machine?.stop()));
      await rm(doors, { recursive: true, force: true });
      await rm(runDirectory, { recursive: true, force: true });
    },
  };
}
