/**
 * The scrub in a thread of its own. In OpenClaw's thread VACUUM would wait for readers of that
 * same thread, which cannot end while it waits: the gateway stood still for half a minute (seen).
 */

import { isMainThread, parentPort, Worker, workerData } from 'node:worker_threads';
import { type Soil, scrub } from './scrub.ts';

interface Work extends Soil {
  readonly scrubBelow: string;
}

/**
 * Starts it and returns at once; it does not keep the gateway from ending.
 * @param file this plugin's own file, which the thread loads
 */
export function startScrub(file: string, work: Work, log: (line: string) => void): void {
  const thread = new Worker(file, { workerData: work });
  thread.on('message', log);
  thread.on('error', ({ message }: Error) =>
    log(`the scrub of the databases broke off: ${message}`),
  );
  thread.unref();
}

/** What the plugin's file does when it is loaded as that thread; nothing elsewhere. */
export function scrubWhenThread(): void {
  if (isMainThread) return;
  const { scrubBelow, needles, instead } = (workerData ?? {}) as Partial<Work>;
  if (scrubBelow === undefined || needles === undefined || instead === undefined) return;
  void scrub(scrubBelow, { needles, instead }, (line) => parentPort?.postMessage(line));
}
