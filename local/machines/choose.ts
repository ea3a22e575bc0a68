/** Which hypervisor this host can run, found out by trying, not by guessing from its name. */

import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { run } from './run.ts';
import { newRunId } from './run-id.ts';

export interface Choice {
  readonly kind: 'nspawn' | 'process';
  /** One line for a person: why not the real thing, or that it is. */
  readonly reason: string;
}

async function succeeds(argv: readonly string[]): Promise<boolean> {
  return (await run(argv)).code === 0;
}

/** Tries an overlay mount where machines will have theirs. */
async function canOverlay(runDir: string): Promise<boolean> {
  await mkdir(runDir, { recursive: true });
  const trial = await mkdtemp(join(runDir, 'probe-'));
  const [lower, upper, work, merged] = ['lower', 'upper', 'work', 'merged'].map((name) =>
    join(trial, name),
  ) as [string, string, string, string];
  for (const directory of [lower, upper, work, merged]) await mkdir(directory);
  const layers = `lowerdir=${lower},upperdir=${upper},workdir=${work}`;
  const mounted = await succeeds(['mount', '-t', 'overlay', 'overlay', '-o', layers, merged]);
  if (mounted) await run(['umount', merged]);
  await rm(trial, { recursive: true, force: true });
  return mounted;
}

async function canMakeNamespace(): Promise<boolean> {
  const name = newRunId();
  const made = await succeeds(['ip', 'netns', 'add', name]);
  await run(['ip', 'netns', 'delete', name]);
  return made;
}

/**
 * @param runDir where machines will lie
 * @param uid effective user id of this process
 */
export async function chooseHypervisor(runDir: string, uid: number): Promise<Choice> {
  const fallback = (reason: string): Choice => ({
    kind: 'process',
    reason: `the VM is a process tree in a directory: ${reason}`,
  });
  if (uid !== 0) return fallback('real machines need root');
  for (const tool of ['systemd-nspawn', 'mmdebstrap', 'nsenter', 'ip']) {
    if (!(await succeeds([tool, '--version'])) && !(await succeeds([tool, '-V']))) {
      return fallback(`${tool} is not installed`);
    }
  }
  if (!(await canMakeNamespace())) return fallback('this host refuses network namespaces');
  if (!(await canOverlay(runDir))) return fallback('this host refuses overlay mounts');
  return { kind: 'nspawn', reason: 'the VM is Debian with systemd in systemd-nspawn' };
}
