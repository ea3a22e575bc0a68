/**
 * Clears away what hypervisors of dead processes left: machines, mounts, namespaces,
 * control groups, run directories. What a living process owns is not touched.
 */

import { readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { groupNames, removeGroup } from './cgroup.ts';
import { run } from './run.ts';
import { isAlive, runIdOf } from './run-id.ts';

async function names(directory: string): Promise<readonly string[]> {
  return await readdir(directory).catch(() => []);
}

/** proc(5): mount points of this namespace, newest first, octal escapes decoded. */
async function mountPoints(): Promise<readonly string[]> {
  const table = await readFile('/proc/self/mountinfo', 'utf8');
  const points = table
    .trim()
    .split('\n')
    .map((line) => line.split(' ')[4] ?? '');
  return points
    .map((point) =>
      point.replace(/\\(\d{3})/g, (_, octal: string) =>
        String.fromCharCode(Number.parseInt(octal, 8)),
      ),
    )
    .reverse();
}

/** Everything on this host that carries a run id, by kind. */
export async function remains(runDir: string, wanted: (runId: string) => boolean) {
  const ours = (name: string) => {
    const id = runIdOf(name);
    return id !== undefined && wanted(id);
  };
  const directories = (await names(runDir)).filter(ours);
  const below = directories.map((name) => `${join(runDir, name)}/`);
  return {
    groups: groupNames().filter(ours),
    mounts: (await mountPoints()).filter((point) =>
      below.some((prefix) => point.startsWith(prefix)),
    ),
    namespaces: (await names('/run/netns')).filter(ours),
    machines: (await names('/run/systemd/nspawn/propagate')).filter(ours),
    directories,
    // Short names of process machines' roots.
    doors: (await names(tmpdir())).filter(ours),
  };
}

/** Removes everything whose run id is `wanted`; safe to repeat. Order: processes, then what they hold. */
export async function removeRemains(
  runDir: string,
  wanted: (runId: string) => boolean,
): Promise<void> {
  const found = await remains(runDir, wanted);
  for (const group of found.groups) await removeGroup(group);
  for (const mount of found.mounts) await run(['umount', '--quiet', '--lazy', mount]);
  for (const namespace of found.namespaces) await run(['ip', 'netns', 'delete', namespace]);
  for (const machine of found.machines) {
    await rm(join('/run/systemd/nspawn/propagate', machine), { recursive: true, force: true });
  }
  for (const directory of found.directories) {
    await rm(join(runDir, directory), { recursive: true, force: true });
  }
  for (const door of found.doors) {
    await rm(join(tmpdir(), door), { recursive: true, force: true });
  }
}

/**
 * Removes what crashed runs left. Without root that is directories alone: nothing else can
 * have been made, and a directory of root's runs is not ours to remove.
 */
export async function removeLeftovers(runDir: string): Promise<void> {
  if (process.getuid?.() === 0) return await removeRemains(runDir, (runId) => !isAlive(runId));
  for (const folder of [runDir, tmpdir()]) {
    for (const name of await names(folder)) {
      const id = runIdOf(name);
      if (id === undefined || isAlive(id)) continue;
      await rm(join(folder, name), { recursive: true, force: true }).catch(() => {});
    }
  }
}
