/** A business number's channel: what the bridge says of it on its machine, and what the plane is told. */

import { rmSync } from 'node:fs';
import { channelOf } from '../../bridge/observe/channel.ts';
import { type HealthServer, startHealthServer } from '../../bridge/observe/health-server.ts';
import type { CallState, Contact } from '../../bridge/ports.ts';
import { channelReport } from '../../contracts/vm-api.ts';
import {
  type ChannelHealth,
  HEALTHY,
  reportOf,
  told,
} from '../../vm-bootstrap/core/channel-watch.ts';
import { bridgeSays, type NumberSeen, watchNumber } from '../../vm-bootstrap/core/number-watch.ts';
import { forgetNumber, tellNumber } from '../../vm-bootstrap/tell-number.ts';
import { type Cloud, startConfiguredCloud } from './support/cloud.ts';
import { newRoot, toldMachine } from './support/machine.ts';

const MINUTE = 60_000;
const START = Date.UTC(2026, 10, 29);
const OK: NumberSeen = { state: 'ok' };
const downSince = (at: number): NumberSeen => ({
  state: 'token-refused',
  since: new Date(at).toISOString(),
});

/** Looks a minute apart; a report is taken at once. @returns the minutes at which something was said */
function run(looks: readonly NumberSeen[]) {
  const said: [string, number][] = [];
  let health: ChannelHealth = HEALTHY;
  for (const [minute, seen] of looks.entries()) {
    health = watchNumber(health, seen, START + minute * MINUTE);
    const report = reportOf(health);
    if (report) said.push([report.lasting ? `${report.state}, lasting` : report.state, minute]);
    health = told(health);
  }
  return said;
}
const times = (count: number, seen: NumberSeen): NumberSeen[] => Array(count).fill(seen);

describe('what is told of a business number', () => {
  test.each<[string, NumberSeen[], [string, number][]]>([
    ['one that works: nothing', times(100, OK), []],
    ['one look at a failure: nothing', [OK, downSince(START + MINUTE), OK], []],
    [
      'a token that is refused: deaf, an alert after a quarter of an hour, and restored',
      [OK, ...times(20, downSince(START)), OK],
      [
        ['deaf', 2],
        ['deaf, lasting', 15],
        ['restored', 21],
      ],
    ],
    ['refused from the beginning', times(4, downSince(START)), [['deaf', 2]]],
    ['a bridge that is starting', [OK, 'silent', OK], []],
    ['a bridge that is gone', [OK, ...times(4, 'silent')], [['deaf', 3]]],
    ['no bridge yet', times(30, 'silent'), []],
    ['no number', times(30, 'none'), []],
    [
      'disconnected while it is deaf: nothing is deaf any more',
      [OK, ...times(3, downSince(START)), 'none', 'none'],
      [
        ['deaf', 2],
        ['restored', 4],
      ],
    ],
  ])('%s', (_, looks, said) => {
    expect(run(looks)).toEqual(said);
  });

  test('the first look takes back what was said of the channel of another mode', () => {
    expect(watchNumber(undefined, OK, START)).toMatchObject({ said: 'restored', owed: true });
  });

  test('an answer that is no health is none', () => {
    expect([bridgeSays('<html>'), bridgeSays('{}'), bridgeSays('null')]).toEqual([
      undefined,
      undefined,
      undefined,
    ]);
  });
});

describe('the meter, beside a bridge', () => {
  let cloud: Cloud;
  let root: string;
  let server: HealthServer;
  let contact: Contact;
  beforeEach(async () => {
    cloud = await startConfiguredCloud();
    root = newRoot();
    contact = { wellAt: START };
    const channel = () => channelOf('kapso', { contact }, Date.now());
    const queue = { open: 0, dead: 0 };
    const health = () => {
      const said = channel();
      const state = said.state === 'ok' ? 'ok' : 'channel-down';
      return { state, channel: said, inbox: queue, outbox: queue, oldestSeconds: 0 } as const;
    };
    const metrics = { contentType: 'text/plain', text: async () => '', observe: () => {} };
    server = await startHealthServer('127.0.0.1:0', health, metrics);
  });
  afterEach(async () => {
    await server.close();
    await cloud.close();
    rmSync(root, { recursive: true, force: true });
  });
  const refused = (since: number): Contact => ({
    failing: { since, times: 9, how: 'token-refused' satisfies CallState },
  });

  test('tells the plane once that it is deaf, again when it did not hear, and that it is restored', async () => {
    const { host, layout, facts } = await toldMachine(cloud, root);
    const connected = { ...facts, numberVersion: '1' };
    host.write(layout.facts, JSON.stringify(connected), { mode: 0o644 });
    const reports: unknown[] = [];
    cloud.answers['/v1/self/channel'] = (body) => {
      reports.push(channelReport.parse(body));
      return {};
    };
    let now = START;
    const looking = { ...host, now: () => new Date(now) };
    const look = () => tellNumber(looking, layout, false, `127.0.0.1:${server.port}`);
    await look();
    contact = refused(START);
    now += 2 * MINUTE;
    await look();
    await look();
    contact = { wellAt: now };
    now += MINUTE;
    await look();
    await look();
    expect(reports).toMatchObject([
      { state: 'restored', at: new Date(START).toISOString() },
      { state: 'deaf', at: new Date(START + 2 * MINUTE).toISOString() },
      { state: 'restored', at: new Date(now).toISOString() },
    ]);
    forgetNumber(looking, layout);
    await look();
    expect(reports).toHaveLength(4);
    // A full disk cut it short: as at the very first look.
    host.write(`${layout.data}/meter/number.json`, '{"sa', { mode: 0o600 });
    await look();
    expect(reports).toHaveLength(5);
    host.remove(`${layout.data}/meter/number.json`);
    rmSync(`${layout.data}/meter`, { recursive: true });
    host.write(`${layout.data}/meter`, '', { mode: 0o600 });
    await look();
    expect(reports).toHaveLength(6);
  });

  test('a plane that is away hears it at the next look, in the same words', async () => {
    const { host, layout, facts } = await toldMachine(cloud, root);
    const away = { ...facts, numberVersion: '1', planeUrl: 'http://127.0.0.1:1' };
    host.write(layout.facts, JSON.stringify(away), { mode: 0o644 });
    let now = START + 2 * MINUTE;
    const looking = { ...host, now: () => new Date(now) };
    const look = () => tellNumber(looking, layout, true, `127.0.0.1:${server.port}`);
    contact = refused(START);
    await look();
    host.write(layout.facts, JSON.stringify({ ...away, planeUrl: facts.planeUrl }), {
      mode: 0o644,
    });
    const reports: unknown[] = [];
    cloud.answers['/v1/self/channel'] = (body) => {
      reports.push(body);
      return {};
    };
    now += MINUTE;
    await look();
    expect(reports).toEqual([
      { channel: 'whatsapp', state: 'deaf', at: new Date(START + 2 * MINUTE).toISOString() },
    ]);
  });
});
