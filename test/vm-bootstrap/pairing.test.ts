import fc from 'fast-check';
import { PAIRING_ATTEMPTS_MAX, pairing } from '../../contracts/pairing.ts';
import {
  FRESH_MEMORY,
  heedsReplies,
  type PairingEffect,
  type PairingEvent,
  type PairingMachine,
  reducePairing,
  resumePairing,
} from '../../vm-bootstrap/core/pairing.ts';
import {
  ATTEMPT_MS,
  FIRST_CODE_MS,
  FORGET_MS,
  LATER_CODE_MS,
  spacingAfter,
  WAITS_MS,
} from '../../vm-bootstrap/core/pairing-schedule.ts';
import { nextTick, pairingView, remembered } from '../../vm-bootstrap/core/pairing-view.ts';

const QR = 'data:image/png;base64,QUJD';
const NEXT_QR = 'data:image/png;base64,REVG';
const T0 = Date.UTC(2026, 10, 20, 9);

/** A machine that is played event by event, at seconds after T0. */
function play() {
  let machine: PairingMachine = resumePairing(FRESH_MEMORY, T0).machine;
  let effects: readonly PairingEffect[] = [];
  return {
    at(seconds: number, event: PairingEvent) {
      ({ machine, effects } = reducePairing(machine, event, T0 + seconds * 1000));
      return this.see(seconds);
    },
    see: (seconds: number) => ({
      ...pairingView(machine, T0 + seconds * 1000),
      effects: effects.map((effect) => effect.type),
    }),
    memory: () => remembered(machine),
    machine: () => machine,
  };
}

const unlinked: PairingEvent = { type: 'link', link: 'unlinked' };
const request = (id: string): PairingEvent => ({ type: 'request', id });
const iso = (seconds: number): string => new Date(T0 + seconds * 1000).toISOString();

/** Attempts that nobody scans, each as soon as it may start; ends `seconds` after T0. */
function fail(story: ReturnType<typeof play>, times: number, from = 0): number {
  let seconds = from;
  for (let count = 0; count < times; count++) {
    expect(story.at(seconds, request(`r${seconds}`)).effects).toEqual(['login']);
    story.at(seconds + 1, { type: 'code', qr: QR });
    seconds += 180;
    story.at(seconds, { type: 'ended' });
    const { failures } = story.machine();
    if (failures < PAIRING_ATTEMPTS_MAX) seconds += spacingAfter(failures) / 1000;
  }
  return seconds;
}

describe('one attempt', () => {
  test('asked for, shown, swapped, scanned', () => {
    const story = play();
    expect(story.at(0, unlinked)).toMatchObject({ state: 'idle', effects: [] });
    expect(story.at(1, request('a'))).toMatchObject({
      state: 'starting',
      request: 'a',
      effects: ['login'],
    });
    // Handed on late by a busy machine, it dies no later for that.
    expect(story.at(12, { type: 'code', qr: QR })).toMatchObject({
      state: 'qr',
      qr: QR,
      until: iso(1 + FIRST_CODE_MS / 1000),
      effects: [],
    });
    expect(story.at(62, { type: 'code', qr: NEXT_QR })).toMatchObject({
      qr: NEXT_QR,
      until: iso(62 + LATER_CODE_MS / 1000),
    });
    expect(story.at(70, { type: 'connected' })).toEqual({
      state: 'linked',
      request: 'a',
      failures: 0,
      effects: [],
    });
    expect(story.memory()).toMatchObject({ linkedAt: T0 + 70_000, reported: false });
  });

  test('waits for the gateway to say that it is not linked', () => {
    const story = play();
    expect(story.at(0, request('a'))).toMatchObject({ state: 'starting', effects: [] });
    expect(story.at(5, unlinked).effects).toEqual(['login']);
  });

  test('never starts on a linked account, and answers the request all the same', () => {
    const story = play();
    story.at(0, { type: 'link', link: 'linked' });
    expect(story.at(1, request('a'))).toMatchObject({ state: 'linked', request: 'a', effects: [] });
    expect(story.at(2, { type: 'reply' }).effects).toEqual([]);
  });

  test('credentials that a login writes on its way are not yet a link', () => {
    const story = play();
    story.at(0, unlinked);
    story.at(1, request('a'));
    expect(story.at(2, { type: 'link', link: 'linked' })).toMatchObject({ state: 'starting' });
  });

  test('the same request is no new one; a second page sees the code of the first', () => {
    const story = play();
    story.at(0, unlinked);
    story.at(1, request('a'));
    expect(story.at(2, request('a')).effects).toEqual([]);
    story.at(3, { type: 'code', qr: QR });
    expect(story.at(4, request('b'))).toMatchObject({ state: 'qr', request: 'b', effects: [] });
  });

  test('nobody scans: expired, and a page opened later starts afresh', () => {
    const story = play();
    story.at(0, unlinked);
    story.at(1, request('a'));
    story.at(2, { type: 'code', qr: QR });
    expect(story.at(181, { type: 'ended' })).toEqual({
      state: 'expired',
      request: 'a',
      failures: 1,
      effects: [],
    });
    expect(story.at(600, request('b')).effects).toEqual(['login']);
  });

  test('an attempt that never got to a code is not counted', () => {
    const story = play();
    story.at(0, unlinked);
    story.at(1, request('a'));
    expect(story.at(2, { type: 'ended' })).toMatchObject({ state: 'expired', failures: 0 });
    expect(story.at(3, request('b'))).toMatchObject({ state: 'starting', effects: [] });
    expect(story.at(8, { type: 'tick' }).effects).toEqual(['login']);
  });
});

