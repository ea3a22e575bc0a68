/** A lock between processes: a file with its owner's run id. A dead owner's lock is void. */

import { readFile, rename, rm, writeFile } from 'node:fs/promises';
import { isAlive, newRunId } from './run-id.ts';

const POLL_MS = 200;

async function tryLock(file: string, owner: string): Promise<boolean> {
  try {
    await writeFile(file, owner, { flag: 'wx' });
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
  }
  const holder = await readFile(file, 'utf8').catch(() => '');
  if (holder !== '' && !isAlive(holder)) {
    // Renaming succeeds for one waiter alone, so that nobody removes a lock just taken anew.
    const grave = `${file}.${owner}`;
    await rename(file, grave).catch(() => {});
    await rm(grave, { force: true });
  }
  return false;
}

/** Runs `work` while holding `file`; waits as long as a living process holds it. */
export async function withLock<T>(file: string, work: () => Promise<T>): Promise<T> {
  const owner = newRunId();
  while (!(await tryLock(file, owner))) {
    await new Promise((resolve) => setTimeout(resolve, POLL_MS));
  }
  try {
    return await work();
  } finally {
    await rm(file, { force: true });
  }
}
