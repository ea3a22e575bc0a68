/**
 * The port between the emulated Compute Engine and whatever really runs a machine:
 * systemd-nspawn where it works, a process tree in a directory elsewhere.
 */

import type { Socket } from 'node:net';

export interface DiskSpec {
  /** Resource name; the disk's content outlives the machine under this name. */
  readonly name: string;
  /** What the guest calls it: `/dev/disk/by-id/google-{deviceName}`. */
  readonly deviceName: string;
}

export interface MachineSpec {
  /** Instance name; unique among the running machines of one hypervisor. */
  readonly name: string;
  readonly dataDisks: readonly DiskSpec[];
}

export interface ExecResult {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** One running machine. */
export interface Machine {
  readonly name: string;
  /** Resolves when the machine has powered off or died. */
  readonly exited: Promise<void>;
  /** Runs a command inside the machine as root, as one would over SSH. */
  exec(
    argv: readonly string[],
    options?: { stdin?: string; user?: string; timeoutMs?: number },
  ): Promise<ExecResult>;
  /** Orderly shutdown (ACPI power button), then the hard way after `graceMs`. Keeps the boot disk. */
  stop(graceMs?: number): Promise<void>;
}

/** A connection that a machine opened to the emulated outside world. */
export interface GuestConnection {
  readonly socket: Socket;
  /** 80: metadata server at 169.254.169.254. 443: TLS to any emulated host name. */
  readonly port: 80 | 443;
  /** Name of the machine it comes from, by its source address. Cannot be forged by the guest. */
  readonly machine: string;
}

export interface Hypervisor {
  readonly kind: 'nspawn' | 'process';
  /** Every connection of every machine arrives here. Set once, before the first boot. */
  onConnection(listener: (connection: GuestConnection) => void): void;
  /**
   * Boots (or boots again, with the same boot disk) a machine.
   * @param onConsole receives serial console output as it comes.
   */
  boot(spec: MachineSpec, onConsole: (chunk: string) => void): Promise<Machine>;
  /** Deletes a stopped machine's boot disk. Data disks stay. */
  deleteBootDisk(name: string): Promise<void>;
  deleteDataDisk(name: string): Promise<void>;
  /** Stops every machine, removes namespaces, mounts and cgroups. Disks go too, unless kept by the caller's directory. */
  close(): Promise<void>;
}
