/** One bootstrap or reload at a time on a machine. */

import type { Host } from './host.ts';

const POLL_MS = 250;

/** Runs work under a lock file; the lock of a process that died is broken. */
export async function withLock<T>(host: Host, path: string, work: () => Promise<T>): Promise<T> {
  while (!host.create(path, String(process.pid))) {
    const holder = Number(host.read(path));
    if (!Number.isInteger(holder) || holder <= 0 || !host.isRunning(holder)) host.remove(path);
    else await host.sleep(POLL_MS);
  }
  try {
    return await work();
  } finally {
    host.remove(path);
  }
}
