import fc from 'fast-check';
import { findKeys, withoutKeys } from '../../contracts/find-keys.ts';

// Shapes as the providers' consoles show them; none is a key of anybody.
const ANTHROPIC = `sk-ant-api03-${'q7Zt_b2Kx9-Wn4Ls'.repeat(5)}Rj8vYp3A-Q2mN5wAA`;
const ANTHROPIC_108 = `sk-ant-api03-${'q7Zt_b2Kx9-Wn4Ls3'.repeat(6).slice(0, 95)}`;
const SHORT = 'sk-ant-local-first-a7d2e8c4b6';
const OPENAI = `sk-proj-${'h3Jk8Lm2Qw9Er5Ty'.repeat(9)}T3BlbkFJ8a`;
const OPENAI_OLD = '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';
const SERVICE = `sk-svcacct-${'Zx8Cv2Bn6Ma4Sd'.repeat(8)}`;
const GOOGLE = 'AIzaSyD3x_9Kf2-Lm8Qp5Rt7Vw1Yz4Bc6Hj0NsU';
const GOOGLE_NEW = 'AQ.Ab8RN6K3xQz9Lm2Wp5Tv7Yc4Bd1Fg0Hj8Ks6Ne';

const found = (text: string) =>
  findKeys(text).map(({ provider, readings }) => [provider, readings[0]] as const);

test.each([
  ['Anthropic', ANTHROPIC, 'anthropic'],
  ['OpenAI, of a project', OPENAI, 'openai'],
  ['OpenAI, old', OPENAI_OLD, 'openai'],
  ['OpenAI, of a service account', SERVICE, 'openai'],
  ['Google', GOOGLE, 'google'],
  ['Google, new', GOOGLE_NEW, 'google'],
] as const)('a key of %s is found bare and in every wrapping', (_, key, provider) => {
  for (const text of [
    key,
    `${key}\n`,
    `  "${key}"  `,
    `'${key}'`,
    `\`${key}\``,
    `\`\`\`\n${key}\n\`\`\``,
    `*${key}*`,
    `“${key}”`,
    `Here you go: ${key}, thanks!`,
    `${key}. That was it.`,
    `ANTHROPIC_API_KEY=${key}`,
    `export KEY="${key}"; echo done`,
    `{"key":"${key}"}`,
    `key:${key}`,
    `(${key})`,
    `\u200b${key}\ufeff`,
    `My key\n\n${key}\n\nBest, Allison`,
    `[Fri 2026-11-20 17:18 UTC] ${key}`,
  ]) {
    expect(found(text)).toEqual([[provider, key]]);
  }
});

test.each([
  ['a line break', (key: string) => `${key.slice(0, 60)}\n${key.slice(60)}`],
  ['an indented line break', (key: string) => `${key.slice(0, 40)}\r\n    ${key.slice(40)}`],
  ['a space', (key: string) => `${key.slice(0, 50)} ${key.slice(50)}`],
  ['a line break after 100', (key: string) => `${key.slice(0, 100)}\n${key.slice(100)}`],
  ['lines of 40', (key: string) => (key.match(/.{1,40}/g) ?? []).join('\n')],
  ['right after the prefix', (key: string) => key.replace('sk-ant-api03-', '$&\n')],
])('a key broken by %s is read whole first', (_, broken) => {
  expect(found(broken(ANTHROPIC))).toEqual([['anthropic', ANTHROPIC]]);
});

const PROJECT_164 = `sk-proj-${'h3Jk8Lm2Qw9Er5Ty'.repeat(10).slice(0, 148)}T3BlbkFJ`;
const SERVICE_167 = PROJECT_164.replace('proj', 'svcacct');
const OPENROUTER = `sk-or-v1-${'7f3a9c1e5b2d8046'.repeat(4)}`;

test.each([
  ['OpenAI, of a project', PROJECT_164, 155],
  ['OpenAI, of a service account', SERVICE_167, 158],
  ['another company, with the same prefix', OPENROUTER, 60],
])('a key of %s is read whole when its first line is as long as others are', (_, key, size) => {
  const [head, rest] = [key.slice(0, size), key.slice(size)];
  for (const gap of ['\n', '\r\n    ']) {
    for (const text of [
      `${head}${gap}${rest}`,
      `Here: "${head}${gap}${rest}"\nWhatsApp me`,
      `_${head}${gap}${rest}_`,
    ]) {
      const [only] = findKeys(text);
      expect(only?.readings).toContain(key);
      expect(withoutKeys(text, '-')).not.toContain(rest);
    }
  }
});

test('past that length a line of more words is no part of a key, nor is what would make it too long', () => {
  for (const key of [PROJECT_164.slice(0, 155), OPENROUTER]) {
    expect(findKeys(`${key}\nRoom12 at 9`)[0]?.parts).toEqual([key]);
    expect(findKeys(`${key}\n\nRoom12`)[0]?.parts).toEqual([key]);
  }
  expect(findKeys(`${PROJECT_164}\nRoom12`)[0]?.parts).toEqual([PROJECT_164]);
});

test('what follows a key on the next line is not part of it when the key is complete', () => {
  expect(found(`${ANTHROPIC}\nthanks!`)).toEqual([['anthropic', ANTHROPIC]]);
  expect(found(`${GOOGLE}\nAllison2026`)).toEqual([['google', GOOGLE]]);
});

