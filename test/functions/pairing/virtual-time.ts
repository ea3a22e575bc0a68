/** Time that jumps from one event to the next, for code that waits with promises. */

export interface VirtualTime {
  /** Milliseconds since the epoch. */
  readonly now: () => number;
  readonly sleep: (ms: number) => Promise<void>;
  /** Lets time pass until this is settled. Throws when nothing is left that could settle it. */
  run<T>(work: Promise<T>): Promise<T>;
}

interface Sleeper {
  readonly at: number;
  readonly order: number;
  readonly wake: () => void;
}

/** Everything that follows from what was just woken, short of the next sleep. */
const settled = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

export function virtualTime(start: number): VirtualTime {
  let time = start;
  let count = 0;
  const sleepers: Sleeper[] = [];
  const sleep = (ms: number): Promise<void> =>
    new Promise((wake) => {
      count += 1;
      sleepers.push({ at: time + Math.max(ms, 0), order: count, wake });
    });
  return {
    now: () => time,
    sleep,
    async run(work) {
      let done = false;
      const mark = (): void => {
        done = true;
      };
      work.then(mark, mark);
      for (;;) {
        await settled();
        if (done) return work;
        sleepers.sort((a, b) => a.at - b.at || a.order - b.order);
        const next = sleepers.shift();
        if (!next) throw new Error('everybody waits, and nobody sleeps');
        time = next.at;
        next.wake();
      }
    },
  };
}

/** A seeded source of numbers in [0, 1): mulberry32. */
export function seeded(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let t = Math.imul(state ^ (state >>> 15), state | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return ((t ^ (t >>> 14)) >>> 0) / 4_294_967_296;
  };
}

/** Evenly between two. */
export const between = (random: () => number, low: number, high: number): number =>
  low + (high - low) * random();

/** Mostly near the median, sometimes many times it: how long people take. */
export const around = (random: () => number, median: number, spread: number): number => {
  const normal = Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random());
  return median * Math.exp(spread * normal);
};
