import fc from 'fast-check';
import { probeOf } from '../../vm-bootstrap/core/channel-status.ts';
import {
  type ChannelHealth,
  type ChannelProbe,
  HEALTHY,
  reportOf,
  resumed,
  told,
  watchChannel,
} from '../../vm-bootstrap/core/channel-watch.ts';

const SECOND = 1000;
const PROBE = 20 * SECOND;
const START = Date.UTC(2026, 10, 20);
const base = { busy: false, conflict: false };
const hears = (at: number): ChannelProbe => ({
  ...base,
  link: 'linked',
  open: true,
  heardAt: at - 5 * SECOND,
  freshAt: at - 5 * SECOND,
});
const deafSince = (at: number): ChannelProbe => ({ ...hears(at), heardAt: at });
const closed: ChannelProbe = { ...base, link: 'linked', open: false };
const silent: ChannelProbe = { ...base, link: 'unknown', open: false };
const loggedOut: ChannelProbe = { ...base, link: 'logged-out', open: false };

/** Probes one after the other; a report is taken at once. @returns seconds at which something was done */
function run(probes: readonly ((at: number) => ChannelProbe)[], health = HEALTHY) {
  const done: [string, number][] = [];
  let state: ChannelHealth = health;
  for (const [index, probe] of probes.entries()) {
    const at = START + index * PROBE;
    const next = watchChannel(state, probe(at), at);
    state = next.health;
    const seconds = (at - START) / SECOND;
    if (next.action !== 'none') done.push([next.action, seconds]);
    const lasts = state.said === 'deaf' && state.lasting ? ', lasting' : '';
    if (state.owed) done.push([`${state.said}${lasts}`, seconds]);
    state = told(state);
  }
  return done;
}

const times = (count: number, probe: (at: number) => ChannelProbe) => Array(count).fill(probe);

test('a channel that hears is left alone', () => {
  expect(run(times(500, hears))).toEqual([]);
});

test('an open but deaf channel is restarted, and announced within two minutes', () => {
  const deaf = () => deafSince(START);
  expect(run([hears, ...times(8, deaf)])).toEqual([
    ['restart-channel', 80],
    ['deaf', 100],
    ['restart-channel', 140],
  ]);
});

test('deaf for a quarter of an hour is said once more, and anew when it is deaf again', () => {
  const reports = (probes: Parameters<typeof run>[0]) =>
    run(probes).filter(([done]) => done !== 'restart-channel');
  const deaf = () => deafSince(START);
  expect(reports([hears, ...times(200, deaf)])).toEqual([
    ['deaf', 100],
    ['deaf, lasting', 900],
  ]);
  const again = (at: number) => deafSince(at - 200 * SECOND);
  const twice = reports([hears, ...times(50, deaf), hears, ...times(50, () => closed)]);
  expect(twice.map(([done]) => done)).toEqual([
    ...['deaf', 'deaf, lasting', 'restored', 'deaf', 'deaf, lasting'],
  ]);
  expect(reports([hears, ...times(30, again), hears]).map(([done]) => done)).toEqual([
    ...['deaf', 'restored'],
  ]);
});

test('a connection that comes back by itself is nobody’s business', () => {
  expect(run([hears, () => closed, hears])).toEqual([]);
});

test('what was announced is taken back when the channel hears again', () => {
  const done = run([hears, ...times(7, () => closed), hears, hears]);
  expect(done.filter(([what]) => what !== 'restart-channel')).toEqual([
    ['deaf', 120],
    ['restored', 160],
  ]);
});

test('a gateway that does not answer is announced too, but its channel cannot be restarted', () => {
  expect(run([hears, ...times(7, () => silent)])).toEqual([['deaf', 120]]);
});

test('a logout is announced at once, once, and nothing is restarted', () => {
  expect(run([hears, ...times(10, () => loggedOut)])).toEqual([['logged-out', 20]]);
});

