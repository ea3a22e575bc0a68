/** Bot tokens that the owner sent in a chat, until `agent channel add --sent` uses them. Pure. */

import type { AddedChannel } from '../../contracts/added-channels.ts';
import { findTokens } from '../../contracts/find-tokens.ts';

export interface HeldToken {
  readonly token: string;
  /** Milliseconds since the epoch. */
  readonly at: number;
}

/** Long enough to look an id up; a token that nobody uses is not kept. */
const KEPT_MS = 3_600_000;
const KEPT_MAX = 8;

/** Without those whose hour is over. */
export const fresh = (held: readonly HeldToken[], now: number): readonly HeldToken[] =>
  held.filter(({ at }) => now - at < KEPT_MS);

/** With these tokens, the newest last, and without those whose hour is over. */
export function withTokens(
  held: readonly HeldToken[],
  tokens: readonly string[],
  now: number,
): readonly HeldToken[] {
  const others = fresh(held, now).filter(({ token }) => !tokens.includes(token));
  return [...others, ...tokens.map((token) => ({ token, at: now }))].slice(-KEPT_MAX);
}

const isOf = (channel: AddedChannel, token: string): boolean =>
  findTokens(token).some((found) => found.channel === channel);

/** The kinds of token that a channel takes, by how they start. */
const KINDS: Readonly<Partial<Record<AddedChannel, readonly string[]>>> = {
  telegram: [''],
  slack: ['xoxb-', 'xapp-'],
  discord: [''],
};

/** The newest of each kind that the channel takes. */
export function tokensFor(
  held: readonly HeldToken[],
  channel: AddedChannel,
  now: number,
): readonly string[] {
  const own = fresh(held, now).filter(({ token }) => isOf(channel, token));
  return (KINDS[channel] ?? []).flatMap((start) => {
    const newest = own.findLast(({ token }) => token.startsWith(start));
    return newest ? [newest.token] : [];
  });
}

/** Without those of a channel, which has them now. */
export const withoutChannel = (
  held: readonly HeldToken[],
  channel: AddedChannel,
): readonly HeldToken[] => held.filter(({ token }) => !isOf(channel, token));
