/** The pairing page in a browser, on the deployed bundle: seen, scanned from the screen, connected. */

import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import jsqr from 'jsqr';
import type { Browser, BrowserContextOptions, Page } from 'playwright-core';
import { PNG } from 'pngjs';
import { inBothHeaders } from '../../local/google/cloud-run.ts';
import { type Plane, startPlane } from '../../local/plane/plane.ts';
import { LOCAL } from '../../local/plane/settings.ts';
import { until } from '../e2e/support/stage.ts';
import { hasBrowser, openBrowser, openPage } from '../functions/support/browser.ts';
import { type PlayedVm, playVm } from './support/played-vm.ts';

const CODES = join(import.meta.dirname, '../functions/pairing');
const DESKTOP: BrowserContextOptions = { viewport: { width: 1280, height: 800 } };
const PHONE: BrowserContextOptions = { viewport: { width: 390, height: 844 }, isMobile: true };

const SMALL: BrowserContextOptions = { viewport: { width: 360, height: 640 } };

/** Milliseconds. The codes of a test live for half a minute, and the machine may be busy. */
const LIMIT_MS = 120_000;

let plane: Plane;
let runDir: string;
let browser: Browser;
let codes: { readonly qr: string; readonly text: string }[];

interface Working {
  readonly state: string;
  readonly request?: string;
}

/** What a phone's camera would read of a picture. */
function scan(png: Buffer): string | undefined {
  const { data, width, height } = PNG.sync.read(png);
  return jsqr.default(new Uint8ClampedArray(data), width, height)?.data;
}

const codeIn = async (file: string) => {
  const png = await readFile(join(CODES, file));
  const text = scan(png);
  if (!text) throw new Error(`${file} is no code`);
  return { qr: `data:image/png;base64,${png.toString('base64')}`, text };
};

const inMs = (ms: number): string => new Date(Date.now() + ms).toISOString();

async function api(path: string, body: object): Promise<{ url: string }> {
  const answer = await fetch(`${plane.apiUrl}${path}`, {
    method: 'POST',
    headers: {
      ...inBothHeaders(await plane.idToken(LOCAL.admin)),
      'content-type': 'application/json',
    },
    body: JSON.stringify(body),
  });
  if (!answer.ok) throw new Error(`${path} answered ${answer.status}`);
  return (await answer.json()) as { url: string };
}

beforeAll(async () => {
  runDir = await mkdtemp(join(tmpdir(), 'pairing-page-'));
  plane = await startPlane({
    root: join(import.meta.dirname, '../..'),
    cacheDir: runDir,
    runDir: join(runDir, 'run'),
    env: process.env,
    sharedKey: 'sk-ant-local-test',
    now: Date.now,
  });
  codes = [await codeIn('code-1.png'), await codeIn('code-2.png')];
  if (hasBrowser) browser = await openBrowser();
});
afterAll(async () => {
  await browser?.close();
  await plane?.close();
  await rm(runDir, { recursive: true, force: true });
});

let people = 0;
let vm: PlayedVm;
let url: string;
beforeEach(async () => {
  people += 1;
  const name = `owner${people}`;
  await api('/v1/agents', { user: `${name}@nine30.com`, userPhone: `+1555123${4000 + people}` });
  await plane.google.compute.operations.idle();
  vm = await playVm(plane, name);
  await vm.say({ state: 'idle' });
  ({ url } = await api(`/v1/agents/${name}/pairing-link`, {}));
});
afterEach(() => vm.close());

