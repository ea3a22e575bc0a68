/** A key goes out of whatever part of a message it is in. */

import { withoutKeys } from '../../contracts/find-keys.ts';
import { cleaned, textOf } from '../../vm-bootstrap/plugin/clean-message.ts';

const KEY = `sk-ant-api03-${'aB3dE5gH7j'.repeat(9)}`;
const INSTEAD = '[gone]';
const takeOut = (text: string) => withoutKeys(text, INSTEAD);

test.each([
  ['a text', { role: 'user', content: `here: ${KEY}` }],
  ['a part', { role: 'user', content: [{ type: 'text', text: `here: ${KEY}` }] }],
  [
    'a picture’s caption',
    { role: 'user', content: [{ type: 'image', data: 'AAAA', caption: `here: ${KEY}` }] },
  ],
  ['a thought', { role: 'assistant', content: [{ type: 'thinking', thinking: `here: ${KEY}` }] }],
  [
    'a tool’s arguments',
    {
      role: 'assistant',
      content: [
        { type: 'toolCall', name: 'exec', arguments: { env: [{ value: `here: ${KEY}` }] } },
      ],
    },
  ],
  [
    'a tool’s result, and its details',
    {
      role: 'toolResult',
      content: [{ type: 'text', text: 'done' }],
      details: { aggregated: `here: ${KEY}`, exitCode: 0, cwd: null },
    },
  ],
])('%s', (_, message) => {
  const text = JSON.stringify(message);
  expect(JSON.stringify(cleaned(message, takeOut))).toBe(text.replace(KEY, INSTEAD));
  expect(JSON.stringify(message)).toBe(text);
});

test('no key: nothing to do', () => {
  expect(
    cleaned({ role: 'user', content: [{ type: 'text', text: 'hello' }] }, takeOut),
  ).toBeUndefined();
});

test('pictures and signatures are no words: they stay as they are', () => {
  const google = `/AIza${'aB3dE5gH7j'.repeat(4)}`.slice(0, 40);
  const bytes = [
    { type: 'image', data: google },
    { type: 'thinking', thinkingSignature: google },
  ];
  expect(cleaned({ role: 'assistant', content: bytes }, takeOut)).toBeUndefined();
  const all = { role: 'assistant', content: [...bytes, { type: 'text', text: KEY }] };
  expect(cleaned(all, takeOut)?.content).toEqual([...bytes, { type: 'text', text: INSTEAD }]);
});

test('the text of a message is that of its parts', () => {
  const content = [{ type: 'text', text: 'one' }, { type: 'image', data: 'AAAA' }, { text: 'two' }];
  expect(textOf({ role: 'user', content })).toBe('one\n\ntwo');
});

test('words that changed go without the signature over them', () => {
  const thinking = { type: 'thinking', thinking: KEY, thinkingSignature: 'abc' };
  const other = { type: 'thinking', thinking: 'well', thinkingSignature: 'def' };
  expect(cleaned({ role: 'assistant', content: [thinking, other] }, takeOut)?.content).toEqual([
    { type: 'thinking', thinking: INSTEAD },
    other,
  ]);
});
