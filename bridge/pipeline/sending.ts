/** From the outbox to the transport. */

import type { OutboundMessage } from '../message.ts';
import type { Handler, OutboundFile, SendOutcome, Transport } from '../ports.ts';
import type { Item, Queue } from '../store/queue.ts';
import type { Quotes } from '../store/quotes.ts';
import { afterInterruption, afterSending, type Decision } from './decide.ts';
import { type Observer, reasonOf } from './events.ts';
import type { Settle } from './worker.ts';

export interface SendingOptions {
  readonly outbox: Queue<OutboundMessage>;
  /** Remembers what was sent, for those who answer it. */
  readonly quotes: Quotes;
  readonly transports: ReadonlyMap<string, Transport>;
  /** Files that replies name are the handler's. */
  readonly open: Handler['open'];
  readonly observe: Observer;
  readonly now: () => number;
  /** How long a confirmation is waited for before an unsure send is repeated. */
  readonly unsureMs: number;
  /** The transport takes nothing: claim nothing until then. */
  readonly rest: (until: number) => void;
}

const EVENTS = {
  done: 'sent',
  again: 'send-again',
  rest: 'send-rest',
  dead: 'send-dead',
} as const;

/** The file of a message that has one; or why nothing can be sent. */
async function fileOf(
  open: SendingOptions['open'],
  { content }: OutboundMessage,
): Promise<OutboundFile | SendOutcome | undefined> {
  if (content.kind !== 'file') return undefined;
  const found = (await open?.(content.path)) ?? { kind: 'refused', reason: 'nobody has files' };
  if (found.kind === 'refused') {
    return { kind: found.passing ? 'again' : 'refused', reason: `file: ${found.reason}` };
  }
  const { bytes, mime } = found;
  return { bytes, mime, filename: content.path.split('/').at(-1) ?? 'file' };
}

async function trySend(
  { transports, open }: Pick<SendingOptions, 'transports' | 'open'>,
  { payload, key }: Item<OutboundMessage>,
): Promise<SendOutcome> {
  const transport = transports.get(payload.transport);
  if (!transport) return { kind: 'refused', reason: `no transport is called ${payload.transport}` };
  try {
    const file = await fileOf(open, payload);
    if (file && 'kind' in file) return file;
    return await transport.send(payload, key, file);
  } catch (error) {
    return { kind: 'unsure', reason: reasonOf(error) };
  }
}

/** @returns the work of the outbox's worker */
export function createSending(options: SendingOptions) {
  const { outbox, quotes, observe, now, unsureMs } = options;

  const apply = (item: Item<OutboundMessage>, decision: Decision): void => {
    if (decision.kind === 'done') outbox.finish(item.seq, now());
    else if (decision.kind === 'dead') outbox.bury(item.seq, now(), decision.note);
    else outbox.retry(item.seq, decision.again);
    if (decision.kind === 'rest') options.rest(decision.again.dueAt);
  };

  return async (item: Item<OutboundMessage>): Promise<Settle> => {
    const startedAt = now();
    // What a crash interrupted may have arrived: nothing is sent before that was waited for.
    const outcome = item.interrupted ? undefined : await trySend(options, item);
    const decision = outcome
      ? afterSending(item, outcome, now(), unsureMs)
      : afterInterruption(item, now(), unsureMs);
    const { key, lane, attempts, createdAt } = item;
    return () => {
      apply(item, decision);
      const { content } = item.payload;
      if (outcome?.kind === 'sent' && outcome.id && content.kind === 'text') {
        quotes.keep(outcome.id, content.text, now());
      }
      const type = outcome ? EVENTS[decision.kind] : 'send-interrupted';
      const times = { ms: now() - startedAt, waitedMs: now() - createdAt };
      const note = outcome && 'reason' in outcome ? { note: outcome.reason } : {};
      observe({ type, key, lane, attempts, ...times, ...note });
    };
  };
}