describe('by mail', () => {
  test('the first code, and it alone, is mailed', () => {
    const story = play();
    story.at(0, unlinked);
    expect(story.at(1, { type: 'reply' }).effects).toEqual(['login']);
    expect(story.at(2, { type: 'code', qr: QR }).effects).toEqual(['mail']);
    expect(story.at(62, { type: 'code', qr: NEXT_QR }).effects).toEqual([]);
  });

  test('a reply during an attempt gets an attempt of its own, for a code that lives a minute', () => {
    const story = play();
    story.at(0, unlinked);
    story.at(1, request('a'));
    story.at(2, { type: 'code', qr: QR });
    expect(story.at(30, { type: 'reply' }).effects).toEqual([]);
    story.at(181, { type: 'ended' });
    expect(story.at(186, { type: 'tick' }).effects).toEqual(['login']);
    expect(story.at(187, { type: 'code', qr: NEXT_QR }).effects).toEqual(['mail']);
  });
});

test('a reply between two attempts outlives a restart, but not for long', () => {
  const story = play();
  story.at(0, unlinked);
  fail(story, 1);
  story.at(182, { type: 'reply' });
  const again = (ms: number) => resumePairing(story.memory(), T0 + ms).machine;
  const { machine, effects } = reducePairing(again(190_000), unlinked, T0 + 190_000);
  expect([effects, machine.attempt?.mail]).toEqual([[{ type: 'login', resume: false }], true]);
  const late = 182_000 + WAITS_MS;
  expect(reducePairing(again(late), unlinked, T0 + late).effects).toEqual([]);
});

describe('failures in a row', () => {
  test(`after ${PAIRING_ATTEMPTS_MAX} the owner waits, longer each time; the page says until when`, () => {
    const story = play();
    story.at(0, unlinked);
    const end = fail(story, 3);
    expect(story.see(end)).toMatchObject({ state: 'paused', failures: 3, retryAt: iso(end + 900) });
    expect(story.at(end + 899, request('early'))).toMatchObject({ state: 'paused', effects: [] });
    expect(story.at(end + 900, { type: 'tick' })).toMatchObject({ state: 'expired', effects: [] });
    const later = fail(story, 1, end + 901);
    expect(story.see(later)).toMatchObject({ state: 'paused', retryAt: iso(later + 3600) });
  });

  test('neither a restart nor a reboot forgets them', () => {
    const story = play();
    story.at(0, unlinked);
    const end = fail(story, 3);
    const { machine } = resumePairing(JSON.parse(JSON.stringify(story.memory())), T0 + end * 1000);
    expect(pairingView(machine, T0 + end * 1000)).toMatchObject({ state: 'paused', failures: 3 });
  });

  test('a success does, and so does a day without an attempt', () => {
    const story = play();
    story.at(0, unlinked);
    const end = fail(story, 2);
    story.at(end, request('x'));
    expect(story.at(end + 1, { type: 'connected' })).toMatchObject({ failures: 0 });

    const other = play();
    other.at(0, unlinked);
    const late = fail(other, 3) + 900 + FORGET_MS / 1000;
    expect(other.at(late, request('x'))).toMatchObject({ state: 'starting', failures: 0 });
  });
});

