/**
 * A right that was granted a moment ago: Google's IAM typically knows it after two minutes, and sometimes
 * after seven or more (https://cloud.google.com/iam/docs/access-change-propagation).
 */

import type { Host } from '../host.ts';

const EVERY_MS = 5_000;
/** For a machine's first boot, which nothing else would try again. */
export const FIRST_BOOT_MS = 600_000;

/**
 * Tries until a fresh grant lets it through. Counted, not timed: a clock is set right in a first boot.
 * @returns undefined when it never did
 */
export async function whenGranted<T>(
  host: Pick<Host, 'sleep'>,
  withinMs: number,
  attempt: () => Promise<T | undefined>,
): Promise<T | undefined> {
  for (let waitedMs = 0; ; waitedMs += EVERY_MS) {
    const done = await attempt();
    if (done !== undefined || waitedMs >= withinMs) return done;
    await host.sleep(EVERY_MS);
  }
}
