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
 * Removes the lock of a process that died, one waiter at a time: of two who saw the same dead holder, the second
 * would remove the lock that the first has taken meanwhile.
 * @param holder what stood in it
 */
function breakLock(host: Host, path: string, holder: string | undefined): void {
  const breaking = `${path}.breaking`;
  if (!host.create(breaking, String(process.pid))) {
    if (!isHeld(host, host.read(breaking))) host.remove(breaking);
    return;
  }
  try {
    if (host.read(path) === holder) host.remove(path);
  } finally {
    host.remove(breaking);
  }
}

function isHeld(host: Host, holder: string | undefined): boolean {
  const pid = Number(holder);
  return Number.isInteger(pid) && pid > 0 && host.isRunning(pid);
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
    const holder = host.read(path);
    if (!isHeld(host, holder)) breakLock(host, path, holder);
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
