/** One bootstrap or reload at a time on a machine. */

import { PlaneError } from '../contracts/plane-error.ts';
import type { Host } from './host.ts';

const POLL_MS = 250;

/** How long to wait for somebody else's work, and what to say then. */
interface Patience {
  readonly waitMs: number;
  readonly refusal: string;
}

/**
 * Runs work under a lock file; the lock of a process that died is broken.
 * @throws PlaneError UNAVAILABLE, before any work, when patience ends
 */
export async function withLock<T>(
  host: Host,
  path: string,
  work: () => Promise<T>,
  patience: Patience = { waitMs: Number.POSITIVE_INFINITY, refusal: '' },
): Promise<T> {
  const began = host.now().getTime();
  while (!host.create(path, String(process.pid))) {
    const holder = Number(host.read(path));
    if (!Number.isInteger(holder) || holder <= 0 || !host.isRunning(holder)) host.remove(path);
    else if (host.now().getTime() - began >= patience.waitMs) {
      throw new PlaneError('UNAVAILABLE', patience.refusal);
    } else await host.sleep(POLL_MS);
  }
  try {
    return await work();
  } finally {
    host.remove(path);
  }
}