describe('a phone of another number', () => {
  const wrongPhone = { scanned: '89', expected: '67' };
  const foreign: PairingEvent = { type: 'foreign', wrongPhone, login: true };

  test('undone, told of and counted once, however often it is seen; then the next code', () => {
    const story = play();
    story.at(0, unlinked);
    story.at(1, request('a'));
    story.at(2, { type: 'code', qr: QR });
    expect(story.at(10, foreign)).toEqual({
      state: 'starting',
      request: 'a',
      failures: 1,
      wrongPhone,
      effects: ['unlink', 'tell'],
    });
    expect(story.at(11, { ...foreign, login: false }).effects).toEqual(['unlink']);
    expect(story.at(16, { type: 'tick' }).effects).toEqual([]);
    expect(story.at(17, unlinked)).toMatchObject({ failures: 1, effects: ['login'] });
    expect(story.at(18, { type: 'code', qr: NEXT_QR })).toMatchObject({ state: 'qr', wrongPhone });
    expect(story.memory()).toMatchObject({ reported: false, wrongPhone });
    expect(story.memory()).not.toHaveProperty('linkedAt');
    expect(story.at(20, { type: 'connected' })).toEqual({
      state: 'linked',
      request: 'a',
      failures: 0,
      effects: [],
    });
  });

  test('three times: a pause like any other', () => {
    const story = play();
    story.at(0, unlinked);
    story.at(1, request('a'));
    let at = 1;
    for (const failures of [1, 2, 3]) {
      story.at(at + 1, { type: 'code', qr: QR });
      expect(story.at(at + 2, foreign).failures).toBe(failures);
      story.at(at + 3, unlinked);
      at += 2 + spacingAfter(failures) / 1000;
      if (failures < 3) expect(story.at(at, { type: 'tick' }).effects).toEqual(['login']);
    }
    expect(story.see(at - 1)).toMatchObject({ state: 'paused', wrongPhone });
  });

  test('what a login leaves on its way is not judged before the login is over', () => {
    const story = play();
    story.at(0, unlinked);
    story.at(1, request('a'));
    expect(story.at(2, { ...foreign, login: false })).toMatchObject({
      state: 'starting',
      failures: 0,
      effects: [],
    });
  });

  test('a number that was changed: the old link is undone, and nobody is shown a code', () => {
    const story = play();
    story.at(0, { type: 'link', link: 'linked' });
    // Nobody scanned anything: the channel's watch tells of it.
    expect(story.at(60, { ...foreign, login: false }).effects).toEqual(['unlink']);
    const { machine } = resumePairing(story.memory(), T0 + 61_000);
    const again = reducePairing(machine, { ...foreign, login: false }, T0 + 61_000);
    expect(again.effects).toEqual([{ type: 'unlink' }]);
    const over = story.at(62, unlinked);
    expect(over).toEqual({ state: 'expired', failures: 0, effects: [] });
    expect(story.machine().numberChanged).toBe(true);
    expect(story.at(90, { type: 'tick' }).effects).toEqual([]);
    expect(story.at(91, request('b')).effects).toEqual(['login']);
    story.at(92, { type: 'code', qr: QR });
    // This one was a scan.
    expect(story.at(95, foreign)).toMatchObject({ wrongPhone, effects: ['unlink', 'tell'] });
    expect(story.machine()).not.toHaveProperty('numberChanged');
  });

  test('said until an attempt ends otherwise', () => {
    const story = play();
    story.at(0, unlinked);
    story.at(1, request('a'));
    story.at(2, { type: 'code', qr: QR });
    story.at(3, foreign);
    story.at(4, unlinked);
    story.at(8, { type: 'tick' });
    story.at(9, { type: 'code', qr: NEXT_QR });
    expect(story.at(188, { type: 'ended' })).not.toHaveProperty('wrongPhone');
  });
});

