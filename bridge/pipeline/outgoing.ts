/** From what a handler says to the messages that go out, in order. */

import { toWhatsApp } from '../format/marks.ts';
import { splitText } from '../format/split.ts';
import {
  type InboundMessage,
  inboxKey,
  laneOf,
  type OutboundMessage,
  type Reply,
} from '../message.ts';
import type { NewItem } from '../store/queue.ts';

function parts(reply: Reply): Reply[] {
  if (reply.kind !== 'text') return [reply];
  const text = reply.markup === 'markdown' ? toWhatsApp(reply.text) : reply.text;
  return splitText(text).map((part) => ({ kind: 'text', text: part, markup: 'plain' }));
}

/**
 * @param message what is answered
 * @param purpose tells apart the answers to one message: their keys never collide
 * @returns items for the outbox; the same replies give the same keys
 */
export function outgoing(
  message: InboundMessage,
  replies: readonly Reply[],
  purpose: 'reply' | 'notice',
  now: number,
): NewItem<OutboundMessage>[] {
  const { transport, sender } = message;
  return replies.flatMap(parts).map((content, index) => ({
    key: `${inboxKey(message)}/${purpose}/${index}`,
    lane: laneOf(transport, sender),
    at: now,
    payload: { transport, to: sender, content, whenUnsure: 'repeat' },
  }));
}
