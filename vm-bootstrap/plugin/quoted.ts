/**
 * A secret in what somebody's words are an answer to: a message of long ago, say, with a key that a newer
 * one has replaced. Nobody asks to have it used: it is taken out, and the words are answered.
 *
 * `before_dispatch` cannot change a message, and `reply_dispatch` is the last hook that holds what the
 * model's input is made of (seen, 2026.9.6). Should OpenClaw hand out a copy one day, `before_agent_run` refuses.
 */

import { piecesOf, type Replies, withoutSecrets } from '../core/hand-over.ts';
import { cleanValue } from './clean-message.ts';
import type { InboundContext, PluginApi } from './openclaw.ts';

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
