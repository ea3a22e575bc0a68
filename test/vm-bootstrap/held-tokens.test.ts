/** Bot tokens between the chat in which they came and the command that uses them. */

import type { AddedChannel } from '../../contracts/added-channels.ts';
import { dropStale, holdTokens, sentTokens } from '../../vm-bootstrap/broker/held-tokens.ts';
import { serve } from '../../vm-bootstrap/broker/serve.ts';
import type { Facts } from '../../vm-bootstrap/core/facts.ts';
import {
  type HeldToken,
  tokensFor,
  withoutChannel,
  withTokens,
} from '../../vm-bootstrap/core/held-tokens.ts';
import { startCloud } from './support/cloud.ts';
import { createMachine } from './support/machine.ts';

const NOW = Date.UTC(2026, 10, 29);
const HOUR = 3_600_000;
const telegram = (letter: string) => ['1234567890', letter.repeat(35)].join(':');
const slack = (kind: string, letter: string) => [kind, `1-${letter.repeat(30)}`].join('-');

const after = (...steps: [string[], number][]): readonly HeldToken[] =>
  steps.reduce<readonly HeldToken[]>((held, [tokens, at]) => withTokens(held, tokens, at), []);

test.each<[string, readonly HeldToken[], AddedChannel, string[]]>([
  ['the one that was sent', after([[telegram('a')], NOW]), 'telegram', [telegram('a')]],
  [
    'the newer of two',
    after([[telegram('a')], NOW - 1], [[telegram('b')], NOW]),
    'telegram',
    [telegram('b')],
  ],
  [
    'the one that was sent again',
    after([[telegram('a')], NOW - 2], [[telegram('b')], NOW - 1], [[telegram('a')], NOW]),
    'telegram',
    [telegram('a')],
  ],
  [
    'both of Slack, in two messages',
    after([[slack('xapp', 'a')], NOW - 1], [[slack('xoxb', 'b')], NOW]),
    'slack',
    [slack('xoxb', 'b'), slack('xapp', 'a')],
  ],
  ['none of another channel', after([[telegram('a')], NOW]), 'discord', []],
  ['none for a channel without tokens', after([[telegram('a')], NOW]), 'signal', []],
  ['none that is an hour old', after([[telegram('a')], NOW - HOUR]), 'telegram', []],
])('%s', (_, held, channel, tokens) => {
  expect(tokensFor(held, channel, NOW)).toEqual(tokens);
});

test('what is over or used is not kept, and never more than eight', () => {
  const old = after([[telegram('a')], NOW - HOUR], [[telegram('b'), slack('xoxb', 'c')], NOW]);
  expect(old.map(({ token }) => token)).toEqual([telegram('b'), slack('xoxb', 'c')]);
  expect(withoutChannel(old, 'telegram').map(({ token }) => token)).toEqual([slack('xoxb', 'c')]);
  const many = 'abcdefghij'.split('').map(telegram);
  expect(withTokens([], many, NOW).map(({ token }) => token)).toEqual(many.slice(-8));
});

test('the file is the broker’s alone; without a token the command says what to do', async () => {
  const cloud = await startCloud();
  const { host, layout, remove } = await createMachine(cloud);
  try {
    expect(() => sentTokens(host, layout, 'telegram')).toThrow(/Ask your owner to send it again/);
    holdTokens(host, layout, [telegram('a')]);
    expect(sentTokens(host, layout, 'telegram')).toEqual([telegram('a')]);
    expect(host.stat(layout.heldTokens)).toMatchObject({ mode: 0o600 });
    const at = (ms: number): typeof host => ({ ...host, now: () => new Date(Date.now() + ms) });
    dropStale(at(HOUR - 60_000), layout);
    expect(host.exists(layout.heldTokens)).toBe(true);
    dropStale(at(HOUR + 1), layout);
    expect(host.exists(layout.heldTokens)).toBe(false);
    host.write(layout.heldTokens, '[{"tok', { mode: 0o600 });
    holdTokens(host, layout, [telegram('a')]);
    await serve(at(HOUR + 1), layout, {} as Facts, '{"command":"hold-tokens","tokens":["x"]}');
    expect(host.read(layout.heldTokens)).not.toContain(telegram('a'));
  } finally {
    remove();
    await cloud.close();
  }
});