test('a report that the plane does not take is repeated in the same words', () => {
  const words = [0, 20, 40].reduce<[ChannelHealth, unknown[]]>(
    ([health, said], seconds) => {
      const next = watchChannel(health, loggedOut, START + seconds * SECOND).health;
      return [next, [...said, reportOf(next)]];
    },
    [{ ...HEALTHY, linked: true }, []],
  )[1];
  const report = { channel: 'whatsapp', state: 'logged-out', at: new Date(START).toISOString() };
  expect(words).toEqual([report, report, report]);
});

test('a number that was changed is announced as that, whether its link is seen or only that it is gone', () => {
  const foreign: ChannelProbe = { ...base, link: 'foreign', open: true };
  expect(run([hears, ...times(3, () => foreign), () => loggedOut])).toEqual([
    ['number-changed', 20],
  ]);
  expect(run(times(3, () => foreign))).toEqual([]);
});

test.each([true, false])('linked again, a logout is taken back; not yet told: %s', (owed) => {
  const lost = watchChannel({ ...HEALTHY, linked: true }, loggedOut, START).health;
  const { health } = watchChannel({ ...lost, owed }, hears(START + PROBE), START + PROBE);
  const at = new Date(START + PROBE).toISOString();
  expect(reportOf(health)).toEqual({ channel: 'whatsapp', state: 'linked', at });
  expect(watchChannel(told(health), hears(START + 2 * PROBE), START + 2 * PROBE).health.owed).toBe(
    false,
  );
});

test('an account that was never linked has nothing to lose', () => {
  const unlinked: ChannelProbe = { ...base, link: 'unlinked', open: false };
  expect(run([...times(10, () => silent), ...times(10, () => unlinked)])).toEqual([]);
});

test('a conflict over the credentials is announced, not fought', () => {
  const conflict = { ...closed, conflict: true };
  expect(run([hears, ...times(10, () => conflict)])).toEqual([['deaf', 120]]);
});

test('a connection without a message for an hour is made anew, but not during a turn', () => {
  const quiet = (at: number) => ({ ...hears(at), freshAt: START });
  const done = run(times(182, quiet), { ...HEALTHY, linked: true });
  expect(done).toEqual([['restart-channel', 3620]]);
  expect(run(times(182, (at) => ({ ...quiet(at), busy: true })))).toEqual([]);
  // Two hours of one turn are no turn.
  expect(run(times(365, (at) => ({ ...quiet(at), busy: true })))).toEqual([
    ['restart-channel', 7_220],
  ]);
});

test('after a boot the plugin connects by itself first, however long the channel was down before', () => {
  const before = { ...HEALTHY, linked: true, heals: 3, sickSince: START - 3_600_000, cutOff: true };
  expect(run([() => closed, hears], resumed(before))).toEqual([]);
});

const cutOff: ChannelProbe = { ...closed, reachable: false };
const reachable: ChannelProbe = { ...closed, reachable: true };

test('while WhatsApp cannot be reached nothing is restarted; when it can, the channel is, at once', () => {
  expect(run([hears, ...times(30, () => cutOff), () => reachable, hears])).toEqual([
    ['deaf', 120],
    ['restart-channel', 620],
    ['restored', 640],
  ]);
});

test('a plugin that stays down in a working network is restarted, ever more seldom', () => {
  const done = run([hears, ...times(3, () => cutOff), ...times(40, () => reachable)]);
  const restarts = done.filter(([what]) => what === 'restart-channel').map(([, at]) => at);
  expect(restarts).toEqual([80, 140, 260, 560, 860]);
});

test('a network that comes and goes does not make it restart more than once a minute', () => {
  const flapping = Array.from({ length: 60 }, (_, at) => () => (at % 2 ? reachable : cutOff));
  const done = run([hears, ...flapping]);
  const restarts = done.filter(([what]) => what === 'restart-channel').map(([, at]) => at);
  expect(restarts[0]).toBe(40);
  for (const [index, at] of restarts.entries())
    expect(at - (restarts[index - 1] ?? -60)).toBeGreaterThanOrEqual(60);
});

