/**
 * Works a queue off: claims what is due, up to `concurrency` items at once, one per lane. Keeps
 * in memory only what is under way; the rest lies in SQLite, however much it is.
 */

import type { Item, Queue } from '../store/queue.ts';
import type { Store } from '../store/store.ts';

/** Changes rows; runs inside a commit. */
export type Settle = () => void;

export interface Worker {
  /** Something may be due. */
  wake(): void;
  /** Claims nothing until then (milliseconds since the epoch). */
  rest(until: number): void;
  readonly active: number;
  readonly restingUntil: number;
  /** Claims nothing more. @returns when all that is under way has ended */
  stop(): Promise<void>;
}

export interface WorkerOptions<T> {
  readonly queue: Queue<T>;
  readonly commit: Store<unknown, unknown>['commit'];
  readonly concurrency: number;
  readonly now: () => number;
  /** Never rejects: what went wrong is in what it returns. */
  readonly work: (item: Item<T>) => Promise<Settle>;
  /** The disk failed: nothing can be settled. */
  readonly onBroken: (error: unknown) => void;
}

/** Node's timers overflow above this. */
const MAX_TIMER_MS = 2 ** 31 - 1;

export function startWorker<T>(options: WorkerOptions<T>): Worker {
  const { queue, commit, concurrency, now, work } = options;
  const active = new Set<Promise<void>>();
  let bell = Promise.withResolvers<void>();
  let stopped = false;
  let restingUntil = 0;

  const wake = (): void => bell.resolve();

  const one = async (item: Item<T>): Promise<void> => {
    const settle = await work(item);
    await commit(settle);
  };
  const begin = (item: Item<T>): void => {
    const task = one(item)
      .catch(options.onBroken)
      .finally(() => {
        active.delete(task);
        wake();
      });
    active.add(task);
  };

  const claim = async (): Promise<number> => {
    const free = concurrency - active.size;
    const due = queue.nextDue();
    if (free <= 0 || due === undefined || due > now() || restingUntil > now()) return 0;
    const items = await commit(() => queue.claim(now(), free));
    for (const item of items) begin(item);
    return items.length;
  };
  const untilDue = async (): Promise<void> => {
    const due = active.size < concurrency ? queue.nextDue() : undefined;
    const at = due === undefined ? undefined : Math.max(due, restingUntil);
    const pause = at === undefined ? MAX_TIMER_MS : Math.max(0, at - now());
    const timer = setTimeout(wake, Math.min(pause, MAX_TIMER_MS));
    await bell.promise;
    clearTimeout(timer);
    bell = Promise.withResolvers<void>();
  };
  const loop = async (): Promise<void> => {
    while (!stopped) {
      if ((await claim()) === 0 && !stopped) await untilDue();
    }
  };
  const running = loop().catch(options.onBroken);

  return {
    wake,
    rest(until) {
      restingUntil = Math.max(restingUntil, until);
      wake();
    },
    get active() {
      return active.size;
    },
    get restingUntil() {
      return restingUntil;
    },
    async stop() {
      stopped = true;
      wake();
      await running;
      await Promise.all(active);
    },
  };
}