/** Pictures of the screen until there is a code on it, and not `other`. */
async function seen(page: Page, other?: string): Promise<string> {
  for (;;) {
    const text = scan(await page.locator('.frame').screenshot());
    if (text && text !== other) return text;
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
}

const show = (index: 0 | 1, lifeMs: number, request: string): Promise<void> =>
  vm.say({ state: 'qr', qr: codes[index]?.qr, until: inMs(lifeMs), request });

async function link(request: string): Promise<void> {
  await vm.say({ state: 'linked', request });
  const report = { channel: 'whatsapp', state: 'linked', at: new Date().toISOString() };
  expect(await vm.tellPlane('/v1/self/channel', report)).toBe(200);
}

const heading = (page: Page): Promise<string> =>
  page.locator('section:visible h1').textContent().then(String);

const whereToTalk = (page: Page): Promise<string[]> =>
  page.locator('section.on-connected .notice:visible').allTextContents();

const pictured = hasBrowser ? test : test.skip;
const without = hasBrowser ? '' : ' (skipped: no Chromium here)';

pictured.each([
  ['a computer', DESKTOP],
  ['a phone', PHONE],
  [
    'a phone with a fine screen, in the dark',
    { ...PHONE, deviceScaleFactor: 3, colorScheme: 'dark' },
  ],
] as const)(
  `on %s: a code by itself, the next one, connected, gone${without}`,
  async (_on, how) => {
    const page = await openPage(browser, how);
    const outside: string[] = [];
    page.on('request', (request) => {
      if (!/^data:/.test(request.url()) && !request.url().startsWith(url))
        outside.push(request.url());
    });
    const wrong: string[] = [];
    page.on('pageerror', (error) => wrong.push(error.message));
    await page.goto(url);
    const request = await vm.request();
    await vm.say({ state: 'starting', request });
    await show(0, 15_000, request);
    expect(await seen(page)).toBe(codes[0]?.text);
    const box = await page.locator('#qr').boundingBox();
    expect((box?.y ?? 0) + (box?.height ?? 0)).toBeLessThanOrEqual(how.viewport?.height ?? 0);
    // The page keeps it until its time is over; then the next one is there.
    await show(1, 35_000, request);
    expect(await seen(page, codes[0]?.text)).toBe(codes[1]?.text);
    expect(await vm.requested()).toBe(request);
    await link(request);
    await page.locator('[data-screen="connected"]').waitFor();
    expect(await heading(page)).toBe('Connected');
    expect(await page.locator('#announcement').textContent()).toBe('Connected');
    expect(await whereToTalk(page)).toEqual([expect.stringContaining('the chat with yourself')]);
    const again = await page.goto(url);
    expect([again?.status(), await heading(page)]).toEqual([410, 'Connected']);
    expect(await whereToTalk(page)).toHaveLength(1);
    expect([outside, wrong]).toEqual([[], []]);
    await page.context().close();
  },
  LIMIT_MS,
);

pictured(
  `without script it goes on by refreshing${without}`,
  async () => {
    const page = await openPage(browser, { ...SMALL, javaScriptEnabled: false });
    await page.goto(url);
    const button = page.locator('.code button');
    const [frame, below] = [await page.locator('.frame').boundingBox(), await button.boundingBox()];
    expect((below?.y ?? 0) - (frame?.y ?? 0) - (frame?.height ?? 0)).toBeGreaterThan(10);
    const request = await vm.request();
    await show(0, 45_000, request);
    // It refreshes every few seconds until then, which no picture survives that is being taken.
    await page.locator('[data-screen="code"]').waitFor();
    expect(await seen(page)).toBe(codes[0]?.text);
    expect(await button.isVisible()).toBe(false);
    await link(request);
    await page.locator('[data-screen="connected"]').waitFor({ timeout: 20_000 });
    expect(await vm.requested()).toBe(request);
    await page.close();
  },
  LIMIT_MS,
);

pictured(
  `opened late it starts afresh, and then waits for a person${without}`,
  async () => {
    const page = await openPage(browser, DESKTOP);
    await page.goto(url);
    const first = await vm.request();
    await vm.say({ state: 'expired', request: first, failures: 1 });
    await page.locator('[data-screen="ended"]').waitFor();
    expect(await vm.requested()).toBe(first);
    await page.goto(url);
    const second = await vm.request(first);
    await vm.say({ state: 'expired', request: second, failures: 2 });
    await page.locator('[data-screen="ended"]').waitFor();
    await page.locator('#again').click();
    const third = await vm.request(second);
    await show(1, 20_000, third);
    expect(await seen(page)).toBe(codes[1]?.text);
    await page.close();
  },
  LIMIT_MS,
);

pictured(
  `another phone was scanned: said beside the next code, until it is the right one${without}`,
  async () => {
    const page = await openPage(browser, PHONE);
    await page.goto(url);
    const request = await vm.request();
    const notice = page.locator('#wrong');
    await show(0, 12_000, request);
    expect(await seen(page)).toBe(codes[0]?.text);
    expect(await notice.isVisible()).toBe(false);
    const wrongPhone = { scanned: '89', expected: '67' };
    const next = { qr: codes[1]?.qr, until: inMs(45_000), failures: 1 };
    await vm.say({ state: 'qr', request, wrongPhone, ...next });
    await notice.waitFor();
    expect(await notice.textContent()).toMatch(/its number ends in ••89, and .* ends in ••67/);
    expect(await seen(page, codes[0]?.text)).toBe(codes[1]?.text);
    // A look that only says "the same code" takes nothing away.
    await page.waitForResponse(async (answer) => (await answer.text()).includes('"same"'));
    expect(await notice.isVisible()).toBe(true);
    await link(request);
    await page.locator('[data-screen="connected"]').waitFor();
    expect(await notice.isVisible()).toBe(false);
    await page.close();
  },
  LIMIT_MS,
);

pictured(
  `a pause is told in the browser's time zone, and nothing is asked${without}`,
  async () => {
    const retryAt = inMs(15 * 60_000);
    await vm.say({ state: 'paused', failures: 3, retryAt });
    const page = await openPage(browser, {
      ...DESKTOP,
      timezoneId: 'Asia/Kolkata',
      locale: 'en-GB',
    });
    await page.goto(url);
    const shown = { timeZone: 'Asia/Kolkata', hour: '2-digit', minute: '2-digit' } as const;
    const expected = new Intl.DateTimeFormat('en-GB', shown).format(new Date(retryAt));
    await page.locator('#retry', { hasText: expected }).waitFor();
    expect(await vm.requested()).toBeUndefined();
    await page.close();
  },
  LIMIT_MS,
);

test('looking at the link asks the VM for nothing, however often', async () => {
  for (const method of ['HEAD', 'GET', 'GET'])
    expect((await fetch(url, { method })).status).toBe(200);
  expect((await fetch(`${url}/state`)).status).toBe(200);
  expect(await vm.requested()).toBeUndefined();
});

test('five visitors at once are served, and none of those that follow asks again', async () => {
  const ask = () => fetch(`${url}/request`, { method: 'POST' });
  const answers = await Promise.all(Array.from({ length: 5 }, ask));
  expect(answers.map(({ status }) => status)).toEqual([200, 200, 200, 200, 200]);
  const views = (await Promise.all(answers.map((answer) => answer.json()))) as Working[];
  expect(new Set(views.map(({ state }) => state))).toEqual(new Set(['working']));
  // Those that Google let through before it showed the first one's write name theirs; the last holds.
  await until('the request on the VM', () => vm.requested());
  expect(await (await ask()).json()).toEqual({ state: 'working' });
  expect(views.map((view) => view.request)).toContain(await vm.requested());
});

test('no log and no other file holds a code or a link', async () => {
  await show(0, 30_000, (await vm.requested()) ?? '');
  expect(((await (await fetch(`${url}/state`)).json()) as { state: string }).state).toBe('code');
  const token = new URL(url).pathname.split('/').at(-1) ?? '';
  const code = codes[0]?.qr.slice(100, 160) ?? '';
  for (const file of await readdir(plane.logDir)) {
    const text = await readFile(join(plane.logDir, file), 'utf8');
    expect([file, text.includes(token), text.includes(code)]).toEqual([file, false, false]);
  }
});
