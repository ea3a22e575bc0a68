/** Events from several sources, taken one at a time. */

export interface Inbox<T> {
  put(event: T): void;
  /** The oldest event; undefined when none came within `waitMs`. */
  take(waitMs: number): Promise<T | undefined>;
}

export function createInbox<T>(): Inbox<T> {
  const waiting: T[] = [];
  let wake: () => void = () => {};
  return {
    put(event) {
      waiting.push(event);
      wake();
    },
    async take(waitMs) {
      if (waiting.length === 0) {
        const woken = Promise.withResolvers<void>();
        const timer = setTimeout(woken.resolve, waitMs);
        wake = woken.resolve;
        await woken.promise;
        clearTimeout(timer);
      }
      return waiting.shift();
    },
  };
}
