/** The pairing page's decisions: whose link it is, what is shown, what the script does next. */

import type { Pairing } from '../../contracts/pairing.ts';
import type { PairingView } from '../../contracts/pairing-page.ts';
import type { Observed } from '../../functions/core/observed.ts';
import { createPages } from '../../functions/core/pages.ts';
import {
  LINK_LIFETIME_DAYS,
  type LinkClaims,
  readLink,
  signLink,
} from '../../functions/core/pairing-link.ts';
import { stillGood, viewOf } from '../../functions/core/pairing-view.ts';
import { templates } from '../../functions/templates.ts';
import { FIRST, next, pauseEnd } from '../../templates/plane/pages/pairing.js';
import { ALLISON } from './fixtures.ts';

const NOW = Date.parse('2026-11-20T17:00:00Z');
const KEY = 'k'.repeat(43);
const CLAIMS: LinkClaims = { agent: ALLISON, generation: 'g1', exp: NOW / 1000 + 3600 };
const QR = 'data:image/png;base64,AAAA';
const iso = (ms: number): string => new Date(NOW + ms).toISOString();

describe('a link', () => {
  const token = signLink(KEY, CLAIMS);
  const [payload = '', signature = ''] = token.split('.');
  const forged = (claims: object): string => {
    const text = Buffer.from(JSON.stringify(claims)).toString('base64url');
    return `${text}.${signature}`;
  };

  test('tells whose it is', () => {
    expect(readLink(KEY, token)).toEqual(CLAIMS);
  });

  test.each([
    ['nothing', ''],
    ['a dot', '.'],
    ['no signature', payload],
    ['an empty signature', `${payload}.`],
    ['half a signature', token.slice(0, -20)],
    ['a signature and a half', `${token}AAAA`],
    ['another agent', forged({ ...CLAIMS, agent: 'bo' })],
    ['a later end', forged({ ...CLAIMS, exp: CLAIMS.exp + 1 })],
    ['another generation', forged({ ...CLAIMS, generation: 'g2' })],
    ['another key', signLink('x'.repeat(43), CLAIMS)],
    ['an empty key', signLink('', CLAIMS)],
    ['claims that are no JSON', `!!!.${signature}`],
    ['the payload twice', `${payload}.${payload}`],
    ['a third part', `${token}.${signature}`],
    ['spare bits in the last character', `${token.slice(0, -1)}${nextLetter(token.at(-1) ?? '')}`],
    ['traversal', '../../v1/agents'],
    ['64 KB', 'A'.repeat(65_536)],
    ['64 KB with a signature', `${'A'.repeat(65_536)}.${signature}`],
    ['NUL', `${payload}\u0000.${signature}`],
    ['an emoji', '🤖.🤖'],
  ])('of %s is nobody’s', (_title, text) => {
    expect(readLink(KEY, text)).toBeUndefined();
  });
});

/** The neighbour whose upper four bits are the same: base64 that a lax decoder takes for equal. */
function nextLetter(letter: string): string {
  const letters = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_';
  return letters[letters.indexOf(letter) ^ 1] ?? '';
}

const observed = (
  pairing: Partial<Pairing> | undefined,
  { status = 'RUNNING', request, channel }: Record<string, string | undefined> = {},
): Observed => ({
  configSecret: {
    labels: {},
    etag: 'e',
    annotations: {
      'agents-plane-link': 'g1',
      ...(channel ? { 'agents-plane-channel': channel } : {}),
    },
  },
  instance: {
    name: 'agent-allison',
    status,
    labels: {},
    metadata: request ? { 'agents-plane-pairing-request': request } : {},
    metadataFingerprint: 'f',
    startedAt: iso(-3_600_000),
  },
  pairing: pairing && { state: 'idle', failures: 0, at: iso(-5000), ...pairing },
});
const requestAt = (ms: number): string => `${(NOW + ms).toString(36)}-abc`;

