/** The best hypervisor that this host can run, its image or OpenClaw built or found in the cache. */

import { join } from 'node:path';
import type { Hypervisor } from '../machine.ts';
import { type Choice, chooseHypervisor } from '../machines/choose.ts';
import { ensureImage, ensureOpenclaw } from '../machines/image.ts';
import { createNspawnHypervisor } from '../machines/nspawn.ts';
import { createProcessHypervisor } from '../machines/process.ts';

export interface HypervisorOptions {
  readonly cacheDir: string;
  /** Environment of what has to be built. */
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly onProgress?: (line: string) => void;
}

export const runDirOf = (cacheDir: string): string => join(cacheDir, 'run');

/** @param force takes the process tree although real machines would be possible */
export async function chooseKind(
  cacheDir: string,
  uid: number,
  force: 'process' | undefined,
): Promise<Choice> {
  if (force === 'process') {
    return { kind: 'process', reason: 'the VM is a process tree in a directory: asked for' };
  }
  return chooseHypervisor(runDirOf(cacheDir), uid);
}

/** Builds what that kind of machine boots from, or finds it built. Returns its path for `openHypervisor`. */
export async function prepareMachines(kind: Choice['kind'], options: HypervisorOptions) {
  return kind === 'nspawn'
    ? ({ kind, image: await ensureImage(options) } as const)
    : ({ kind, openclaw: await ensureOpenclaw(options) } as const);
}
export type Prepared = Awaited<ReturnType<typeof prepareMachines>>;

/**
 * @param hosts names that lead to port 443 of the local plane (real machines only)
 * @param caCertificate PEM of the authority that signs for those names
 */
export function openHypervisor(
  prepared: Prepared,
  cacheDir: string,
  hosts: readonly string[],
  caCertificate: string,
): Promise<Hypervisor> {
  const runDir = runDirOf(cacheDir);
  return prepared.kind === 'nspawn'
    ? createNspawnHypervisor({ image: prepared.image, runDir, hosts, caCertificate })
    : createProcessHypervisor({ openclaw: prepared.openclaw, runDir });
}
