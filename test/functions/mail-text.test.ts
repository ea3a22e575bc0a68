import fc from 'fast-check';
import { takeMail } from '../../functions/core/mail-allowance.ts';
import { headerOf, htmlToText, searchable, textOfMail } from '../../functions/core/mail-text.ts';

const data = (text: string) => ({ data: Buffer.from(text).toString('base64url') });

describe('text of a mail', () => {
  test('the plain part counts, however deep', () => {
    const plain = { mimeType: 'text/plain', body: data('Hi\r\nthere\r\n') };
    const html = { mimeType: 'text/html', body: data('<b>not me</b>') };
    const alternative = { mimeType: 'multipart/alternative', parts: [html, plain] };
    expect(textOfMail({ mimeType: 'multipart/mixed', parts: [alternative] })).toBe('Hi\nthere');
  });
  test('HTML alone loses its tags', () => {
    const html = '<p>One &amp; two</p><div>three<br>four</div><style>p{}</style>';
    expect(textOfMail({ mimeType: 'text/html', body: data(html) })).toBe('One & two\nthree\nfour');
  });
  test.each([
    ['<script>alert("x")</script>text', 'text'],
    ['a<!-- b -->c', 'ac'],
    ['1 &lt; 2 &#38; 3 &#x3e; 2 &unknown;', '1 < 2 & 3 > 2 &unknown;'],
    ['2 < 3', '2 < 3'],
    ['<a href="https://example.com">link</a>', 'link'],
    ['&#0;&#99999999;', ''],
    ['<ul><li>a</li><li>b</li></ul>', 'a\nb'],
    ['', ''],
  ])('%j', (html, text) => {
    expect(htmlToText(html)).toBe(text);
  });
  test.each([
    ['<STYLE>p{}</Style>text', 'text'],
    ['a<!-- never closed', 'a'],
    ['<title>gone</title><header>stays</header>', 'stays'],
    ['a <b unclosed', 'a <b unclosed'],
    ['one\n  two<br>three', 'one two\nthree'],
  ])('%j', (html, text) => {
    expect(htmlToText(html)).toBe(text);
  });
  // Anybody can mail an owner; Gmail takes 25 MB. A guard, not a claim: it takes milliseconds, and
  // minutes where a step goes through the rest of the text for each of its characters.
  test.each([
    '<style',
    '<style>',
    '<!--',
    '<a ',
    '</p ',
    '<',
    '&',
    ' ',
    '\n',
    '&nbsp;',
    '<b> ',
    '< ',
  ])('a megabyte of %j is gone through once', (part) => {
    const start = performance.now();
    htmlToText(`${part.repeat(1_000_000 / part.length)}>`);
    expect(performance.now() - start).toBeLessThan(20_000);
  });
  test('a Message-ID that could be more than one word of a search is not searched for', () => {
    expect(searchable('<abc.1@mail.nine30.com>')).toBe(true);
    for (const id of ['', 'abc', '<a> OR from:bo@nine30.com', '<a"b>', '<a{b}>', '<a(b)>']) {
      expect(searchable(id)).toBe(false);
    }
  });
  test('a mail of images has no text, and nothing is no mail', () => {
    expect(textOfMail({ mimeType: 'image/png', body: data('x') })).toBe('');
    expect(textOfMail(undefined)).toBe('');
    expect(headerOf(undefined, 'From')).toBe('');
  });
});

describe('how many mails', () => {
  const HOUR = 3_600_000;
  const NOW = Date.parse('2026-11-20T12:00:00Z');

  /** Sends as often as it may at each of these times; gives back how many went out. */
  function send(times: readonly number[]): number {
    let state: string | undefined;
    return times.filter((now) => {
      const { next } = takeMail(state, now);
      state = next ?? state;
      return next !== undefined;
    }).length;
  }

  test('twenty at once, and then one each quarter of an hour', () => {
    expect(send(Array.from({ length: 30 }, () => NOW))).toBe(20);
    const { waitMs } = takeMail('0 2026-11-20T12:00:00.000Z', NOW + 60_000);
    expect(waitMs).toBe(14 * 60_000);
    expect(takeMail('0 2026-11-20T12:00:00.000Z', NOW + 15 * 60_000).waitMs).toBe(0);
  });
  test.each([
    [undefined],
    ['?'],
    ['-3 2026-11-20T12:00:00.000Z'],
    ['5 tomorrow'],
    ['0 2999-01-01T00:00:00Z'],
  ])('what cannot be read (%j) is a full bucket', (text) => {
    expect(takeMail(text, NOW).next).toMatch(/^19 /);
  });
  test('never more than the burst and the refill, however it is asked', () => {
    fc.assert(
      fc.property(
        fc.array(fc.integer({ min: 0, max: 24 * HOUR }), { maxLength: 300 }),
        (offsets) => {
          const times = offsets.toSorted((a, b) => a - b).map((offset) => NOW + offset);
          const span = (times.at(-1) ?? NOW) - (times[0] ?? NOW);
          expect(send(times)).toBeLessThanOrEqual(20 + Math.floor(span / (HOUR / 4)));
        },
      ),
    );
  });
});
