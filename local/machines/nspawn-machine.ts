/** One running systemd-nspawn machine: starting it, entering it, powering it off. */

import { type ChildProcess, spawn } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { PlaneError } from '../../contracts/errors.ts';
import type { Machine } from '../machine.ts';
import { GUEST_ENVIRONMENT } from './guest.ts';
import { run } from './run.ts';

const ENTER_GROUP = fileURLToPath(new URL('./enter-group.sh', import.meta.url));
const PATH = '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin';
/** How long PID 1 of the machine may take to appear, in milliseconds. */
const START_TIMEOUT_MS = 10_000;
const POLL_MS = 5;
const STOP_GRACE_MS = 15_000;

export interface MachineStart {
  /** Unique on this host; also what systemd-nspawn knows the machine by. */
  readonly id: string;
  readonly name: string;
  /** The mounted boot disk. */
  readonly root: string;
  readonly namespace: string;
  /** `cgroup.procs` files of the groups to run in. */
  readonly groups: readonly string[];
  /** `--bind=` arguments for data disks. */
  readonly binds: readonly string[];
  readonly onConsole: (chunk: string) => void;
  /** Awaited before `exited` resolves. */
  readonly onExit: () => Promise<void>;
}

function command(start: MachineStart): readonly string[] {
  return [
    'systemd-nspawn',
    '--quiet',
    `--directory=${start.root}`,
    `--machine=${start.id}`,
    `--hostname=${start.name}`,
    `--network-namespace-path=/run/netns/${start.namespace}`,
    // The guest sets rules for its own network, as root does on any VM.
    '--capability=CAP_NET_ADMIN',
    // No systemd on the host is needed.
    '--register=no',
    '--keep-unit',
    '--resolv-conf=off',
    '--timezone=off',
    '--link-journal=no',
    '--console=read-only',
    ...start.binds,
    '--boot',
    // Kernel command line of the machine: the journal on the serial port, as Google's images do.
    'systemd.journald.forward_to_console=1',
    // The same lines once, without progress animations.
    'systemd.show_status=no',
  ];
}

/**
 * PID (on the host) of the machine's PID 1: the child of systemd-nspawn that is 1 in its own
 * namespace (proc(5): the last number of NSpid). Undefined before it exists.
 */
async function leaderOf(nspawn: number): Promise<number | undefined> {
  const children = await readFile(`/proc/${nspawn}/task/${nspawn}/children`, 'utf8').catch(
    () => '',
  );
  for (const pid of children.trim().split(' ').filter(Boolean)) {
    const status = await readFile(`/proc/${pid}/status`, 'utf8').catch(() => '');
    if (/^NSpid:.*\s1$/m.test(status)) return Number(pid);
  }
  return undefined;
}

async function waitForLeader(child: ChildProcess, console: () => string): Promise<void> {
  const deadline = Date.now() + START_TIMEOUT_MS;
  while (Date.now() < deadline && child.exitCode === null) {
    if (child.pid !== undefined && (await leaderOf(child.pid)) !== undefined) return;
    await new Promise((resolve) => setTimeout(resolve, POLL_MS));
  }
  child.kill('SIGKILL');
  throw new PlaneError('INTERNAL', 'The machine did not start', { cause: new Error(console()) });
}

/** Starts the machine; resolves once its PID 1 runs. Throws PlaneError INTERNAL. */
export async function startMachine(start: MachineStart): Promise<Machine> {
  const child = spawn(ENTER_GROUP, [...start.groups, '--', ...command(start)], {
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { PATH },
    // A Ctrl-C at the terminal is for the plane, which then powers machines off in order.
    detached: true,
  });
  let complaint = '';
  child.stdout.setEncoding('utf8').on('data', start.onConsole);
  child.stderr.setEncoding('utf8').on('data', (chunk: string) => {
    complaint += chunk;
    start.onConsole(chunk);
  });
  const ended = new Promise<void>((resolve) => {
    child.on('error', () => resolve());
    child.on('close', () => resolve());
  });
  await waitForLeader(child, () => complaint);
  const exited = ended.then(start.onExit);

  async function leader(): Promise<number> {
    const pid = child.pid === undefined ? undefined : await leaderOf(child.pid);
    if (pid === undefined) {
      throw new PlaneError('FAILED_PRECONDITION', `Machine ${start.name} is not running`);
    }
    return pid;
  }

  return {
    name: start.name,
    exited,
    async exec(argv, options = {}) {
      const environment = Object.entries(GUEST_ENVIRONMENT).map(
        ([key, value]) => `${key}=${value}`,
      );
      const user = options.user === undefined ? [] : ['runuser', '-u', options.user, '--'];
      const enter = ['nsenter', `--target=${await leader()}`, '--all', '--wd'];
      const env = ['env', '-i', `PATH=${PATH}`, 'LANG=C.UTF-8', ...environment];
      return await run([...enter, ...env, ...user, ...argv], options);
    },
    async stop(graceMs = STOP_GRACE_MS) {
      // systemd-nspawn(1), --kill-signal: SIGTERM becomes the power button of the machine.
      child.kill('SIGTERM');
      const timer = setTimeout(() => child.kill('SIGKILL'), graceMs);
      await exited;
      clearTimeout(timer);
    },
  };
}
