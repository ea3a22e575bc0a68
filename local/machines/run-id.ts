/**
 * The name that everything of one hypervisor carries (network namespaces, cgroups, mounts,
 * run directory): it says which process owns it, so that a later run knows what a crash left.
 */

import { randomBytes } from 'node:crypto';
import { readFileSync } from 'node:fs';

const RUN_ID = /^ap-(\d+)-(\d+)-([0-9a-f]{4})/;

/**
 * When a process started, in clock ticks since boot; undefined when there is none.
 * proc(5): field 22 of /proc/PID/stat, counted after the command name in parentheses.
 */
function startTicks(pid: number): string | undefined {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    return stat.slice(stat.lastIndexOf(')') + 2).split(' ')[19];
  } catch {
    return undefined;
  }
}

/** A new name owned by the calling process: `ap-{pid}-{start}-{random}`. */
export function newRunId(): string {
  return `ap-${process.pid}-${startTicks(process.pid)}-${randomBytes(2).toString('hex')}`;
}

/** The run id that a name starts with, or undefined when it is none of ours. */
export function runIdOf(name: string): string | undefined {
  return RUN_ID.exec(name)?.[0];
}

/** Whether the owner still lives. The start time tells it from a later process with its pid. */
export function isAlive(runId: string): boolean {
  const [, pid, start] = RUN_ID.exec(runId) ?? [];
  return pid !== undefined && startTicks(Number(pid)) === start;
}
