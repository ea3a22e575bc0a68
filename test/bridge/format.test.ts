import fc from 'fast-check';
import { toWhatsApp } from '../../bridge/format/marks.ts';
import { MAX_CHARS, splitText } from '../../bridge/format/split.ts';

describe('marks', () => {
  test.each([
    ['**bold** and __bold__', '*bold* and *bold*'],
    ['*italic* and _italic_', '_italic_ and _italic_'],
    ['**bold with *italic* inside**', '*bold with _italic_ inside*'],
    ['~~gone~~', '~gone~'],
    ['# Title', '*Title*'],
    ['## **Bold** title', '*Bold title*'],
    ['- one\n* two\n+ three', '- one\n- two\n- three'],
    ['  * nested', '- nested'],
    ['1. first', '1. first'],
    ['[label](https://example.com/a_b)', 'label (https://example.com/a_b)'],
    ['[https://x.y](https://x.y)', 'https://x.y'],
    ['![pic](https://x.y/z.png)', 'pic: https://x.y/z.png'],
    ['`**not bold**`', '`**not bold**`'],
    ['2 * 3 * 4 = 24', '2 * 3 * 4 = 24'],
    ['snake_case_name', 'snake_case_name'],
    ['> quote', '> quote'],
    ['---', '———'],
    ['| a | b |\n|---|---|\n| 1 | 2 |', 'a | b\n1 | 2'],
    ['```js\nconst a = **b**;\n```', '```\nconst a = **b**;\n```'],
    ['plain text, nothing to do.', 'plain text, nothing to do.'],
    ['```npm install``` installs it.', '`npm install` installs it.'],
    ['````md\n```js\n**x**\n```\n````', '```\n~~~js\n**x**\n~~~\n```'],
    ['```\n~~~\n**b**\n```\n**c**', '```\n~~~\n**b**\n```\n*c*'],
    ['https://example.com/foo__bar__baz', 'https://example.com/foo__bar__baz'],
    ['write to a@example.com', 'write to a@example.com'],
    ['[x](https://a.com/b__c__d?e=*f*)', 'x (https://a.com/b__c__d?e=*f*)'],
    ['***both***', '_*both*_'],
    ['# Learning C#', '*Learning C#*'],
    ['snake\\_case', 'snake_case'],
    ['**two\nlines**', '*two*\n*lines*'],
    ['- one\n  - nested\n    more\n- two', '- one\n  - nested\n    more\n- two'],
    ['- [ ] to do\n- [x] done', '- [ ] to do\n- [x] done'],
    ['7. seventh\n8. eighth', '7. seventh\n8. eighth'],
    ['Intro:\n- one\n- two\n\nAnd on.', 'Intro:\n- one\n- two\n\nAnd on.'],
    ['- run:\n  ```\n  a\n  ```\n- two', '- run:\n```\na\n```\n- two'],
    ['# Title\n\ntext\nmore', '*Title*\n\ntext\nmore'],
    ['> **quote**\n> more', '> *quote*\n> more'],
    ['one<br>two', 'one\ntwo'],
    ['2 < 3 && 4 > 1 &amp; <tag>', '2 < 3 && 4 > 1 &amp; <tag>'],
    ['~~~sh\nls\n~~~', '```\nls\n```'],
    ['line one\nline two\n\n\nline three', 'line one\nline two\n\n\nline three'],
  ])('%j', (markdown, shown) => {
    expect(toWhatsApp(markdown)).toBe(shown);
  });
});

describe('marks, whatever a model writes', () => {
  test.each([
    ['code spans', '`a` '.repeat(9_000)],
    ['a table rule without end', `${'|-'.repeat(1_000)}x`],
    ['marks that never end', '**a __b '.repeat(4_000)],
    ['quotes in quotes', '> '.repeat(5_000)],
    ['brackets', '['.repeat(5_000)],
  ])('%s: formatted, and no letter of it lost', (_, markdown) => {
    const letters = (text: string): string => text.replace(/[^a-z]/g, '');
    expect(letters(toWhatsApp(markdown))).toBe(letters(markdown));
  });
  test('plain words stay as they are', () => {
    const plain = fc.stringMatching(/^[a-z]+(?:[ ,.?!]{1,2}[a-z]+)*$/);
    fc.assert(fc.property(plain, (text) => toWhatsApp(text) === text));
  });
  test('a line that is not asked about is what asking makes of it', () => {
    const piece = fc.oneof(
      fc.stringMatching(/^[a-zé0-9]{1,6}$/),
      fc.constantFrom(...' .,:;!?-+=#>|@()"\'/%{}^$~\t', '1.', '1)', '- ', '--', '   ', '&amp;'),
      fc.constantFrom('https://a.example/b-c?d=e', 'www.a.example', 'you@a.example', '👍'),
    );
    // A line of stars before it has the whole text read as Markdown.
    const asked = (text: string): string => toWhatsApp(`***\n\n${text}`).replace(/^———\s*/, '');
    const line = fc.array(piece, { maxLength: 12 }).map((pieces) => pieces.join(''));
    fc.assert(
      fc.property(line, (text) => expect(toWhatsApp(text)).toBe(asked(text.trim()))),
      { numRuns: 2_000 },
    );
  });
});

