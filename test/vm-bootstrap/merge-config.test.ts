import fc from 'fast-check';
import { type Json, type JsonObject, sameJson } from '../../vm-bootstrap/core/json.ts';
import { mergeConfig, type Rules } from '../../vm-bootstrap/core/merge-config.ts';

const RULES: Rules = {
  enforced: ['gateway.auth', 'channels.whatsapp.allowFrom'],
  refused: new Set(['channels.whatsapp.accounts']),
};

const CASES: ReadonlyArray<
  readonly [string, JsonObject, JsonObject, JsonObject | undefined, JsonObject]
> = [
  ['nothing there: ours', {}, { a: 1 }, undefined, { a: 1 }],
  [
    'what we never named is kept',
    { a: 1 },
    { a: 1 },
    { a: 1, meta: { v: 1 } },
    { a: 1, meta: { v: 1 } },
  ],
  ['what we changed wins', { a: 1 }, { a: 2 }, { a: 1 }, { a: 2 }],
  ['what we changed wins over their change', { a: 1 }, { a: 2 }, { a: 3 }, { a: 2 }],
  ['their change stays while we say the same', { a: 1 }, { a: 1 }, { a: 3 }, { a: 3 }],
  ['what they removed stays removed', { a: 1, b: 1 }, { a: 1, b: 1 }, { b: 1 }, { b: 1 }],
  ['what we dropped goes', { a: { x: 1 } }, {}, { a: { x: 1 } }, {}],
  ['what they put beside it stays', { a: { x: 1 } }, {}, { a: { x: 1, y: 2 } }, { a: { y: 2 } }],
  [
    'a channel of theirs stays beside ours',
    { channels: { whatsapp: { enabled: true } } },
    { channels: { whatsapp: { enabled: true } } },
    { channels: { whatsapp: { enabled: true }, telegram: { enabled: true } } },
    { channels: { whatsapp: { enabled: true }, telegram: { enabled: true } } },
  ],
  [
    'the allowlist is ours, whatever they did',
    { channels: { whatsapp: { allowFrom: ['+1555'] } } },
    { channels: { whatsapp: { allowFrom: ['+1555'] } } },
    { channels: { whatsapp: { allowFrom: ['*'] } } },
    { channels: { whatsapp: { allowFrom: ['+1555'] } } },
  ],
  [
    'files that theirs includes, which would be merged into what is ours, are left out',
    { channels: { whatsapp: { allowFrom: ['+1555'] } } },
    { channels: { whatsapp: { allowFrom: ['+1555'] } } },
    { $include: './a.json5', channels: { whatsapp: { $include: './b.json5', allowFrom: ['*'] } } },
    { channels: { whatsapp: { allowFrom: ['+1555'] } } },
  ],
  [
    'accounts with an allowlist of their own are left out',
    { channels: { whatsapp: { allowFrom: ['+1555'] } } },
    { channels: { whatsapp: { allowFrom: ['+1555'] } } },
    {
      channels: { whatsapp: { allowFrom: ['+1555'], accounts: { default: { allowFrom: ['*'] } } } },
    },
    { channels: { whatsapp: { allowFrom: ['+1555'] } } },
  ],
  [
    'an enforced object they removed comes back',
    { gateway: { auth: { token: 't' } } },
    { gateway: { auth: { token: 't' } } },
    { gateway: {} },
    { gateway: { auth: { token: 't' } } },
  ],
  [
    'plugins of theirs stay allowed, ours come in, ours of old go',
    { plugins: { allow: ['anthropic'] } },
    { plugins: { allow: ['openai'] } },
    { plugins: { allow: ['anthropic', 'telegram'] } },
    { plugins: { allow: ['openai', 'telegram'] } },
  ],
];

test.each(CASES)('%s', (_, base, ours, theirs, merged) => {
  expect(mergeConfig(base, ours, theirs, RULES)).toEqual(merged);
});

const key = fc.constantFrom('gateway', 'auth', 'channels', 'whatsapp', 'allowFrom', 'a', 'b');
const { document } = fc.letrec<{ value: Json; document: JsonObject }>((tie) => ({
  value: fc.oneof(
    { maxDepth: 4 },
    fc.integer({ min: 0, max: 3 }),
    fc.constantFrom('x', 'y'),
    fc.array(fc.integer({ min: 0, max: 2 }), { maxLength: 2 }),
    tie('document'),
  ),
  document: fc.dictionary(key, tie('value'), { maxKeys: 4 }),
}));

test('merging the result again changes nothing', () => {
  fc.assert(
    fc.property(document, document, document, (base, ours, theirs) => {
      const once = mergeConfig(base, ours, theirs, RULES);
      expect(sameJson(mergeConfig(base, ours, once, RULES), once)).toBe(true);
      // And after bootstrap has remembered what it rendered.
      expect(sameJson(mergeConfig(ours, ours, once, RULES), once)).toBe(true);
    }),
  );
});

test('what nobody of us ever named is kept whole', () => {
  fc.assert(
    fc.property(document, document, document, document, (base, ours, theirs, meta) => {
      const merged = mergeConfig(base, ours, { ...theirs, meta }, RULES);
      expect(merged.meta).toEqual(meta);
    }),
  );
});

test('a first merge, with nothing remembered, says everything that we say', () => {
  fc.assert(
    fc.property(document, document, (ours, theirs) => {
      const merged = mergeConfig({}, ours, theirs, RULES);
      const says = (part: Json | undefined, whole: Json | undefined): boolean =>
        typeof part === 'object' && part !== null && !Array.isArray(part)
          ? Object.entries(part as JsonObject).every(([name, value]) =>
              says(value, (whole as JsonObject | undefined)?.[name]),
            )
          : sameJson(part, whole);
      expect(says(ours, merged)).toBe(true);
    }),
  );
});
