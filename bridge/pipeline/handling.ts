/** From the inbox to the handler and its answer to the outbox. */

import { type AdmittedMessage, laneOf, type OutboundMessage, type Reply } from '../message.ts';
import type { FileResult, Handler, HandlerOutcome, Transport } from '../ports.ts';
import type { Item, NewItem } from '../store/queue.ts';
import { afterHandling, type Decision } from './decide.ts';
import { type Observer, reasonOf } from './events.ts';
import { outgoing } from './outgoing.ts';
import type { BridgeStore } from './receive.ts';
import { awayPause, HANDLER_SCHEDULE, nextAttempt } from './schedule.ts';
import type { Settle } from './worker.ts';

export interface HandlingOptions {
  readonly store: BridgeStore;
  readonly handler: Handler;
  readonly transports: ReadonlyMap<string, Transport>;
  readonly observe: Observer;
  /** What a sender is told when the handler has failed for good; empty for nothing. */
  readonly apology: string;
  readonly now: () => number;
  readonly signal: AbortSignal;
  /** The handler is away: claim nothing until then. */
  readonly rest: (until: number) => void;
  /** Something was put into the outbox. */
  readonly onQueued: () => void;
}

/** A sender hears of failures no more often. */
const APOLOGY_WINDOW_MS = 10 * 60_000;

const EVENTS = {
  done: 'handled',
  again: 'handler-again',
  rest: 'handler-away',
  dead: 'handler-dead',
} as const;

/** A dead letter that is tried again is asked anew: under its old keys the agent gives its old failures. */
const keyFor = ({ key, revived }: Item<AdmittedMessage>): string =>
  revived === 0 ? key : `${key}/retried/${revived}`;

async function ask(
  handler: Handler,
  item: Item<AdmittedMessage>,
  transport: Transport | undefined,
  signal: AbortSignal,
): Promise<HandlerOutcome> {
  const gone = { kind: 'refused', reason: 'its transport is gone' } as const;
  // After the last attempt there is no later.
  const isLast = nextAttempt(HANDLER_SCHEDULE, item.attempts, 0) === undefined;
  const file = async (): Promise<FileResult> => {
    const found = (await transport?.file(item.payload)) ?? gone;
    return isLast && found.kind === 'refused' ? { kind: 'refused', reason: found.reason } : found;
  };
  try {
    const { attempts: attempt, interrupted: begun } = item;
    const context = { key: keyFor(item), attempt, begun, file, signal };
    return await handler.handle(item.payload, context);
  } catch (error) {
    return { kind: 'failed', reason: reasonOf(error), begun: true };
  }
}

interface Answered {
  readonly outcome: HandlerOutcome;
  readonly answers: readonly NewItem<OutboundMessage>[];
}

/** Before the commit: what goes wrong inside one ends the bridge. Never throws. */
function answered(message: AdmittedMessage, outcome: HandlerOutcome, now: number): Answered {
  if (outcome.kind !== 'replies') return { outcome, answers: [] };
  try {
    return { outcome, answers: outgoing(message, outcome.replies, 'reply', now) };
  } catch {
    const reason = 'its answer cannot be written for WhatsApp';
    return { outcome: { kind: 'failed', reason, begun: true }, answers: [] };
  }
}

/** @returns the work of the inbox's worker */
export function createHandling(options: HandlingOptions) {
  const { store, handler, observe, apology, now } = options;
  const { inbox, outbox } = store;
  /** How often in a row the handler was found away, and until when nobody asks again. */
  let away = { times: 0, until: 0 };

  const queue = (items: readonly NewItem<OutboundMessage>[]): void => {
    for (const out of items) outbox.add(out);
    options.onQueued();
  };
  const apologise = (item: Item<AdmittedMessage>): void => {
    const name = `apology:${laneOf(item.payload.transport, item.payload.sender)}`;
    if (apology === '' || !store.allow(name, now(), APOLOGY_WINDOW_MS, 1)) return;
    const words: Reply = { kind: 'text', text: apology, markup: 'plain' };
    queue(outgoing(item.payload, [words], 'notice', now()));
  };
  const apply = (
    item: Item<AdmittedMessage>,
    decision: Decision,
    answers: readonly NewItem<OutboundMessage>[],
  ): void => {
    if (decision.kind === 'done') {
      queue(answers);
      inbox.finish(item.seq, now());
    } else if (decision.kind === 'dead') {
      inbox.bury(item.seq, now(), decision.note);
      apologise(item);
    } else inbox.retry(item.seq, decision.again);
    if (decision.kind === 'rest') options.rest(decision.again.dueAt);
  };

  return async (item: Item<AdmittedMessage>): Promise<Settle> => {
    const startedAt = now();
    const { key, lane, attempts } = item;
    const transport = options.transports.get(item.payload.transport);
    // "Typing" belongs to an agent that is there.
    if (away.times === 0) void transport?.seen(item.payload).catch(() => {});
    const said = await ask(handler, item, transport, options.signal);
    const { outcome, answers } = answered(item.payload, said, now());
    if (outcome.kind !== 'away') away = { times: 0, until: 0 };
    // Those that were begun before it was known are one finding, not many.
    else if (startedAt >= away.until) {
      away = { times: away.times + 1, until: now() + awayPause(away.times + 1) };
    }
    const decision: Decision =
      outcome.kind === 'replies'
        ? { kind: 'done' }
        : afterHandling(item, outcome, now(), awayPause(away.times));
    const note = outcome.kind === 'replies' ? {} : { note: outcome.reason };
    return () => {
      apply(item, decision, answers);
      const ms = now() - startedAt;
      observe({ type: EVENTS[decision.kind], key, lane, attempts, ms, ...note });
    };
  };
}
