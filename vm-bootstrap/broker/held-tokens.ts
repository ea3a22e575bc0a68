/**
 * Tokens that our plugin took out of a chat, in a file of the broker's own in memory (tmpfs): each request
 * is a process of its own. The gateway's user can have them used, and cannot read them.
 */

import { type AddedChannel, CHANNEL_TITLES } from '../../contracts/added-channels.ts';
import { PlaneError } from '../../contracts/plane-error.ts';
import {
  fresh,
  type HeldToken,
  tokensFor,
  withoutChannel,
  withTokens,
} from '../core/held-tokens.ts';
import type { Layout } from '../core/layout.ts';
import type { Host } from '../host.ts';
import { readState } from '../state-file.ts';

const read = (host: Host, { heldTokens }: Layout): readonly HeldToken[] =>
  readState<readonly HeldToken[]>(host, heldTokens, 'agent broker') ?? [];

function write(host: Host, { heldTokens }: Layout, held: readonly HeldToken[]): void {
  if (held.length === 0) host.remove(heldTokens);
  else host.write(heldTokens, JSON.stringify(held), { mode: 0o600 });
}

/** Those whose hour is over: at each request, and at each look of the meter's, which has the same user. */
export function dropStale(host: Host, layout: Layout): void {
  if (!host.exists(layout.heldTokens)) return;
  const held = read(host, layout);
  const left = fresh(held, host.now().getTime());
  if (left.length < held.length || left.length === 0) write(host, layout, left);
}

export function holdTokens(host: Host, layout: Layout, tokens: readonly string[]): void {
  write(host, layout, withTokens(read(host, layout), tokens, host.now().getTime()));
}

/** @throws PlaneError FAILED_PRECONDITION when none was sent within the hour */
export function sentTokens(host: Host, layout: Layout, channel: AddedChannel): readonly string[] {
  const tokens = tokensFor(read(host, layout), channel, host.now().getTime());
  if (tokens.length > 0) return tokens;
  throw new PlaneError(
    'FAILED_PRECONDITION',
    `No token of ${CHANNEL_TITLES[channel]} was sent in a chat within the last hour. Ask your owner to send it again.`,
  );
}

/** The channel has them now. */
export function dropTokens(host: Host, layout: Layout, channel: AddedChannel): void {
  write(host, layout, withoutChannel(read(host, layout), channel));
}
