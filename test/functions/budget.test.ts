import fc from 'fast-check';
import { monthOf } from '../../contracts/month.ts';
import type { UsageReport } from '../../contracts/vm-api.ts';
import {
  account,
  formatUsage,
  isWithdrawn,
  lettersDue,
  parseUsage,
  passed,
  type UsageRecord,
} from '../../functions/core/budget.ts';

const MONTH = { limit: 50, month: '2026-11' };
const OWNER = 'allison@nine30.com';
const ADMIN = 'admin@nine30.com';
const PEOPLE = { owner: OWNER, admins: [ADMIN] };

const report = (usd: number, more: Partial<UsageReport> = {}): UsageReport => ({
  month: '2026-11',
  usd,
  key: 'shared',
  ...more,
});
const record = (more: Partial<UsageRecord> = {}): UsageRecord => ({
  month: '2026-11',
  usd: 0,
  seen: 0,
  withdrawn: false,
  mails: {},
  ...more,
});

describe('counting', () => {
  test.each<[string, UsageRecord | undefined, UsageReport, Partial<UsageRecord>]>([
    ['the first report', undefined, report(3), { usd: 3, seen: 3, withdrawn: false }],
    ['growth counts', record({ usd: 3, seen: 3 }), report(5), { usd: 5, seen: 5 }],
    ['the same report again', record({ usd: 5, seen: 5 }), report(5), { usd: 5, seen: 5 }],
    [
      'a counter that fell (a session deleted) gives nothing back',
      record({ usd: 40, seen: 40 }),
      report(10),
      { usd: 40, seen: 10 },
    ],
    ['and counts on from there', record({ usd: 40, seen: 10 }), report(15), { usd: 45, seen: 15 }],
    [
      'a new month starts with nothing',
      record({ month: '2026-10', usd: 60, seen: 60, withdrawn: true, mails: { x: 'sent i t' } }),
      report(1),
      { month: '2026-11', usd: 1, seen: 1, withdrawn: false, mails: {} },
    ],
    [
      'a late report of the month before counts nothing, and ends it all the same',
      record({ month: '2026-10', usd: 60, seen: 60, withdrawn: true }),
      report(70, { month: '2026-10' }),
      { month: '2026-11', usd: 0, withdrawn: false },
    ],
    [
      'a VM whose clock is ahead counts nothing',
      record({ usd: 49, seen: 49 }),
      report(7, { month: '2026-12' }),
      { month: '2026-11', usd: 49, seen: 49 },
    ],
    [
      'a plane whose clock went back keeps the month it saw',
      record({ month: '2026-12', usd: 5, seen: 5 }),
      report(6, { month: '2026-12' }),
      { month: '2026-12', usd: 6 },
    ],
    [
      'a report without a figure leaves the counter alone',
      record({ usd: 45, seen: 45 }),
      { month: '2026-11', key: 'none' },
      { usd: 45, seen: 45 },
    ],
    ['at the limit the key is withdrawn', record(), report(50), { withdrawn: true }],
    ['below it is not', record(), report(49.999999), { withdrawn: false }],
    ['an own key is the owner’s money', record(), report(80, { key: 'own' }), { withdrawn: false }],
    [
      'an own key does not open the shared one again',
      record({ usd: 51, seen: 51, withdrawn: true }),
      report(51, { key: 'own' }),
      { withdrawn: true },
    ],
    [
      'without a key it stays withdrawn',
      record({ usd: 51, seen: 51, withdrawn: true }),
      report(51, { key: 'none' }),
      { withdrawn: true },
    ],
  ])('%s', (_title, before, said, expected) => {
    expect(account(before, said, MONTH)).toMatchObject(expected);
  });

  test('a raised budget opens the key, a lowered one closes it', () => {
    const over = account(undefined, report(50), MONTH);
    const raised = account(over, report(50, { key: 'none' }), { ...MONTH, limit: 60 });
    expect([over.withdrawn, raised.withdrawn]).toEqual([true, false]);
    expect(account(raised, report(50), { ...MONTH, limit: 40 }).withdrawn).toBe(true);
  });

  test.each<[string, string, string]>([
    ['2026-11-30T23:30:00Z', 'Europe/Vienna', '2026-12'],
    ['2026-11-30T22:30:00Z', 'Europe/Vienna', '2026-11'],
    ['2026-12-01T07:59:00Z', 'America/Los_Angeles', '2026-11'],
    ['2026-12-01T08:01:00Z', 'America/Los_Angeles', '2026-12'],
    ['2026-12-31T10:01:00Z', 'Pacific/Kiritimati', '2027-01'],
    ['2026-03-31T22:30:00Z', 'Europe/Vienna', '2026-04'],
    ['2026-11-30T23:59:59Z', 'UTC', '2026-11'],
  ])('%s in %s is %s', (time, timezone, month) => {
    expect(monthOf(Date.parse(time), timezone)).toBe(month);
  });

  const amounts = fc.array(fc.double({ min: 0, max: 200, noNaN: true }), { maxLength: 30 });

  test('property: what counts never falls, and is never more than what was spent', () => {
    fc.assert(
      fc.property(amounts, (steps) => {
        let [now, spent] = [undefined as UsageRecord | undefined, 0];
        let last = 0;
        for (const usd of steps) {
          spent += Math.max(0, usd - last);
          last = usd;
          const next = account(now, report(usd), MONTH);
          expect(next.usd).toBeGreaterThanOrEqual(now?.usd ?? 0);
          expect(next.usd).toBeLessThanOrEqual(spent + steps.length * 1e-6);
          now = next;
        }
      }),
    );
  });

  test('property: a report twice is a report once, and the record survives its own text', () => {
    fc.assert(
      fc.property(amounts, (steps) => {
        let now: UsageRecord | undefined;
        for (const usd of steps) {
          now = account(now, report(usd), MONTH);
          expect(account(now, report(usd), MONTH)).toEqual(now);
          expect(parseUsage(formatUsage(now))).toEqual(now);
        }
      }),
    );
  });
});