test('a network’s return is remembered until the channel may be restarted', () => {
  const justHealed = { ...HEALTHY, linked: true, heals: 1, healedAt: START - SECOND, cutOff: true };
  expect(run([...times(4, () => reachable)], justHealed)[0]).toEqual(['restart-channel', 60]);
});

test('whatever happens, a channel is restarted at most once a minute', () => {
  const kinds = fc.constantFrom<(at: number) => ChannelProbe>(
    hears,
    () => closed,
    () => silent,
    () => deafSince(START),
    () => cutOff,
    () => reachable,
  );
  fc.assert(
    fc.property(fc.array(kinds, { maxLength: 60 }), (probes) => {
      const restarts = run(probes).filter(([what]) => what === 'restart-channel');
      for (const [index, [, at]] of restarts.entries()) {
        const before = restarts[index - 1]?.[1] ?? Number.NEGATIVE_INFINITY;
        expect(at - before).toBeGreaterThanOrEqual(60);
      }
    }),
  );
});

test('messages that are held up: the channel is restarted, then the gateway, and once in ten minutes at most', () => {
  const stuck = (at: number): ChannelProbe => ({ ...hears(at), handledAt: START });
  const first = run([hears, ...times(5, stuck)]);
  expect(first).toEqual([
    ['restart-channel', 80],
    ['deaf', 100],
  ]);
  // A new connection handles what comes, until the same message is there once more.
  const again = (at: number): ChannelProbe => ({ ...hears(at), handledAt: START + 120 * SECOND });
  const probes = [hears, ...times(5, stuck), hears, ...times(8, again)];
  expect(run(probes).filter(([what]) => what.startsWith('restart'))).toEqual([
    ['restart-channel', 80],
    ['restart-gateway', 200],
  ]);
  // What two new processes do not mend: the channel alone, from then on.
  const poisoned = run(
    Array.from({ length: 500 }, (_, index) => (at: number) => ({
      ...hears(at),
      handledAt: START + Math.floor(index / 5) * 5 * PROBE,
    })),
  );
  const gateways = poisoned.filter(([what]) => what === 'restart-gateway');
  expect(gateways.length).toBeLessThanOrEqual(2);
  // Much later it is another matter.
  const later = (at: number): ChannelProbe => ({ ...hears(at), handledAt: START + 900 * SECOND });
  const rare = [hears, ...times(5, stuck), ...times(40, hears), ...times(5, later)];
  expect(run(rare).filter(([what]) => what.startsWith('restart'))).toEqual([
    ['restart-channel', 80],
    ['restart-channel', 980],
  ]);
});

test('the gateway’s own words', () => {
  const account = { connected: true, busy: false, healthState: 'healthy', lastConnectedAt: 5 };
  const activity = { lastTransportActivityAt: 9, lastInboundAt: null };
  const self = { e164: '+15559876543', jid: '15559876543@s.whatsapp.net' };
  const status = {
    channels: { whatsapp: { linked: true, connected: true, healthState: 'healthy', self } },
    channelAccounts: { whatsapp: [{ ...account, ...activity }] },
  };
  const heard = { ...base, open: true, heardAt: 9, freshAt: 5 };
  expect(probeOf(status, '+15559876543')).toEqual({ ...heard, link: 'linked' });
  expect(probeOf(status, '+15551234567')).toEqual({ ...heard, link: 'foreign' });
  // Our plugin's: the queue of messages took nothing since; something was delivered.
  const hearing = { handledAt: 7, deliveredAt: 8 };
  expect(probeOf(status, '+15559876543', false, hearing)).toEqual({
    ...{ ...heard, link: 'linked', handledAt: 7, deliveredAt: 8, freshAt: 8 },
  });
  // That link was taken back: what is left of it is not the phone's doing.
  const gone = { channels: { whatsapp: { linked: false, healthState: 'logged-out' } } };
  expect(probeOf(gone, '+15551234567').link).toBe('logged-out');
  expect(probeOf(gone, '+15551234567', true).link).toBe('foreign');
});