describe('split', () => {
  const whole = (text: string): string => text.replace(/\s+/g, '');

  test('short text stays one, empty text becomes none', () => {
    expect(splitText('hello')).toEqual(['hello']);
    expect(splitText(' \n ')).toEqual([]);
  });
  test('between paragraphs first, then lines, sentences, words', () => {
    expect(splitText('aaaa aaaa\n\nbbbb bbbb', 12)).toEqual(['aaaa aaaa', 'bbbb bbbb']);
    expect(splitText('aaaa aaaa\nbbbb bbbb', 12)).toEqual(['aaaa aaaa', 'bbbb bbbb']);
    expect(splitText('Aaaa aaaa. Bbbb bbb.', 14)).toEqual(['Aaaa aaaa.', 'Bbbb bbb.']);
    expect(splitText('aaaa bbbb cccc', 10)).toEqual(['aaaa bbbb', 'cccc']);
  });
  test('a family of emoji is never cut apart', () => {
    const family = '👨‍👩‍👧‍👦';
    for (const part of splitText(family.repeat(20), 40)) {
      expect(part.replaceAll(family, '')).toBe('');
    }
  });
  test('a code block stays whole where it fits, and is closed and opened where it does not', () => {
    const block = '```\nline one\nline two\n```';
    expect(splitText(`${'x'.repeat(20)}\n\n${block}`, 40)).toEqual(['x'.repeat(20), block]);
    const long = `\`\`\`\n${'code line\n'.repeat(20)}\`\`\``;
    for (const part of splitText(long, 60)) {
      expect(part).toMatch(/^```\n[\s\S]*\n```$/);
      expect(part.length).toBeLessThanOrEqual(60);
    }
  });
  test('a code block that fits stays whole, also when text follows it at once', () => {
    const block = `\`\`\`\n${'code line\n'.repeat(3)}\`\`\``;
    const parts = splitText(`${block}\n${'word '.repeat(20)}`, 60);
    expect(parts[0]).toBe(block);
    expect(parts.slice(1).join('')).not.toContain('`');
  });
  test('a line of code that ends in many spaces', () => {
    for (const part of splitText(`\`\`\`\na${' '.repeat(200)}\nb\n\`\`\``, 60)) {
      expect(part.length).toBeLessThanOrEqual(60);
    }
  });
  test('any text: within the limit, nothing lost, no empty message, never half a character', () => {
    const words = fc.array(
      fc.oneof(
        fc.string({ unit: 'grapheme', maxLength: 30 }),
        fc.constantFrom('\n', '\n\n', '. ', ' '),
      ),
      { maxLength: 200 },
    );
    fc.assert(
      fc.property(words, fc.integer({ min: 20, max: 200 }), (parts, limit) => {
        const text = parts.join('').replaceAll('`', '');
        const split = splitText(text, limit);
        expect(split.every((part) => part.length <= limit && part.trim() !== '')).toBe(true);
        expect(split.every((part) => part.isWellFormed())).toBe(true);
        expect(whole(split.join(''))).toBe(whole(text));
      }),
      { numRuns: 300 },
    );
  });
  test('any text with code blocks stays within the limit of WhatsApp', () => {
    const piece = fc.oneof(
      fc.lorem({ maxCount: 40, mode: 'sentences' }),
      fc.lorem({ maxCount: 300 }).map((code) => `\n\`\`\`\n${code}\n\`\`\`\n`),
    );
    fc.assert(
      fc.property(fc.array(piece, { maxLength: 20 }), (pieces) => {
        const split = splitText(pieces.join('\n\n'));
        expect(split.every((part) => part.length <= MAX_CHARS)).toBe(true);
        expect(split.every((part) => (part.match(/```/g)?.length ?? 0) % 2 === 0)).toBe(true);
      }),
      { numRuns: 50 },
    );
  });
});