describe('a restart of the service', () => {
  test('takes up a login that the gateway may still have; its code may be old', () => {
    const story = play();
    story.at(0, unlinked);
    story.at(1, request('a'));
    story.at(2, { type: 'code', qr: QR });
    const { machine, effects } = resumePairing(story.memory(), T0 + 30_000);
    expect(effects).toEqual([{ type: 'login', resume: true }]);
    const { machine: next } = reducePairing(machine, { type: 'code', qr: QR }, T0 + 31_000);
    expect(pairingView(next, T0)).toMatchObject({ until: iso(31 + LATER_CODE_MS / 1000) });
  });

  test('counts one that is over by now', () => {
    const story = play();
    story.at(0, unlinked);
    story.at(1, request('a'));
    story.at(2, { type: 'code', qr: QR });
    const { machine, effects } = resumePairing(story.memory(), T0 + 1000 + ATTEMPT_MS);
    expect(effects).toEqual([]);
    expect(machine).toMatchObject({ failures: 1 });
  });

  test('a link that was there before is not reported again; one that is new is', () => {
    const story = play();
    story.at(0, unlinked);
    story.at(1, request('a'));
    story.at(2, { type: 'connected' });
    story.at(3, { type: 'reported', linkedAt: T0 + 2000 });
    const { machine } = resumePairing(story.memory(), T0 + 9000);
    const { machine: seen } = reducePairing(machine, { type: 'link', link: 'linked' }, T0 + 9500);
    expect(remembered(seen)).toMatchObject({ linkedAt: T0 + 2000, reported: true });
    const { machine: lost } = reducePairing(seen, { type: 'link', link: 'logged-out' }, T0 + 9600);
    expect(pairingView(lost, T0)).toMatchObject({ state: 'logged-out' });
    const { machine: again } = reducePairing(lost, { type: 'link', link: 'linked' }, T0 + 9700);
    expect(remembered(again)).toMatchObject({ linkedAt: T0 + 9700, reported: false });
  });
});

const anyEvent: fc.Arbitrary<PairingEvent> = fc.oneof(
  fc.record({ type: fc.constant('request' as const), id: fc.constantFrom('a', 'b', 'c', 'd') }),
  fc.constant<PairingEvent>({ type: 'reply' }),
  fc.record({
    type: fc.constant('link' as const),
    link: fc.constantFrom('linked' as const, 'unlinked' as const, 'logged-out' as const),
  }),
  fc.record({ type: fc.constant('code' as const), qr: fc.constantFrom(QR, NEXT_QR) }),
  fc.constant<PairingEvent>({ type: 'connected' }),
  fc.constant<PairingEvent>({ type: 'ended' }),
  fc.record({
    type: fc.constant('foreign' as const),
    wrongPhone: fc.constant({ scanned: '89', expected: '67' }),
    login: fc.boolean(),
  }),
  fc.constant<PairingEvent>({ type: 'tick' }),
);
const story = fc.array(fc.tuple(fc.integer({ min: 0, max: 7_200_000 }), anyEvent, fc.boolean()), {
  maxLength: 80,
});

test('whatever happens, in whatever order, with restarts in between', () => {
  fc.assert(
    fc.property(story, (steps) => {
      let at = T0;
      let machine = resumePairing(FRESH_MEMORY, at).machine;
      let ends: { at: number; failures: number } | undefined;
      for (const [later, event, restart] of steps) {
        at += later;
        if (restart) {
          const memory = JSON.stringify(remembered(machine));
          expect(memory).not.toContain('base64');
          machine = resumePairing(JSON.parse(memory), at).machine;
        }
        const before = machine;
        const { machine: after, effects } = reducePairing(before, event, at);
        if (event.type === 'reply' && heedsReplies(before, at)) {
          expect((remembered(after).wanted ?? after.attempt)?.mail).toBe(true);
        }
        if (effects.some((effect) => effect.type === 'login')) {
          expect(before.attempt).toBeUndefined();
          expect(after.attempt?.startedAt).toBe(at);
          expect(['unlinked', 'logged-out']).toContain(after.link);
          if (ends) expect(at - ends.at).toBeGreaterThanOrEqual(spacingAfter(ends.failures));
        }
        if (before.attempt && !after.attempt) {
          ends = after.link === 'linked' ? undefined : { at, failures: after.failures };
        }
        const view = pairingView(after, at);
        expect(pairing.safeParse({ ...view, at: new Date(at).toISOString() }).success).toBe(true);
        expect(view.qr !== undefined).toBe(view.state === 'qr');
        expect(view.retryAt !== undefined).toBe(view.state === 'paused');
        expect((nextTick(after, at) ?? at + 1) > at).toBe(true);
        machine = after;
      }
    }),
    { numRuns: 500 },
  );
});
