/** Waiting for what happens in a stand-in. */

import { EventEmitter } from 'node:events';

export type Changes = EventEmitter<{ change: [] }>;

export const createChanges = (): Changes =>
  new EventEmitter<{ change: [] }>().setMaxListeners(0) as Changes;

const WAIT_MS = 10_000;

/** Waits for what `look` finds, now or after a change. @throws Error after `timeoutMs` */
export async function untilSeen<T>(
  changes: Changes,
  what: string,
  look: () => T | undefined,
  timeoutMs = WAIT_MS,
): Promise<T> {
  const end = AbortSignal.timeout(timeoutMs);
  for (;;) {
    const seen = look();
    if (seen !== undefined) return seen;
    if (end.aborted) throw new Error(`waited ${timeoutMs} ms for ${what}`);
    await EventEmitter.once(changes, 'change', { signal: end }).catch(() => {});
  }
}
