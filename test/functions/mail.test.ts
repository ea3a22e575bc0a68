import PostalMime from 'postal-mime';
import { type ConfigDocument, PROFILES, WHATSAPP_MODES } from '../../contracts/config-document.ts';
import { renderCodeMail, renderWelcome } from '../../functions/core/mail.ts';
import { renderMime } from '../../functions/core/mime.ts';
import { showPhone } from '../../functions/core/phone.ts';
import { templates } from '../../functions/templates.ts';
import { ALLISON, DOCUMENT } from './fixtures.ts';

const MAIL = Object.fromEntries(
  Object.entries(templates).map(([path, text]) => [path.replace('mail/', ''), text]),
);
const LINK = {
  url: 'https://pages.example/pair/abc.def',
  expires: '2026-11-27T17:30:00.000Z',
};
const { whatsappNumber: _, ...withoutNumber } = DOCUMENT;
const documentFor = (mode: ConfigDocument['whatsapp']['mode']): ConfigDocument =>
  mode === 'linked'
    ? { ...withoutNumber, whatsapp: { mode } }
    : { ...DOCUMENT, whatsapp: { mode } };

describe('the welcome mail', () => {
  test.each(WHATSAPP_MODES)('mode %s says how to connect, in both forms', (mode) => {
    const { subject, html, text } = renderWelcome(
      MAIL,
      ALLISON,
      documentFor(mode),
      mode === 'linked' ? LINK : undefined,
    );
    expect(subject).toBe('Your AI assistant is ready! 🤖');
    for (const body of [html, text]) {
      expect(body).not.toMatch(/\{\{|\}\}|undefined/);
      expect(body.includes('+1 (555) 987-6543')).toBe(mode !== 'linked');
      expect(/Linked devices/.test(body)).toBe(mode === 'linked');
      expect(/what connecting means/i.test(body)).toBe(mode === 'linked');
      expect(body).toMatch(/what I can do/i);
    }
    if (mode !== 'linked') {
      expect(text).toContain("Save this number: +1 (555) 987-6543 - that's me on WhatsApp.");
      expect(text).toContain('https://wa.me/15559876543');
    }
  });

  test('times say whose they are', () => {
    const document = { ...documentFor('linked'), timezone: 'Europe/Berlin' };
    const welcome = renderWelcome(MAIL, ALLISON, document, LINK);
    expect(welcome.text).toContain('works until Friday 27 November at 18:30 CET.');
    const code = renderCodeMail(MAIL, ALLISON, document, LINK, '2026-11-20T17:31:05.000Z');
    expect(code.text).toContain('works until 18:31:05 CET.');
  });

  test.each(PROFILES)('profile %s says what it does', (profile) => {
    const { text, html } = renderWelcome(MAIL, ALLISON, { ...DOCUMENT, profile }, undefined);
    expect(text.match(/^- /gm)?.length).toBeGreaterThan(1);
    // The desk and the gateway are not built: no mail promises somebody else an answer.
    const promised = profile === 'assistant' ? 0 : 1;
    for (const body of [text, html]) {
      expect(body.match(/I talk to you alone/g)?.length ?? 0).toBe(promised);
    }
  });

  test('it loads nothing from anywhere and never holds the whole number of the owner', () => {
    const { html, text } = renderWelcome(MAIL, ALLISON, DOCUMENT, undefined);
    expect(html).not.toMatch(/<img|<link|<script|src=|url\(/i);
    expect(`${html}${text}`).not.toContain('5551234567');
  });

  test('what stands in an address is escaped in HTML', () => {
    const user = "o'neil&co{x}@nine30.com";
    const { html, text } = renderWelcome(MAIL, ALLISON, { ...DOCUMENT, user }, undefined);
    expect(html).not.toContain("o'neil&co");
    expect(html).toContain('&amp;co');
    expect(text).toContain(user);
  });

  test.each([
    ['+15559876543', '+1 (555) 987-6543'],
    ['+436601234567', '+43 660 1234567'],
    ['+442079460018', '+44 20 7946 0018'],
    ['+9990001234', '+9990001234'],
  ])('%s is shown as %s', (phone, shown) => {
    expect(showPhone(phone)).toBe(shown);
  });
});

describe('MIME', () => {
  const message = { from: 'agents@nine30.com', to: 'allison@nine30.com', id: 'id-1', at: 0 };

  test('a real parser reads back what was written', async () => {
    const rendered = renderWelcome(MAIL, ALLISON, DOCUMENT, undefined);
    const parsed = await PostalMime.parse(await renderMime({ ...message, ...rendered }));
    expect(parsed.subject).toBe(rendered.subject);
    expect(parsed.from?.address).toBe('agents@nine30.com');
    expect(parsed.to?.map((each) => each.address)).toEqual(['allison@nine30.com']);
    expect(parsed.text?.trim()).toBe(rendered.text.trim());
    expect(parsed.html?.trim()).toBe(rendered.html.trim());
    expect(parsed.messageId).toBe('<id-1@nine30.com>');
    expect(parsed.date).toBe('1970-01-01T00:00:00.000Z');
    expect(parsed.attachments).toEqual([]);
  });

  test.each([
    'Hi\r\nBcc: thief@example.org',
    'Hi\nBcc: thief@example.org\n\nbody',
    'Hi\rBcc: thief@example.org',
    'Hi\u2028Bcc: thief@example.org',
    'Hi\u0000\u000bBcc: thief@example.org',
  ])('a subject of %j starts no header of its own', async (subject) => {
    const parsed = await PostalMime.parse(await renderMime({ ...message, subject, text: 'x' }));
    expect(parsed.bcc).toBeUndefined();
    expect(parsed.headers.map((header) => header.key)).not.toContain('bcc');
    expect(parsed.to).toHaveLength(1);
    expect(parsed.text?.trim()).toBe('x');
  });
});