describe('what is shown', () => {
  test.each<[string, Observed, object]>([
    ['an agent that is gone', {}, { state: 'dead', why: 'unknown' }],
    ['no VM yet', { ...observed({}), instance: undefined }, { state: 'asleep', why: 'booting' }],
    ['a VM that stages', observed({}, { status: 'STAGING' }), { state: 'asleep', why: 'booting' }],
    ['a VM off', observed({}, { status: 'TERMINATED' }), { state: 'asleep', why: 'stopped' }],
    ['a VM that said nothing', observed(undefined), { state: 'asleep', why: 'booting' }],
    [
      'what an earlier boot said',
      observed({ state: 'qr', qr: QR, until: iso(9000), at: iso(-7_200_000) }),
      { state: 'asleep', why: 'booting' },
    ],
    ['nobody asked', observed({}), { state: 'idle' }],
    ['asked a moment ago', observed({}, { request: requestAt(-3000) }), { state: 'working' }],
    ['asked, and never answered', observed({}, { request: requestAt(-60_000) }), { state: 'idle' }],
    ['the VM is at it', observed({ state: 'starting' }), { state: 'working' }],
    ['the VM hangs', observed({ state: 'starting', at: iso(-90_000) }), { state: 'idle' }],
    [
      'a code',
      observed({ state: 'qr', qr: QR, until: iso(20_000) }),
      { state: 'code', qr: QR, code: iso(20_000), leftMs: 20_000 },
    ],
    ['a dying code', observed({ state: 'qr', qr: QR, until: iso(800) }), { state: 'working' }],
    [
      'between two codes',
      observed({ state: 'qr', qr: QR, until: iso(-2000) }),
      { state: 'working' },
    ],
    [
      'a code of the past',
      observed({ state: 'qr', qr: QR, until: iso(-60_000) }),
      { state: 'idle' },
    ],
    ['an attempt that ran out', observed({ state: 'expired' }), { state: 'idle' }],
    [
      'a pause',
      observed({ state: 'paused', retryAt: iso(60_000) }),
      { state: 'paused', retryAt: iso(60_000), leftMs: 60_000 },
    ],
    ['a pause that is over', observed({ state: 'paused', retryAt: iso(-1) }), { state: 'idle' }],
    ['linked', observed({ state: 'linked' }), { state: 'connected' }],
    ['reported as linked', observed({}, { channel: `linked ${iso(0)}` }), { state: 'connected' }],
    [
      'logged out after it was linked',
      observed({ state: 'logged-out' }, { channel: `linked ${iso(-60_000)}` }),
      { state: 'idle' },
    ],
  ])('%s', (_title, seen, view) => {
    expect(viewOf(CLAIMS, seen, NOW)).toEqual(view);
  });

  test.each<[string, Partial<LinkClaims>, string | undefined, object]>([
    ['run out', { exp: NOW / 1000 }, undefined, { state: 'dead', why: 'expired' }],
    ['of an older generation', { generation: 'g0' }, undefined, { state: 'dead', why: 'replaced' }],
    ['that was used', { generation: 'g0' }, `linked ${iso(0)}`, { state: 'connected' }],
    [
      'lost again',
      { generation: 'g0' },
      `logged-out ${iso(0)}`,
      { state: 'dead', why: 'replaced' },
    ],
  ])('a link %s', (_title, change, channel, view) => {
    const seen = observed({ state: 'qr', qr: QR, until: iso(9000) }, channel ? { channel } : {});
    expect(viewOf({ ...CLAIMS, ...change }, seen, NOW)).toEqual(view);
  });

  test('who has just asked sees it, whatever old metadata Google shows them', () => {
    const seen = observed({ state: 'expired', request: 'old' }, { request: 'old' });
    expect(viewOf(CLAIMS, seen, NOW)).toEqual({ state: 'idle' });
    expect(viewOf(CLAIMS, seen, NOW, requestAt(-2000))).toEqual({ state: 'working' });
    expect(viewOf(CLAIMS, seen, NOW, requestAt(-90_000))).toEqual({ state: 'idle' });
    expect(viewOf(CLAIMS, seen, NOW, '0')).toEqual({ state: 'idle' });
  });

  test('a code that somebody has is good until its last moment, whatever they say it is', () => {
    expect(stillGood(iso(20_000), NOW)).toEqual({ state: 'same', leftMs: 20_000 });
    for (const code of [undefined, '', 'x', iso(900), iso(3_600_000)]) {
      expect(stillGood(code, NOW)).toBeUndefined();
    }
  });
});

const code = (leftMs: number): Extract<PairingView, { state: 'code' }> => ({
  state: 'code',
  qr: QR,
  code: 'c1',
  leftMs,
});

describe('another phone was scanned', () => {
  const wrongPhone = { scanned: '89', expected: '67' };

  test.each<[string, Partial<Pairing>, string]>([
    ['before the next code', { state: 'starting' }, 'working'],
    ['beside the next code', { state: 'qr', qr: QR, until: iso(20_000) }, 'code'],
    ['when that ran out', { state: 'expired' }, 'idle'],
    ['in a pause', { state: 'paused', retryAt: iso(60_000) }, 'paused'],
  ])('is said %s', (_when, pairing, state) => {
    expect(viewOf(CLAIMS, observed({ ...pairing, wrongPhone }), NOW)).toMatchObject({
      state,
      wrongPhone,
    });
  });
});

