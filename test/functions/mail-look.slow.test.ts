/** The mails as a browser lays them out: nothing sticks out, nothing is loaded, one button to press. */

import { mkdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Browser } from 'playwright-core';
import { configDocument, WHATSAPP_MODES } from '../../contracts/config-document.ts';
import {
  type RenderedMail,
  renderCodeMail,
  renderLost,
  renderNumberChanged,
  renderWelcome,
  renderWrongPhone,
} from '../../functions/core/mail.ts';
import { templates } from '../../functions/templates.ts';
import { ALLISON, DOCUMENT } from './fixtures.ts';
import { hasBrowser, openBrowser, openPage } from './support/browser.ts';

/** Where the pictures go that a person looks at; none are taken when it is not set. */
const PICTURES = process.env.AGENTS_PLANE_PICTURES;
const MAIL = Object.fromEntries(
  Object.entries(templates).map(([path, text]) => [path.replace('mail/', ''), text]),
);
const LINK = { url: 'https://pages.example/pair/abc.def', expires: '2026-11-27T17:30:00.000Z' };
const { whatsappNumber: _, ...REST } = DOCUMENT;
const LINKED = configDocument.parse({
  ...REST,
  timezone: 'Europe/Vienna',
  whatsapp: { mode: 'linked' },
});
const code = readFileSync(join(import.meta.dirname, 'pairing/code-1.png')).toString('base64');

const withPicture = (mail: RenderedMail): RenderedMail => ({
  ...mail,
  html: mail.html.replace('cid:code', `data:image/png;base64,${code}`),
});
const MAILS: ReadonlyArray<readonly [string, RenderedMail, string]> = [
  ...WHATSAPP_MODES.map((mode) => {
    const document = mode === 'linked' ? LINKED : { ...DOCUMENT, whatsapp: { mode } };
    const link = mode === 'linked' ? LINK : undefined;
    const label = mode === 'linked' ? 'Connect WhatsApp' : 'Open the chat';
    return [`welcome-${mode}`, renderWelcome(MAIL, ALLISON, document, link), label] as const;
  }),
  [
    'code',
    withPicture(renderCodeMail(MAIL, ALLISON, LINKED, LINK, '2026-11-20T17:31:00.000Z')),
    'Open the page',
  ],
  [
    'code-without-pictures',
    renderCodeMail(MAIL, ALLISON, LINKED, LINK, '2026-11-20T17:31:00.000Z'),
    'Open the page',
  ],
  [
    'wrong-phone-owner',
    renderWrongPhone(MAIL, ALLISON, LINKED, { scanned: '89', expected: '67' }, LINK),
    'Show a new code',
  ],
  [
    'wrong-phone-admin',
    renderWrongPhone(MAIL, ALLISON, DOCUMENT, { expected: '43' }, LINK),
    'Show a new code',
  ],
  ['lost-owner', renderLost(MAIL, ALLISON, LINKED, LINK), 'Connect WhatsApp'],
  ['lost-admin', renderLost(MAIL, ALLISON, DOCUMENT, LINK), 'Link the number'],
  ['changed-owner', renderNumberChanged(MAIL, ALLISON, LINKED, LINK), 'Connect WhatsApp'],
  ['changed-admin', renderNumberChanged(MAIL, ALLISON, DOCUMENT, LINK), 'Link the number'],
];
const LOOKS = [600, 390].flatMap((width) =>
  (['light', 'dark'] as const).map((scheme) => ({ width, scheme })),
);

let browser: Browser;
beforeAll(async () => {
  if (hasBrowser) browser = await openBrowser();
});
afterAll(() => browser?.close());

const title = hasBrowser ? 'mail %s' : 'mail %s (skipped: no Chromium here)';
(hasBrowser ? describe : describe.skip).each(MAILS)(title, (name, mail, label) => {
  test.each(LOOKS)('at $width px, $scheme', async ({ width, scheme }) => {
    const page = await openPage(browser, { viewport: { width, height: 900 }, colorScheme: scheme });
    const asked: string[] = [];
    page.on('request', (request) => asked.push(request.url()));
    await page.setContent(mail.html);
    const button = page.locator('.button a');
    const box = await button.boundingBox();
    const text = (await page.locator('body').textContent()) ?? '';
    const overflow = await page
      .locator('html')
      .evaluate((root) => root.scrollWidth - root.clientWidth);
    if (PICTURES) {
      mkdirSync(PICTURES, { recursive: true });
      await page.screenshot({
        path: join(PICTURES, `${name}-${width}-${scheme}.png`),
        fullPage: true,
      });
    }
    await page.close();
    expect(asked.filter((url) => !/^(data|cid|about):/.test(url))).toEqual([]);
    expect(overflow).toBeLessThanOrEqual(0);
    expect(box?.height).toBeGreaterThanOrEqual(44);
    expect(text).toContain(label);
    expect(text).not.toMatch(/\{\{|undefined/);
  });
});
