/** A machine's boot disk: what it wrote, laid over the image that all machines share. */

import { mkdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { must, run } from './run.ts';

export interface BootDisk {
  /** The disk itself; deleting it makes the next boot a first boot. */
  readonly directory: string;
  /** Where the whole file system is seen while it is mounted. */
  readonly root: string;
}

export function bootDisk(directory: string, root: string): BootDisk {
  return { directory, root };
}

/** Mounts the disk over `image` (https://docs.kernel.org/filesystems/overlayfs.html). */
export async function mountBootDisk(disk: BootDisk, image: string): Promise<void> {
  const upper = join(disk.directory, 'upper');
  const work = join(disk.directory, 'work');
  for (const directory of [upper, work, disk.root]) await mkdir(directory, { recursive: true });
  const layers = `lowerdir=${image},upperdir=${upper},workdir=${work}`;
  await must(['mount', '-t', 'overlay', 'overlay', '-o', layers, disk.root]);
}

/** Unmounts it; lazily when something still holds a file open. No error when it is not mounted. */
export async function unmountBootDisk(disk: BootDisk): Promise<void> {
  const result = await run(['umount', '--quiet', disk.root]);
  if (result.code !== 0) await run(['umount', '--quiet', '--lazy', disk.root]);
}

export async function deleteBootDisk(disk: BootDisk): Promise<void> {
  await unmountBootDisk(disk);
  await rm(disk.directory, { recursive: true, force: true });
}
