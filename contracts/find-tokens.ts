/**
 * Bot tokens in what people write. Only what is certain: shapes as the services make them, whole and in
 * one piece. Pure, and without a schema: the plugin on the VM needs nothing else.
 */

import type { AddedChannel } from './added-channels.ts';
import { visible } from './visible.ts';

export interface FoundToken {
  readonly channel: AddedChannel;
  readonly token: string;
}

/** What may stand right behind a token: WhatsApp's italics end in `_`, and no letter or digit more. */
const END = '(?=_*(?![\\w-]))';

/**
 * Telegram: the bot's id and 35 characters. Slack: bot, user and app-level tokens. Discord: the bot's id
 * in base64 (whose first letter is a digit's: M, N or O), a time of six, a signature of 27 or 38.
 * In front there may be what people write there: `token:`, `_`, the `bot` of Telegram's addresses.
 */
const SHAPES: readonly { readonly channel: AddedChannel; readonly shape: RegExp }[] = [
  { channel: 'telegram', shape: new RegExp(`(?<!\\d)\\d{8,10}:[\\w-]{35}${END}`, 'g') },
  { channel: 'slack', shape: /(?:xox[abp]|xapp)-(?=[\w-]*\d)[\w-]{19,}[A-Za-z0-9]/g },
  {
    channel: 'discord',
    shape: new RegExp(
      `(?<![A-Za-z0-9])[MNO][\\w-]{22,27}\\.[\\w-]{6}\\.(?:[\\w-]{38}|[\\w-]{27})${END}`,
      'g',
    ),
  },
];

/** Every token in a text, one channel's after the other's. */
export function findTokens(text: string): FoundToken[] {
  const seen = visible(text);
  return SHAPES.flatMap(({ channel, shape }) =>
    [...seen.matchAll(shape)].map(([token]) => ({ channel, token })),
  );
}

/** The text without its tokens (and without invisible characters, should there be any). */
export function withoutTokens(text: string, instead: string): string {
  if (findTokens(text).length === 0) return text;
  return SHAPES.reduce((left, { shape }) => left.replace(shape, () => instead), visible(text));
}

/** Whether a token starts in this stretch of a text without invisible characters. */
export const tokenStartsIn = (seen: string, start: number, end: number): boolean =>
  SHAPES.some(({ shape }) => {
    const index = seen.slice(start).search(shape);
    return index >= 0 && index < end - start;
  });