test.each([
  'WhatsApp me when it works',
  'OpenAI was dearer',
  'iPhone15 is what I type on',
  '2026-11-30 it ends',
])('what follows a complete key is no part of it: %s', (words) => {
  for (const key of [ANTHROPIC_108, OPENAI, OPENAI_OLD, GOOGLE]) {
    const text = `${key} ${words}`;
    expect(findKeys(text)[0]?.parts).toEqual([key]);
    expect(withoutKeys(text, '-')).toBe(`- ${words}`);
  }
});

test('a token behind a key is no part of it', () => {
  const telegram = ['1234567890', 'AAH4k2mQ9xZ7vB3nC5pL8sD1fG6hJ0wE2rT'].join(':');
  const slack = ['xoxb', '123456789012-1234567890123-AbCdEfGhIjKlMnOpQrStUvWx'].join('-');
  for (const token of [telegram, `bot${telegram}`, slack, `SLACK_BOT_TOKEN_${slack}`]) {
    expect(findKeys(`${SHORT}\n${token}`)[0]?.parts).toEqual([SHORT]);
  }
});

test('a short key with something like a rest behind it: both readings, for the provider to choose', () => {
  const [key] = findKeys(`${SHORT}\nroom B12x`);
  expect(key?.readings).toContain(SHORT);
});

test.each([ANTHROPIC, OPENAI, OPENAI_OLD, GOOGLE_NEW])(
  'italics of WhatsApp: with and without the underscore (%#)',
  (key) => {
    expect(findKeys(`_${key}_`)[0]?.readings).toEqual([`${key}_`, key]);
  },
);

test('italics of WhatsApp around a key whose length is fixed', () => {
  expect(findKeys(`_${GOOGLE}_`)[0]?.readings).toEqual([GOOGLE]);
  expect(withoutKeys(`KEY_${GOOGLE}`, '+')).toBe('KEY_+');
  expect(withoutKeys(`google-${GOOGLE}`, '+')).toBe('google-+');
});

test('several keys are found one by one', () => {
  expect(found(`${ANTHROPIC} and ${OPENAI}\n${GOOGLE}`)).toEqual([
    ['anthropic', ANTHROPIC],
    ['openai', OPENAI],
    ['google', GOOGLE],
  ]);
  expect(found(`${ANTHROPIC}\n${ANTHROPIC}`)).toHaveLength(2);
});

test.each([
  [''],
  ['What is an API key?'],
  ['My key starts with sk-ant-api03-, is that right?'],
  ['sk-ant-...'],
  ['sk-ant-api03-XXXXXXXXXXXXXXXXXXXXXXXXXXXX'],
  ['sk-proj-xxxxxxxxxxxxxxxxxxxxxxxx'],
  ['sk-your-key-here'],
  ['I use sk-learn-for-machine-learning-in-python-3-and-more'],
  ['disk-3fa9c1b2d4e5f60718293a4b5c6d7e8f9 is full'],
  ['task-0123456789abcdef0123456789abcdef'],
  ['AIza is how Google keys start'],
  ['the flask-login-12345678901234567890 package'],
  ['https://example.com/ask-anything-0123456789abcdefghij'],
  ['AIzaSyTooShort123'],
  ['3f2504e0-4f89-11d3-9a0c-0305e82c3301'],
  ['eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.dozjgNryP4J3jVmNHl0w5N_XgL0n3I9P'],
])('no key in %j', (text) => {
  expect(findKeys(text)).toEqual([]);
  expect(withoutKeys(text, '[key]')).toBe(text);
});

const character = fc.constantFrom(
  ...'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789',
);
const material = (length: number) =>
  fc
    .string({ unit: character, minLength: length, maxLength: length })
    .filter((text) => /\d/.test(text) && new Set(text).size > 8);
const anyKey = fc.oneof(
  material(95).map((text) => `sk-ant-api03-${text}`),
  material(156).map((text) => `sk-proj-${text}`),
  material(48).map((text) => `sk-${text}`),
  material(33).map((text) => `AIzaSy${text}`),
);
const around = fc.string({ unit: fc.constantFrom(...'ab c\n.,:;"\'`()<>=🔑ü'), maxLength: 40 });

test('whatever stands around a key, it is found and taken out', () => {
  fc.assert(
    fc.property(anyKey, around, around, (key, before, after) => {
      const text = `${before} ${key}\n${after}`;
      expect(findKeys(text).map(({ readings }) => readings[0])).toEqual([key]);
      expect(withoutKeys(text, '[key]')).not.toContain(key);
      expect(withoutKeys(withoutKeys(text, '[key]'), '[key]')).toBe(withoutKeys(text, '[key]'));
    }),
  );
});

test('however it is broken over lines, the whole key is one of its readings', () => {
  fc.assert(
    fc.property(
      anyKey,
      fc.integer({ min: 20, max: 38 }),
      fc.constantFrom('\n', '\r\n  ', ' '),
      (key, size, gap) => {
        const lines = key.match(new RegExp(`.{1,${size}}`, 'g')) ?? [];
        fc.pre(
          lines
            .slice(1)
            .every((line) => line.length >= 7 && /\d/.test(line) && /[a-z]/i.test(line)),
        );
        const [only, ...others] = findKeys(`here:\n${lines.join(gap)}\n`);
        expect(only?.readings).toContain(key);
        expect(others).toEqual([]);
      },
    ),
  );
});

test('words are never a key', () => {
  fc.assert(
    fc.property(fc.lorem({ maxCount: 60 }), (text) => {
      expect(findKeys(text)).toEqual([]);
    }),
  );
});
