/**
 * Works a queue off: claims what is due, up to `concurrency` items at once, one per lane. Keeps
 * in memory only what is under way; the rest lies in SQLite, however much it is.
 *
 * The claim rides along with whatever is committed: with the message that arrived, or with the end
 * of the one before it in its lane. A message is three fsyncs so, alone; under load, a share of one.
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
  readonly commits: Pick<Store<unknown, unknown>, 'commit' | 'ride'>;
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
  const { queue, commits, concurrency, now, work } = options;
  const active = new Set<Promise<void>>();
  /** Under way, as the open transaction sees it. */
  let busy = 0;
  let bell = Promise.withResolvers<void>();
  let stopped = false;
  let restingUntil = 0;

  const wake = (): void => bell.resolve();

  const one = async (item: Item<T>): Promise<void> => {
    const settle = await work(item);
    await commits.commit(() => {
      busy -= 1;
      settle();
    });
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

  const isDue = (): boolean => {
    if (stopped || busy >= concurrency || restingUntil > now()) return false;
    const due = queue.nextDue();
    return due !== undefined && due <= now();
  };
  const dismount = commits.ride(() => {
    if (!isDue()) return undefined;
    const items = queue.claim(now(), concurrency - busy);
    busy += items.length;
    return () => items.forEach(begin);
  });
  const untilDue = async (): Promise<void> => {
    const due = busy < concurrency ? queue.nextDue() : undefined;
    const at = due === undefined ? undefined : Math.max(due, restingUntil);
    const pause = at === undefined ? MAX_TIMER_MS : Math.max(0, at - now());
    const timer = setTimeout(wake, Math.min(pause, MAX_TIMER_MS));
    await bell.promise;
    clearTimeout(timer);
    bell = Promise.withResolvers<void>();
  };
  const loop = async (): Promise<void> => {
    while (!stopped) {
      // A commit with nothing of its own: the claim rides on it.
      if (isDue()) await commits.commit(() => {});
      else await untilDue();
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
      dismount();
    },
  };
}
