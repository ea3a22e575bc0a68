/**
 * transport -> guard -> inbox -> handler -> outbox -> transport. Every step that leaves the
 * process lies between two commits: that it begins is on the disk before it begins, what came of
 * it is on the disk before anybody is told.
 */

import type { Guard } from './guard/guard.ts';
import { IDS_KEPT_MS } from './message.ts';
import type { Observer } from './pipeline/events.ts';
import { createHandling } from './pipeline/handling.ts';
import { type BridgeStore, receive } from './pipeline/receive.ts';
import { UNSURE_MS } from './pipeline/schedule.ts';
import { createSending } from './pipeline/sending.ts';
import { startWorker, type Worker } from './pipeline/worker.ts';
import type { Delivery, Handler, Transport, TransportEvents } from './ports.ts';

export interface PipelineOptions {
  readonly store: BridgeStore;
  readonly guard: Guard;
  readonly handler: Handler;
  readonly transports: readonly Transport[];
  readonly observe: Observer;
  /** What a sender is told when the handler has failed for good; empty for nothing. */
  readonly apology: string;
  /** Messages that are handled, and sent, at once; each of another sender. */
  readonly concurrency: number;
  readonly now?: () => number;
  readonly unsureMs?: number;
  /** How long a stop waits for handlers before it aborts them. */
  readonly graceMs?: number;
}

export interface Pipeline {
  start(): Promise<void>;
  /** Receives nothing more, lets what is under way end, keeps the rest for the next start. */
  stop(): Promise<void>;
  /** Rejects when the disk fails: nothing can be promised any more, the process has to end. */
  readonly broken: Promise<never>;
  /** Milliseconds since the epoch; in the past when nothing rests. */
  readonly restingUntil: number;
}

const GRACE_MS = 20_000;
/** How long a message can be quoted to the agent. */
const QUOTES_MS = 7 * 24 * 3_600_000;
const PRUNE_EVERY_MS = 60_000;
const PRUNE_LIMIT = 2_000;
/** How soon a message is seen that another process put into the queues. */
const LOOK_OUTSIDE_MS = 1_000;

interface Workers {
  readonly handling: Worker;
  readonly sending: Worker;
}

function startWorkers(
  options: PipelineOptions,
  signal: AbortSignal,
  onBroken: (error: unknown) => void,
): Workers {
  const { store, observe, now = Date.now, concurrency } = options;
  const transports = new Map(options.transports.map((one) => [one.name, one]));
  const common = { commits: store, concurrency, now, onBroken };
  const send = createSending({
    outbox: store.outbox,
    quotes: store.quotes,
    transports,
    open: options.handler.open,
    observe,
    now,
    unsureMs: options.unsureMs ?? UNSURE_MS,
    rest: (until) => sending.rest(until),
  });
  const handle = createHandling({
    store,
    handler: options.handler,
    transports,
    observe,
    apology: options.apology,
    now,
    signal,
    rest: (until) => handling.rest(until),
    onQueued: () => sending.wake(),
  });
  const sending: Worker = startWorker({ ...common, queue: store.outbox, work: send });
  const handling: Worker = startWorker({ ...common, queue: store.inbox, work: handle });
  return { handling, sending };
}

/** What is done by the clock: forgetting ended messages, seeing other processes' changes. @returns stops it */
function startClockwork(
  store: BridgeStore,
  workers: Workers,
  now: () => number,
  onBroken: (error: unknown) => void,
): () => void {
  const pruning = setInterval(() => {
    const before = now() - IDS_KEPT_MS;
    void store
      .commit(
        () =>
          store.inbox.prune(before, PRUNE_LIMIT) +
          store.outbox.prune(before, PRUNE_LIMIT) +
          store.quotes.prune(now() - QUOTES_MS, PRUNE_LIMIT) +
          store.pruneAllowances(before, PRUNE_LIMIT),
      )
      .then(store.emptyLog)
      .catch(onBroken);
  }, PRUNE_EVERY_MS).unref();
  const looking = setInterval(() => {
    if (!store.changedOutside()) return;
    workers.handling.wake();
    workers.sending.wake();
  }, LOOK_OUTSIDE_MS).unref();
  return () => {
    clearInterval(pruning);
    clearInterval(looking);
  };
}

export function createPipeline(options: PipelineOptions): Pipeline {
  const { store, guard, handler, observe, transports, now = Date.now } = options;
  const aborted = new AbortController();
  const broken = Promise.withResolvers<never>();
  broken.promise.catch(() => {});
  let workers: Workers | undefined;
  let stopClockwork = (): void => {};

  const onBroken = (error: unknown): void => {
    observe({ type: 'broken', error });
    broken.reject(error);
  };
  const events: TransportEvents = {
    async deliver(delivery: Delivery) {
      await receive(store, guard, delivery, now, observe);
      workers?.handling.wake();
      workers?.sending.wake();
    },
    async confirm(key) {
      const known = await store.commit(() => store.outbox.confirm(key, now()));
      if (known) observe({ type: 'confirmed', key });
      workers?.sending.wake();
    },
    async fail(key, note) {
      const lane = await store.commit(() => store.outbox.fail(key, now(), note));
      if (lane !== undefined) observe({ type: 'send-failed', key, lane, note });
      workers?.sending.wake();
    },
    cursor: store.cursor,
  };

  return {
    broken: broken.promise,
    get restingUntil() {
      return Math.max(workers?.handling.restingUntil ?? 0, workers?.sending.restingUntil ?? 0);
    },
    async start() {
      await handler.start();
      workers = startWorkers(options, aborted.signal, onBroken);
      stopClockwork = startClockwork(store, workers, now, onBroken);
      for (const transport of transports) await transport.start(events);
    },
    async stop() {
      const timer = setTimeout(() => aborted.abort(), options.graceMs ?? GRACE_MS);
      await Promise.all(transports.map((transport) => transport.stop()));
      await workers?.handling.stop();
      clearTimeout(timer);
      await workers?.sending.stop();
      await handler.stop();
      stopClockwork();
    },
  };
}
