import fc from 'fast-check';
import {
  type ChannelHealth,
  HEALTHY,
  watchChannel,
} from '../../vm-bootstrap/core/channel-watch.ts';

const SECOND = 1000;
const MINUTE = 60 * SECOND;
const PROBE = 20 * SECOND;

/** A connection that answers every question; what else is the matter with it, by second. */
interface Day {
  /** From when on nothing is delivered, until the next login; for each connection. */
  readonly deafFrom: readonly number[];
  /** The phone is off between these. */
  readonly off: readonly [from: number, to: number];
  /** When somebody writes. */
  readonly messages: readonly number[];
  readonly seconds: number;
  /** How long the phone takes to answer. */
  readonly answersAfter?: number;
}

/** Plays a day, a step a second. @returns when the phone was asked, when a login followed, and when a deafness began */
function play(day: Day, withinMs: number | undefined) {
  const asked: number[] = [];
  const logins: number[] = [];
  const deaf: number[] = [];
  let health: ChannelHealth = { ...HEALTHY, linked: true };
  let [connectedAt, deliveredAt, isDeaf, held] = [0, 0, false, 0];
  let answersAt: number | undefined;
  const isOff = (now: number) => now >= day.off[0] * SECOND && now < day.off[1] * SECOND;
  const comes = (now: number) => {
    if (isDeaf) held += 1;
    else deliveredAt = now;
  };
  for (let now = 0; now < day.seconds * SECOND; now += SECOND) {
    if (!isDeaf && day.deafFrom.some((at) => at * SECOND === now)) {
      isDeaf = true;
      deaf.push(now);
    }
    if (day.messages.some((at) => at * SECOND === now)) comes(now);
    if (answersAt !== undefined && now >= answersAt && !isOff(now)) {
      answersAt = undefined;
      comes(now);
    }
    if (now % PROBE !== 0) continue;
    const freshAt = Math.max(connectedAt, deliveredAt);
    const probe = {
      ...{ link: 'linked' as const, open: true, heardAt: now, deliveredAt, freshAt },
      ...{ busy: false, conflict: false },
    };
    const next = watchChannel(health, probe, now, withinMs);
    health = next.health;
    if (next.action === 'ask-phone') {
      asked.push(now);
      answersAt = now + (day.answersAfter ?? 1) * SECOND;
    }
    if (next.action !== 'restart-channel') continue;
    logins.push(now);
    [connectedAt, isDeaf] = [now, false];
    if (held > 0) deliveredAt = now + SECOND;
    held = 0;
  }
  return { asked, logins, deaf };
}

const NEVER: readonly [number, number] = [0, 0];
const HOUR = 3_600;

test('a connection that answers everything and delivers nothing is made anew within two minutes', () => {
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 50 * 60 }), fc.nat(PROBE / SECOND), (from, shift) => {
      const messages = [from - shift];
      const { deaf, logins } = play(
        { deafFrom: [from], off: NEVER, messages, seconds: HOUR },
        2 * MINUTE,
      );
      expect((logins[0] ?? Number.POSITIVE_INFINITY) - (deaf[0] ?? 0)).toBeLessThanOrEqual(
        2 * MINUTE,
      );
    }),
  );
});

test('as often as it happens, with a phone that answers', () => {
  const deafFrom = [600, 1_200, 1_800];
  const { deaf, logins } = play({ deafFrom, off: NEVER, messages: [], seconds: 2_400 }, 2 * MINUTE);
  expect(deaf).toHaveLength(3);
  expect(logins).toHaveLength(3);
});

test('a phone that is off costs one login, and is left alone until it shows itself', () => {
  const off = [600, 6_000] as const;
  const { asked, logins } = play({ deafFrom: [], off, messages: [], seconds: 6_000 }, 2 * MINUTE);
  const while_ = (times: readonly number[]) => times.filter((at) => at >= off[0] * SECOND);
  expect(while_(asked)).toHaveLength(1);
  // The second is the hourly one.
  expect(while_(logins)).toHaveLength(2);
});

test('a phone that is on again is asked again', () => {
  const { asked } = play(
    { deafFrom: [], off: [600, 1_200], messages: [], seconds: 1_800 },
    2 * MINUTE,
  );
  expect(asked.some((at) => at > 1_200 * SECOND)).toBe(true);
});

test.each([
  ['a phone that takes longer to answer', { off: NEVER, messages: [], answersAfter: 45 }],
  [
    'a phone that is off while its owner writes',
    { off: [0, 6 * HOUR] as const, messages: Array.from({ length: 180 }, (_, at) => at * 120) },
  ],
])('%s is asked less and less', (_, day) => {
  const { logins } = play({ deafFrom: [], seconds: 6 * HOUR, ...day }, 2 * MINUTE);
  // Three an hour, where each would be one in two minutes.
  expect(logins.length).toBeLessThanOrEqual(18);
});

test('nobody is asked while messages come, nor where nobody wants it', () => {
  const messages = Array.from({ length: 120 }, (_, index) => index * 30);
  expect(play({ deafFrom: [], off: NEVER, messages, seconds: HOUR }, 2 * MINUTE).asked).toEqual([]);
  expect(play({ deafFrom: [], off: NEVER, messages: [], seconds: HOUR }, undefined).asked).toEqual(
    [],
  );
});

test('within ten minutes: asked six times an hour, not more', () => {
  const { asked } = play({ deafFrom: [], off: NEVER, messages: [], seconds: HOUR }, 10 * MINUTE);
  expect(asked.length).toBeGreaterThan(4);
  expect(asked.length).toBeLessThan(8);
});

test('a turn that is under way is not cut off, unless it never ends', () => {
  const health = { ...HEALTHY, linked: true, asked: { askedAt: 0 } };
  const probe = { link: 'linked' as const, open: true, heardAt: 50_000, conflict: false };
  expect(watchChannel(health, { ...probe, busy: true }, 50_000, 2 * MINUTE).action).toBe('none');
  const late = { ...probe, heardAt: 16 * MINUTE, busy: true };
  expect(watchChannel(health, late, 16 * MINUTE, 2 * MINUTE).action).toBe('restart-channel');
  expect(watchChannel(health, { ...probe, busy: false }, 50_000, 2 * MINUTE).action).toBe(
    'restart-channel',
  );
});