describe('mails', () => {
  test.each<[number, number | undefined]>([
    [0, undefined],
    [39.99, undefined],
    [40, 80],
    [47.49, 80],
    [47.5, 95],
    [49.99, 95],
    [50, 100],
    [500, 100],
  ])('at %f of 50 USD the mark passed is %s', (usd, threshold) => {
    expect(passed(usd, 50)).toBe(threshold);
  });

  test('the owner gets each, the admins the last; a budget that was raised is another', () => {
    const to = (usd: number, limit = 50) =>
      lettersDue(record({ usd, withdrawn: usd >= limit }), limit, PEOPLE).map(({ key }) => key);
    expect(to(41)).toEqual([`50/80/${OWNER}`]);
    expect(to(48)).toEqual([`50/95/${OWNER}`]);
    expect(to(51)).toEqual([`50/100/${OWNER}`, `50/100/${ADMIN}`]);
    expect(to(51, 60)).toEqual([`60/80/${OWNER}`]);
  });

  test('used up on an own key is one thing, the shared key withdrawn later another: both are mailed', () => {
    const keys = (before: UsageRecord) => lettersDue(before, 50, PEOPLE).map(({ key }) => key);
    const noted = account(undefined, report(51, { key: 'own' }), MONTH);
    const withdrawn = account(noted, report(51), MONTH);
    expect(withdrawn.withdrawn).toBe(true);
    expect(keys(withdrawn).filter((key) => keys(noted).includes(key))).toEqual([]);
    expect(keys(account(withdrawn, report(52, { key: 'own' }), MONTH))).toEqual(keys(withdrawn));
  });

  test('letters of a budget that is no more are forgotten: a month of changes takes no room', () => {
    const mails = { [`50/80/${OWNER}`]: 'sent x y', [`500/80/${OWNER}`]: 'sent x y' };
    const now = account(record({ usd: 41, seen: 41, mails }), report(41), MONTH);
    expect(Object.keys(now.mails)).toEqual([`50/80/${OWNER}`]);
  });

  test('an owner who is an admin gets one', () => {
    const people = { owner: ADMIN, admins: [ADMIN] };
    expect(lettersDue(record({ usd: 50 }), 50, people)).toHaveLength(1);
  });

  test('property: however the money is spent, no mark of a month is mailed twice, and the last always is', () => {
    const steps = fc.array(fc.double({ min: 0, max: 30, noNaN: true }), {
      minLength: 1,
      maxLength: 12,
    });
    fc.assert(
      fc.property(steps, (amounts) => {
        let now: UsageRecord | undefined;
        let total = 0;
        const sent: string[] = [];
        for (const amount of amounts) {
          total += amount;
          now = account(now, report(total), MONTH);
          for (const { key } of lettersDue(now, 50, PEOPLE)) {
            if (now.mails[key] !== undefined) continue;
            sent.push(key);
            now = { ...now, mails: { ...now.mails, [key]: 'sent x y' } };
          }
        }
        expect(new Set(sent).size).toBe(sent.length);
        expect(sent.includes(`50/100/${OWNER}`)).toBe((now?.usd ?? 0) >= 50);
      }),
    );
  });
});

test.each<[string, UsageRecord | undefined, boolean]>([
  ['nothing reported', undefined, false],
  ['this month', record({ usd: 50, withdrawn: true }), true],
  ['the month before', record({ month: '2026-10', usd: 50, withdrawn: true }), false],
  ['raised since', record({ usd: 45, withdrawn: true }), false],
  ['on an own key', record({ usd: 50, withdrawn: false }), false],
])('whether the shared key is closed: %s', (_title, usage, closed) => {
  expect(isWithdrawn(usage, MONTH)).toBe(closed);
});

test.each([[undefined], [''], ['sent 1 2'], ['{"month":1}']])('%j is no record', (text) => {
  expect(parseUsage(text)).toBeUndefined();
});
