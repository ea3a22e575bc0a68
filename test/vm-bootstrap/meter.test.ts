import fc from 'fast-check';
import { keyOf } from '../../vm-bootstrap/core/key-origin.ts';
import {
  answered,
  type BudgetState,
  isDue,
  keyMove,
  newsFor,
  parseBudget,
  pauseAfter,
  spentIn,
  untold,
  usageQuery,
} from '../../vm-bootstrap/core/meter.ts';

const NOW = Date.parse('2026-11-20T12:00:00Z');
const state = (more: Partial<BudgetState> = {}): BudgetState => ({
  month: '2026-11',
  usd: 10,
  spent: 10,
  limit: 50,
  withdrawn: false,
  key: 'shared',
  at: NOW,
  ...more,
});
const report = { month: '2026-11', usd: 10, key: 'shared' } as const;

describe('asking the gateway', () => {
  test.each([
    ['2026-11', 0, '2026-11-30'],
    ['2026-02', 0, '2026-02-28'],
    ['2028-02', 0, '2028-02-29'],
    ['2026-12', 0, '2026-12-31'],
    ['2026-12', 3, '2027-01-03'],
  ])('%s, second %i of a minute: until %s', (month, second, endDate) => {
    expect(usageQuery(month, 'Europe/Vienna', NOW + second * 1000)).toEqual({
      mode: 'specific',
      timeZone: 'Europe/Vienna',
      startDate: `${month}-01`,
      endDate,
      agentScope: 'all',
    });
  });

  const day = (date: string, totalCost: number, missingCostEntries = 0) => ({
    date,
    totalCost,
    missingCostEntries,
  });
  const fresh = { status: 'fresh' };

  test('only the days of the month count, and what has no price is told apart', () => {
    const daily = [day('2026-11-01', 1), day('2026-11-30', 2, 3), day('2026-12-01', 4, 5)];
    expect(spentIn('2026-11', { daily, cacheStatus: fresh })).toEqual({ usd: 3, unpriced: 3 });
  });

  test.each([
    [
      'zeros while it still reads',
      { daily: [day('2026-11-01', 0)], cacheStatus: { status: 'refreshing' } },
    ],
    ['an old figure', { daily: [day('2026-11-01', 7)], cacheStatus: { status: 'stale' } }],
    ['no word about it', { daily: [day('2026-11-01', 7)] }],
    ['nothing at all', {}],
  ])('%s is no answer', (_title, answer) => {
    expect(spentIn('2026-11', answer)).toBeUndefined();
  });
});

describe('telling the plane', () => {
  test.each<[string, BudgetState | undefined, object, boolean, string?]>([
    ['never before', undefined, {}, true],
    ['nothing new', state(), {}, false],
    ['more was spent', state(), { usd: 10.5 }, true],
    ['less (a session was deleted)', state(), { usd: 9 }, true],
    ['no figure just now', state(), { usd: undefined }, false],
    ['another key', state(), { key: 'own' }, true],
    ['another month', state(), { month: '2026-12' }, true],
    [
      'withdrawn: every look asks whether it still is',
      state({ withdrawn: true, key: 'none' }),
      { key: 'none' },
      true,
      'withdrawn',
    ],
    ['to be given up', state({ withdrawn: true }), {}, true, 'stand-in'],
    ['to be taken back', state({ key: 'none' }), { key: 'none' }, true, 'withdrawn'],
    [
      'withdrawn, and the owner’s own key has ended that for them',
      state({ withdrawn: true, key: 'own' }),
      { key: 'own' },
      false,
      'own',
    ],
    ['a quarter of an hour later', state({ at: NOW - 15 * 60_000 }), {}, true],
    ['a clock that went back', state({ at: NOW + 60_000 }), {}, true],
  ])('%s', (_title, before, change, due, origin = 'shared') => {
    expect(isDue(before, { ...report, ...change }, NOW, origin)).toBe(due);
  });

  test.each<[boolean, string | undefined, number]>([
    [true, 'withdrawn', 20_000],
    [true, 'shared', 20_000],
    [false, 'withdrawn', 20_000],
    [true, 'own', 60_000],
    [true, undefined, 60_000],
    [false, 'shared', 60_000],
  ])('withdrawn %s, on %s: the next look is in %i ms', (withdrawn, origin, pause) => {
    expect(pauseAfter(withdrawn, origin)).toBe(pause);
  });

  test('the state keeps what the owner was told, and the last figure of the same month', () => {
    const answer = { month: '2026-11', usd: 51, limit: 50, withdrawn: true };
    const before = state({ told: '2026-11/50' });
    expect(answered(before, { month: '2026-11', key: 'none' }, answer, NOW)).toEqual({
      ...answer,
      spent: 10,
      key: 'none',
      at: NOW,
      told: '2026-11/50',
    });
    const turned = { ...answer, month: '2026-12', usd: 0, withdrawn: false };
    expect(answered(before, { month: '2026-12', key: 'none' }, turned, NOW).spent).toBeUndefined();
  });
});

