/**
 * A control group around each machine, so that every process of it can be found and killed,
 * also by a later run. Works on cgroup v2 and on the v1/v2 hybrid, without a systemd host.
 */

import { readdirSync, readFileSync } from 'node:fs';
import { mkdir, readFile, rmdir } from 'node:fs/promises';
import { join } from 'node:path';

/** mountinfo(5): every hierarchy that systemd-nspawn may use to place processes. */
function hierarchies(): readonly string[] {
  const lines = readFileSync('/proc/self/mountinfo', 'utf8').trim().split('\n');
  return lines.flatMap((line) => {
    const [fields = '', rest = ''] = line.split(' - ');
    const [type, , options = ''] = rest.split(' ');
    const ours = type === 'cgroup2' || (type === 'cgroup' && options.includes('name=systemd'));
    return ours ? [fields.split(' ')[4] ?? ''] : [];
  });
}

/** Makes the group in every hierarchy; answers the `cgroup.procs` files to write a pid to. */
export async function createGroup(name: string): Promise<readonly string[]> {
  const groups = hierarchies().map((hierarchy) => join(hierarchy, name));
  for (const group of groups) await mkdir(group, { recursive: true });
  return groups.map((group) => join(group, 'cgroup.procs'));
}

function descendants(group: string): string[] {
  try {
    const entries = readdirSync(group, { withFileTypes: true });
    const children = entries.filter((entry) => entry.isDirectory());
    return [...children.flatMap((child) => descendants(join(group, child.name))), group];
  } catch {
    return [];
  }
}

async function killMembers(group: string): Promise<boolean> {
  const pids = await readFile(join(group, 'cgroup.procs'), 'utf8').catch(() => '');
  for (const pid of pids.split('\n').filter(Boolean)) {
    try {
      process.kill(Number(pid), 'SIGKILL');
    } catch {
      // It ended by itself meanwhile.
    }
  }
  return pids !== '';
}

/** Kills what still runs in the group, children included, and removes it. */
export async function removeGroup(name: string): Promise<void> {
  const groups = hierarchies().flatMap((hierarchy) => descendants(join(hierarchy, name)));
  for (const group of groups) {
    // A killed process leaves its group only when the kernel is done with it.
    for (let attempt = 0; attempt < 100; attempt += 1) {
      const busy = await killMembers(group);
      const removed = !busy && (await rmdir(group).then(() => true, gone));
      if (removed) break;
      await new Promise((resolve) => setTimeout(resolve, 10));
    }
  }
}

function gone(error: NodeJS.ErrnoException): boolean {
  return error.code === 'ENOENT';
}

/** Names of the groups (and files) at the top of any hierarchy. */
export function groupNames(): readonly string[] {
  return [...new Set(hierarchies().flatMap((hierarchy) => readdirSync(hierarchy)))];
}
