/** A secret in what a message answers: out of the model's input, while the sender's own words stay. */

import type { Replies } from '../../vm-bootstrap/core/hand-over.ts';
import { takeOutAround, turnInput } from '../../vm-bootstrap/plugin/quoted.ts';
import { templates } from '../../vm-bootstrap/templates.ts';

const REPLIES = JSON.parse(templates['plugin/replies.json'] ?? '') as Replies;
const KEY = 'sk-ant-api03-a7d2e8c4b6Zx9Cv5Bn1Mq3Lw7Rt8Yu2Io4Pa6Sd0Fg5Hj';
const TOKEN = ['1234567890', 'AAH4k2mQ9xZ7vB3nC5pL8sD1fG6hJ0wE2rT'].join(':');

test.each([
  ['a quote', { ReplyToBody: `My key: ${KEY}` }, KEY],
  ['a quoted part', { ReplyToQuoteText: TOKEN }, TOKEN],
  ['a chain of answers', { ReplyChain: [{ body: 'hi' }, { body: `here ${TOKEN}` }] }, TOKEN],
  ['the talk before', { ChannelStructuredContext: [{ payload: { m: [{ body: KEY }] } }] }, KEY],
  ['a thread’s first message', { ThreadStarterBody: KEY, ThreadHistoryBody: KEY }, KEY],
])('%s', (_, around, secret) => {
  const context = { BodyForAgent: 'Call Bob at 5', ...structuredClone(around) };
  expect(takeOutAround(context, REPLIES)).toEqual([secret]);
  const removed = secret === KEY ? REPLIES.removed : REPLIES.removedToken;
  const expected = JSON.stringify(around).replaceAll(secret, removed);
  expect(context).toEqual({ BodyForAgent: 'Call Bob at 5', ...JSON.parse(expected) });
});

test('nothing there: nothing is touched', () => {
  const chain = [{ body: 'hi', at: 5 }];
  const context = Object.freeze({ ReplyToBody: 'hi', ReplyChain: chain, InboundHistory: null });
  expect(takeOutAround(context, REPLIES)).toEqual([]);
});

test.each([
  ['no history', undefined, []],
  ['an answer last', [{ role: 'assistant', content: 'A key: x' }], []],
  ['what a tool said last', [{ role: 'toolResult', content: [{ text: 'x' }] }], []],
  ['the quote last', [{ role: 'custom', content: 'Reply target: x' }], ['Reply target: x']],
  ['the quote as a part', [{ role: 'user', content: [{ text: 'x' }] }], ['x']],
])('the input of a turn with %s', (_, messages, around) => {
  expect(turnInput({ prompt: 'hi', ...(messages && { messages }) })).toEqual(['hi', ...around]);
});
