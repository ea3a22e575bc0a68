/** The first half of the pipeline: guard, deduplication and queueing, in one transaction. */

import type { Guard } from '../guard/guard.ts';
import {
  type AdmittedMessage,
  type InboundMessage,
  inboxKey,
  laneOf,
  type OutboundMessage,
  type Reply,
} from '../message.ts';
import type { Delivery } from '../ports.ts';
import type { Store } from '../store/store.ts';
import type { Observer } from './events.ts';
import { outgoing } from './outgoing.ts';

export type BridgeStore = Store<AdmittedMessage, OutboundMessage>;

const notice = (text: string): Reply => ({ kind: 'text', text, markup: 'plain' });

/** Inside a commit. */
function receiveOne(
  store: BridgeStore,
  guard: Guard,
  message: InboundMessage,
  now: number,
): ReturnType<Guard>['kind'] | 'duplicate' {
  const key = inboxKey(message);
  const lane = laneOf(message.transport, message.sender);
  // Before the guard is asked: a message that comes twice counts once against its sender's limit.
  if (store.inbox.knows(key)) return 'duplicate';
  const verdict = guard(message, (name, windowMs, limit, at = now) =>
    store.allow(name, Math.min(at, now), windowMs, limit),
  );
  if (verdict.kind === 'admit') {
    const quoted = message.context === undefined ? undefined : store.quotes.find(message.context);
    const payload = { ...message, role: verdict.role, ...(quoted !== undefined && { quoted }) };
    store.inbox.add({ key, lane, payload, at: now });
    if (message.content.kind === 'text') store.quotes.keep(message.id, message.content.text, now);
    return 'admit';
  }
  store.inbox.remember(key, lane, now);
  if ('reply' in verdict && verdict.reply !== undefined) {
    for (const item of outgoing(message, [notice(verdict.reply)], 'notice', now)) {
      store.outbox.add(item);
    }
  }
  return verdict.kind;
}

/** @returns once all of it is on the disk. */
export async function receive(
  store: BridgeStore,
  guard: Guard,
  delivery: Delivery,
  now: () => number,
  observe: Observer,
): Promise<void> {
  const { messages, cursor } = delivery;
  const verdicts = await store.commit(() => {
    const found = messages.map((message) => receiveOne(store, guard, message, now()));
    if (cursor) store.setCursor(cursor.name, cursor.value);
    return found;
  });
  for (const [index, message] of messages.entries()) {
    observe({
      type: 'received',
      key: inboxKey(message),
      lane: laneOf(message.transport, message.sender),
      content: message.content.kind,
      verdict: verdicts[index] ?? 'duplicate',
    });
  }
}
