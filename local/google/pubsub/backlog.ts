/** What waits on one subscription: handed out for a while, gone when it is acknowledged. */

export interface PubsubMessage {
  readonly messageId: string;
  /** RFC 3339, microseconds. */
  readonly publishTime: string;
  /** Base64. */
  readonly data?: string;
  readonly attributes?: Readonly<Record<string, string>>;
}

export interface ReceivedMessage {
  readonly ackId: string;
  readonly message: PubsubMessage;
}

/** @param deadlineMs after which what was handed out and not acknowledged is handed out again */
export function createBacklog(deadlineMs: number, now: () => number) {
  const open = new Map<string, { readonly message: PubsubMessage; until: number }>();
  let news = Promise.withResolvers<void>();

  const take = (limit: number): ReceivedMessage[] => {
    const due = [...open].filter(([, { until }]) => until <= now()).slice(0, limit);
    // Google promises no order without ordering keys: the newest first, so that nobody relies on one.
    return due.toReversed().map(([id, entry]) => {
      entry.until = now() + deadlineMs;
      return { ackId: id, message: entry.message };
    });
  };

  return {
    get size() {
      return open.size;
    },
    add(messages: readonly PubsubMessage[]): void {
      for (const message of messages) open.set(message.messageId, { message, until: 0 });
      news.resolve();
      news = Promise.withResolvers<void>();
    },
    acknowledge(ids: readonly string[]): void {
      for (const id of ids) open.delete(id);
    },
    /** Waits for something to hand out, as Google does: new, or handed out in vain before. @returns nothing when nothing came */
    async pull(limit: number, holdMs: number): Promise<ReceivedMessage[]> {
      let leftMs = holdMs;
      for (;;) {
        const found = take(limit);
        if (found.length > 0 || leftMs <= 0) return found;
        const soonest = Math.min(...[...open.values()].map(({ until }) => until - now()));
        const pauseMs = Math.min(leftMs, Math.max(soonest, 1));
        leftMs -= pauseMs;
        let timer: NodeJS.Timeout | undefined;
        const enough = new Promise<void>((resolve) => {
          timer = setTimeout(resolve, pauseMs);
          timer.unref();
        });
        await Promise.race([news.promise, enough]);
        clearTimeout(timer);
      }
    },
  };
}
