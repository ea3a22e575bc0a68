/** From what a handler says to the messages that go out, in order. */

import { choiceMessages } from '../format/choices.ts';
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

const textParts = (text: string): Reply[] =>
  splitText(text).map((part) => ({ kind: 'text', text: part, markup: 'plain' }));

function parts(reply: Reply): Reply[] {
  switch (reply.kind) {
    case 'text':
      return textParts(reply.markup === 'markdown' ? toWhatsApp(reply.text) : reply.text);
    case 'media': {
      // Not as its caption: WhatsApp fetches the file after it has taken the message, and when it
      // cannot, neither arrives.
      const { caption = '', ...media } = reply;
      return [...textParts(toWhatsApp(caption)), media];
    }
    case 'choices':
      return choiceMessages({ ...reply, text: toWhatsApp(reply.text) }).flatMap((one) =>
        one.kind === 'text' ? textParts(one.text) : [one],
      );
    default:
      return [reply];
  }
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
