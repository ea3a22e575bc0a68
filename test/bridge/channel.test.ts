import { channelOf, isAskDue } from '../../bridge/observe/channel.ts';
import type { CallState, Contact } from '../../bridge/ports.ts';
import { contactAfter } from '../../bridge/transports/contact.ts';
import { createKapso } from '../../bridge/transports/kapso/kapso.ts';
import { createMeta } from '../../bridge/transports/meta/meta.ts';
import { listenAt } from '../../bridge/transports/webhook-server.ts';
import { stateOf } from '../../bridge/transports/whatsapp/contact.ts';
import { startKapso } from '../../local/kapso/server.ts';
import { startMeta } from '../../local/meta/server.ts';
import { startBridge, until } from './support/bridge.ts';

const NOW = Date.UTC(2026, 10, 29);
const SECOND = 1_000;
const MINUTE = 60 * SECOND;

/** Calls that ended so, the last one now. */
function after(...ends: [secondsAgo: number, state: CallState][]): Contact {
  let contact: Contact = {};
  for (const [ago, state] of ends) contact = contactAfter(contact, state, NOW - ago * SECOND);
  return contact;
}
const stateNow = (contact: Contact): CallState => channelOf('kapso', { contact }, NOW).state;

describe('what calls say about the channel', () => {
  test.each<[string, [number, CallState][], CallState]>([
    ['nothing was asked yet', [], 'ok'],
    ['one failed poll', [[300, 'unreachable']], 'ok'],
    [
      'a minute without a connection',
      [
        [60, 'unreachable'],
        [30, 'unreachable'],
        [0, 'unreachable'],
      ],
      'ok',
    ],
    [
      'two minutes without a connection',
      [
        [120, 'unreachable'],
        [0, 'unreachable'],
      ],
      'unreachable',
    ],
    [
      'two minutes of errors',
      [
        [121, 'unreachable'],
        [0, 'failing'],
      ],
      'failing',
    ],
    ['one refusal', [[0, 'token-refused']], 'ok'],
    [
      'two refusals',
      [
        [5, 'token-refused'],
        [0, 'token-refused'],
      ],
      'token-refused',
    ],
    [
      'a call that goes well after hours of refusals',
      [
        [9_000, 'token-refused'],
        [60, 'token-refused'],
        [0, 'ok'],
      ],
      'ok',
    ],
    [
      'failures between which calls go well',
      [
        [600, 'failing'],
        [300, 'ok'],
        [60, 'failing'],
        [0, 'failing'],
      ],
      'ok',
    ],
  ])('%s', (_, ends, state) => {
    expect(stateNow(after(...ends))).toBe(state);
  });

  test('since when, in words that say what to do', () => {
    const contact = after([600, 'token-refused'], [0, 'token-refused']);
    const refused = channelOf('meta', { contact }, NOW);
    expect(refused).toEqual({
      transport: 'meta',
      state: 'token-refused',
      since: '2026-11-28T23:50:00.000Z',
      detail: expect.stringContaining('renew it'),
    });
  });

  test('a queue that cannot be read is said, unless the API itself is down', () => {
    const queue = after([120, 'queue-failing'], [0, 'queue-failing']);
    const well = after([0, 'ok']);
    const refused = after([9, 'token-refused'], [0, 'token-refused']);
    expect(channelOf('meta', { contact: well, queue }, NOW)).toMatchObject({
      state: 'queue-failing',
      since: '2026-11-28T23:58:00.000Z',
      detail: expect.stringContaining('seven days'),
    });
    expect(channelOf('meta', { contact: refused, queue }, NOW).state).toBe('token-refused');
    expect(channelOf('meta', { contact: well, queue: after([0, 'queue-failing']) }, NOW)).toEqual(
      channelOf('meta', { contact: well }, NOW),
    );
  });

  test('asks by itself at the start, while calls fail, and after five quiet minutes', () => {
    expect(isAskDue({}, NOW)).toBe(true);
    expect(isAskDue({ wellAt: NOW - 4 * MINUTE }, NOW)).toBe(false);
    expect(isAskDue({ wellAt: NOW - 5 * MINUTE }, NOW)).toBe(true);
    expect(isAskDue(after([1, 'ok'], [0, 'failing']), NOW)).toBe(true);
  });
});

test.each<[string, number, unknown, 'the number' | 'one thing', CallState | undefined]>([
  ['a message that was sent', 200, {}, 'one thing', 'ok'],
  ['a page of a proxy', 200, undefined, 'the number', 'failing'],
  ["Meta's expired token, as 400", 400, { error: { code: 190 } }, 'one thing', 'token-refused'],
  ['a key that Kapso does not know', 401, { error: 'Invalid' }, 'the number', 'token-refused'],
  ['a closed window', 400, { error: { code: 131047 } }, 'one thing', undefined],
  ['too fast', 429, undefined, 'one thing', undefined],
  ['a list that is never given', 429, undefined, 'the number', 'failing'],
  ['a number that is gone', 404, {}, 'the number', 'failing'],
  ['a file that is gone', 404, {}, 'one thing', undefined],
  ['an outage', 503, undefined, 'one thing', 'failing'],
])('an answer: %s', (_, status, body, about, state) => {
  expect(stateOf({ status, body }, about)).toBe(state);
});

test("Kapso's polls: a key that is refused is seen, and well again by itself", async () => {
  const kapso = await startKapso();
  const { baseUrl, apiKey, phoneNumberId } = kapso;
  const it = createKapso({ baseUrl, apiKey, phoneNumberId, pollEveryMs: 20 });
  await using _bridge = await startBridge(it);
  const state = () => channelOf(it.name, it, Date.now()).state;
  await until('a poll', () => it.contact.wellAt !== undefined);
  kapso.outage = 401;
  await until('the refusal', () => state() === 'token-refused');
  kapso.outage = undefined;
  await until('a poll that went well', () => state() === 'ok', 20_000);
  await kapso.close();
}, 40_000);

test("Meta's token: refused sends are seen, and a check that goes well ends it", async () => {
  const meta = await startMeta();
  const { baseUrl, accessToken, phoneNumberId } = meta;
  const open = listenAt('127.0.0.1:0');
  const secrets = { appSecret: 's', verifyToken: 'v' };
  const it = createMeta({ baseUrl, accessToken, phoneNumberId, open, ...secrets });
  await using _bridge = await startBridge(it);
  const state = () => channelOf(it.name, it, Date.now()).state;
  meta.accessToken = 'renewed';
  const value = {
    messages: [{ id: 'm1', from: '15550001111', type: 'text', text: { body: 'hi' } }],
  };
  const url = `http://127.0.0.1:${it.port}/webhook`;
  expect(await meta.webhook({ url, secret: 's' }, value)).toBe(true);
  // Its blue tick, and the answer to it.
  await until('the refusal', () => state() === 'token-refused');
  meta.accessToken = accessToken;
  await it.check();
  expect(state()).toBe('ok');
  await meta.close();
});

test('nobody there: unreachable, after two minutes of it', async () => {
  let now = NOW;
  const kapso = await startKapso();
  const { baseUrl, apiKey, phoneNumberId } = kapso;
  await kapso.close();
  const it = createKapso({ baseUrl, apiKey, phoneNumberId, pollEveryMs: 0, now: () => now });
  await it.check();
  now += 2 * MINUTE;
  await it.check();
  expect(channelOf(it.name, it, now)).toMatchObject({
    state: 'unreachable',
    since: new Date(NOW).toISOString(),
  });
});
