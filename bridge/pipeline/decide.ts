/** What follows from an attempt: pure. The pipeline applies it inside a commit. */

import type { OutboundMessage } from '../message.ts';
import type { HandlerOutcome, SendOutcome } from '../ports.ts';
import type { Again, Item } from '../store/queue.ts';
import {
  AWAY_LIMIT_MS,
  HANDLER_SCHEDULE,
  INTERRUPTION_LIMIT,
  nextAttempt,
  SEND_SCHEDULE,
  UNSURE_LIMIT,
} from './schedule.ts';

export type Decision =
  | { readonly kind: 'done' }
  | { readonly kind: 'again'; readonly again: Again }
  /** Everybody waits until `again.dueAt`, this item too. */
  | { readonly kind: 'rest'; readonly again: Again }
  | { readonly kind: 'dead'; readonly note: string };

type Outcome<T extends { kind: string }, K extends T['kind']> = Extract<T, { kind: K }>;

/** @param awayPauseMs how long the handler is given to come back, when it is away */
export function afterHandling(
  item: Item<unknown>,
  outcome: Exclude<HandlerOutcome, Outcome<HandlerOutcome, 'replies'>>,
  now: number,
  awayPauseMs: number,
): Decision {
  const { reason: note } = outcome;
  // What may have had its effect once stays so, whatever a later attempt did not get to.
  const begun = outcome.begun || item.interrupted;
  if (outcome.kind === 'away') {
    if (now - item.createdAt > AWAY_LIMIT_MS) return { kind: 'dead', note };
    return { kind: 'rest', again: { dueAt: now + awayPauseMs, note, charged: false, begun } };
  }
  const dueAt = nextAttempt(HANDLER_SCHEDULE, item.attempts, now);
  if (dueAt === undefined) return { kind: 'dead', note };
  return { kind: 'again', again: { dueAt, note, charged: true, begun } };
}

function afterUnsure(
  item: Item<OutboundMessage>,
  note: string,
  now: number,
  unsureMs: number,
  charged: boolean,
): Decision {
  if (item.payload.whenUnsure === 'hold') {
    return { kind: 'dead', note: `${note}; it may have arrived, so it was not repeated` };
  }
  // Attempts that were certainly not sent are no doubts: they have their own schedule.
  const isOver = charged
    ? item.unsure + 1 >= UNSURE_LIMIT
    : item.interruptions >= INTERRUPTION_LIMIT;
  if (isOver) return { kind: 'dead', note };
  const again = { dueAt: now + unsureMs, note, charged, begun: false, unsure: charged };
  return { kind: 'again', again };
}

/** A send that a crash interrupted: its answer was lost, whatever it was. Nothing is sent now. */
export const afterInterruption = (
  item: Item<OutboundMessage>,
  now: number,
  unsureMs: number,
): Decision => afterUnsure(item, 'the bridge ended while sending', now, unsureMs, false);

/** @param unsureMs how long a confirmation is waited for before a message is repeated */
export function afterSending(
  item: Item<OutboundMessage>,
  outcome: SendOutcome,
  now: number,
  unsureMs: number,
): Decision {
  switch (outcome.kind) {
    case 'sent':
      return { kind: 'done' };
    case 'refused':
      return { kind: 'dead', note: outcome.reason };
    case 'unsure':
      return afterUnsure(item, outcome.reason, now, unsureMs, true);
    case 'pace':
    case 'rest': {
      const { reason: note, afterMs } = outcome;
      const again = { dueAt: now + afterMs, note, charged: false, begun: false };
      return { kind: outcome.kind === 'pace' ? 'again' : 'rest', again };
    }
    case 'again': {
      const { reason: note, afterMs } = outcome;
      const dueAt = nextAttempt(SEND_SCHEDULE, item.attempts, now, afterMs);
      if (dueAt === undefined) return { kind: 'dead', note };
      return { kind: 'again', again: { dueAt, note, charged: true, begun: false } };
    }
  }
}