describe('what the script does next', () => {
  test('it asks for a code by itself once, and from then on a person has to', () => {
    const first = next(FIRST, { state: 'idle' });
    expect(first).toMatchObject({ ask: true, memory: { screen: 'idle', asked: true } });
    const again = next(first.memory, { state: 'idle' });
    expect(again).toMatchObject({ ask: false, memory: { screen: 'ended' } });
  });

  test('somebody else’s attempt that ran out does not count as its own', () => {
    const joined = next(FIRST, code(4000));
    expect(next(joined.memory, { state: 'idle' }).ask).toBe(true);
  });

  test('it looks again behind the end of a code, never shortly before it', () => {
    expect(next(FIRST, code(60_000)).lookInMs).toBe(2500);
    expect(next(FIRST, code(2000)).lookInMs).toBeGreaterThan(2000);
  });

  test('it remembers the code that it shows, and forgets it when it is gone', () => {
    const shown = next(FIRST, code(9000)).memory;
    expect(next(shown, { state: 'same', leftMs: 5000 }).memory.code).toBe('c1');
    expect(next(shown, { state: 'working' }).memory.code).toBeUndefined();
  });

  test('it slows down while nothing changes, and shows what is wrong after three failures', () => {
    let move = next(FIRST, { state: 'working' });
    const paces = Array.from({ length: 6 }, () => {
      move = next(move.memory, { state: 'working' });
      return move.lookInMs ?? 0;
    });
    expect(paces).toEqual([...paces].sort((a, b) => a - b));
    const failed = [1, 2, 3].map(() => {
      move = next(move.memory, undefined);
      return move.memory.screen;
    });
    expect(failed).toEqual(['working', 'working', 'trouble']);
    expect(next(move.memory, code(9000)).memory).toMatchObject({ screen: 'code', failures: 0 });
  });

  test.each<[PairingView, string]>([
    [{ state: 'connected' }, 'connected'],
    [{ state: 'dead', why: 'replaced' }, 'dead-replaced'],
  ])('%j is the end of it', (view, screen) => {
    expect(next(FIRST, view)).toMatchObject({
      ask: false,
      lookInMs: undefined,
      memory: { screen },
    });
  });
});

describe('the page', () => {
  const pages = createPages({
    html: templates['pages/pairing.html'] ?? '',
    style: templates['pages/pairing.css'] ?? '',
    script: templates['pages/pairing.js'] ?? '',
  });
  const VIEWS: readonly PairingView[] = [
    { state: 'idle' },
    { state: 'working' },
    code(20_000),
    { state: 'paused', retryAt: iso(60_000), leftMs: 60_000 },
    { state: 'asleep', why: 'booting' },
    { state: 'asleep', why: 'stopped' },
    { state: 'connected' },
    { state: 'dead', why: 'expired' },
    { state: 'dead', why: 'replaced' },
    { state: 'dead', why: 'unknown' },
  ];

  test.each(VIEWS.flatMap((view) => ['0', undefined].map((asked) => ({ view, asked }))))(
    'has a screen for $view.state (asked: $asked), loads nothing from anywhere',
    ({ view, asked }) => {
      const html = pages.render(view, { asked });
      const screen = /id="page" data-screen="([\w-]+)"/.exec(html)?.[1];
      expect(html).toMatch(new RegExp(`<section class="[^"]*on-${screen}[" ]`));
      expect(html).toMatch(new RegExp(`data-screen="${screen}"\\] section`));
      expect(html).not.toMatch(/\{\{|https?:|@import|url\(/);
    },
  );

  test('a pause that ends on another day says which, with and without script', () => {
    const shown = (retryAt: string, hours: number): string | undefined => {
      const view = { state: 'paused', retryAt, leftMs: hours * 3_600_000 } as const;
      return /id="retry"[^>]*>([^<]+)</.exec(pages.render(view, {}))?.[1];
    };
    expect(shown('2026-11-20T17:15:00.000Z', 1)).toBe('17:15 UTC');
    expect(shown('2026-11-21T17:15:00.000Z', 24)).toBe('Saturday, 17:15 UTC');
    const [now, soon, tomorrow] = [16, 17, 24 + 17].map((hour) => new Date(2026, 10, 20, hour, 15));
    const at = (end: Date | undefined) => pauseEnd(end as Date, now as Date, ['en-GB']);
    expect([at(soon), at(tomorrow)]).toEqual(['17:15', 'Saturday 17:15']);
  });

  test('says in two digits each that another phone was scanned', () => {
    const html = pages.render(
      { ...code(9000), wrongPhone: { scanned: '89', expected: '67' } },
      { asked: '0' },
    );
    expect(html).toContain('data-expected="67" data-scanned="89"');
    expect(html).toMatch(/••<span id="scanned-end">89<.*••<span id="expected-end">67</s);
    expect(pages.render(code(9000), { asked: '0' })).toContain('data-expected="" data-scanned=""');
  });

  test('an expired link says how long they live, as they do', () => {
    const html = pages.render({ state: 'dead', why: 'expired' }, {});
    expect(html).toContain(`work for ${LINK_LIFETIME_DAYS} days`);
  });

  test('a browser without script goes on by itself, but asks for a code only once', () => {
    expect(pages.render({ state: 'idle' }, {})).toContain('1;url=?start&#x3D;now');
    expect(pages.render({ state: 'idle' }, { asked: 'mwp-1' })).not.toContain('http-equiv');
    expect(pages.render(code(60_000), { asked: 'mwp-1' })).toContain('content="10;');
    expect(pages.render(code(4000), { asked: 'mwp-1' })).toContain('content="5;');
    expect(pages.render({ state: 'connected' }, { asked: 'mwp-1' })).not.toContain('http-equiv');
  });

  test('nothing in it runs or looks but what it was built with', () => {
    const policy = pages.headers['content-security-policy'] ?? '';
    expect(policy).not.toMatch(/unsafe|\*|https?:/);
    expect(policy).toContain("default-src 'none'");
    expect(pages.headers['referrer-policy']).toBe('no-referrer');
  });
});