test.each<[boolean, string | undefined, string, string | undefined]>([
  [true, 'shared', 'shared', 'give-up'],
  [true, 'own', 'own', undefined],
  [true, 'withdrawn', 'none', undefined],
  [true, undefined, 'none', undefined],
  [false, 'shared', 'shared', undefined],
  [false, 'own', 'own', undefined],
  [false, 'withdrawn', 'none', 'take-back'],
  [false, undefined, 'none', undefined],
  [true, 'stand-in', 'shared', 'give-up'],
  [false, 'misfit', 'none', undefined],
])(
  'withdrawn %s, gateway on %s: reported as %s, and it should %s',
  (withdrawn, origin, key, move) => {
    expect([keyOf(origin), keyMove(withdrawn, origin)]).toEqual([key, move]);
  },
);

test('the owner is told once a used-up budget, and again when a raised one is used up', () => {
  const over = state({ usd: 50, withdrawn: true });
  expect(untold(state())).toBeUndefined();
  expect(untold(over)).toBe('2026-11/50');
  expect(untold({ ...over, told: '2026-11/50' })).toBeUndefined();
  expect(untold({ ...over, usd: 60, limit: 60, told: '2026-11/50' })).toBe('2026-11/60');
  expect(untold({ ...over, month: '2026-12', told: '2026-11/50' })).toBe('2026-12/50');
});

test('told on their own key that it is used up, the owner is told again when the shared one is withdrawn', () => {
  const told = (before: BudgetState, origin: string) =>
    newsFor(before, origin, 'openai', TEXTS).map(({ message }) => message);
  const noted = state({ usd: 51, key: 'own' });
  expect(told(noted, 'own')).toEqual(['your money']);
  const known = { ...noted, ...newsFor(noted, 'own', 'openai', TEXTS)[0]?.told };
  expect(told(known, 'own')).toEqual([]);
  const answer = { month: '2026-11', usd: 51, limit: 50, withdrawn: true };
  const withdrawn = answered(known, report, answer, NOW);
  // On the shared key for its last seconds: that it ran on that one is no news any more.
  expect(told(withdrawn, 'stand-in')).toEqual(['used up']);
  const last = { ...withdrawn, ...newsFor(withdrawn, 'withdrawn', 'openai', TEXTS)[0]?.told };
  expect(told(last, 'withdrawn')).toEqual([]);
  expect(told(answered(last, { ...report, key: 'own' }, answer, NOW), 'own')).toEqual([]);
});

test('without a key, and nothing withdrawn, nobody is told that something was', () => {
  expect(newsFor(state({ usd: 51, key: 'none' }), undefined, 'openai', TEXTS)).toEqual([]);
});

const TEXTS = {
  withdrawn: 'used up',
  ownKey: 'your money',
  misfit: 'no key fits',
  'stand-in': 'another company',
};

test('the owner is told once that their own key does not fit the model, and anew after one that does', () => {
  const told = (before: BudgetState, origin: string) =>
    newsFor(before, origin, 'openai', TEXTS).map(({ message }) => message);
  expect(told(state(), 'own')).toEqual([]);
  expect(told(state(), 'stand-in')).toEqual(['another company']);
  expect(told(state({ usd: 50, withdrawn: true }), 'misfit')).toEqual(['used up', 'no key fits']);
  const [news] = newsFor(state(), 'stand-in', 'openai', TEXTS);
  const known = state(news?.told);
  expect(told(known, 'stand-in')).toEqual([]);
  expect(told(known, 'misfit')).toEqual(['no key fits']);
  const answer = { month: '2026-11', usd: 10, limit: 50, withdrawn: false };
  expect(told(answered(known, report, answer, NOW), 'stand-in')).toEqual([]);
  const onOwn = answered(known, { ...report, key: 'own' }, answer, NOW);
  expect(told(onOwn, 'stand-in')).toEqual(['another company']);
});

test('property: a file that was cut short is no state', () => {
  const text = JSON.stringify(state());
  fc.assert(
    fc.property(fc.integer({ min: 0, max: text.length - 1 }), (end) => {
      expect(parseBudget(text.slice(0, end))).toBeUndefined();
    }),
  );
  expect(parseBudget(text)).toEqual(state());
  expect(parseBudget(undefined)).toBeUndefined();
});
