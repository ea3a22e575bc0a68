/**
 * A secret in what somebody's words are an answer to: a message of long ago, say, with a key that a newer
 * one has replaced. Nobody asks to have it used: it is taken out, and the words are answered.
 *
 * `before_dispatch` cannot change a message, and `reply_dispatch` is the last hook that holds what the
 * model's input is made of (seen, 2026.9.6). Should OpenClaw hand out a copy one day, `before_agent_run` refuses:
 * it is shown the quote as well, in the message behind the history (`turnInput`).
 */

import { piecesOf, type Replies, withoutSecrets } from '../core/hand-over.ts';
import { cleanValue, textOf } from './clean-message.ts';
import type { InboundContext, PluginApi, StoredMessage } from './openclaw.ts';

/** What of the model's input is not the sender's own words. */
const AROUND = [
  ...['ReplyToBody', 'ReplyToQuoteText', 'ReplyChain', 'ThreadStarterBody', 'ThreadHistoryBody'],
  ...['InboundHistory', 'ChannelStructuredContext'],
] as const;

/**
 * Changes the context in place.
 * @returns the pieces that were in it, for whoever looks for what is left of them
 */
export function takeOutAround(context: InboundContext, replies: Replies): readonly string[] {
  const pieces: string[] = [];
  const takeOut = (text: string): string => {
    pieces.push(...piecesOf(text));
    return withoutSecrets(text, replies);
  };
  for (const field of AROUND) {
    const value = context[field];
    const clean = cleanValue(value, takeOut);
    if (clean !== value) context[field] = clean;
  }
  return [...new Set(pieces)];
}

/** @param left is told the pieces: OpenClaw's inbound journal has them until the turn is over */
export function takeOutQuoted(
  api: PluginApi,
  replies: Replies,
  left: (pieces: readonly string[]) => void,
): void {
  api.on('reply_dispatch', async ({ ctx }) => {
    const pieces = takeOutAround(ctx, replies);
    if (pieces.length === 0) return;
    api.logger.info('a secret in a quoted message was taken out');
    left(pieces);
  });
}

const ANSWERS: ReadonlySet<string> = new Set(['assistant', 'toolResult']);

/** The texts that a turn adds to the conversation: the prompt, and what stands around it. */
export function turnInput(event: {
  readonly prompt: string;
  readonly messages?: readonly StoredMessage[];
}): readonly string[] {
  const last = event.messages?.at(-1);
  return last === undefined || ANSWERS.has(last.role)
    ? [event.prompt]
    : [event.prompt, textOf(last)];
}
