import {
  handOver,
  isKeptInChat,
  piecesOf,
  putAway,
  type Replies,
  takeAll,
  withoutSecrets,
} from '../../vm-bootstrap/core/hand-over.ts';
import { templates } from '../../vm-bootstrap/templates.ts';

const REPLIES = JSON.parse(templates['plugin/replies.json'] ?? '') as Replies;
const TOKEN = ['1234567890', 'AAH4k2mQ9xZ7vB3nC5pL8sD1fG6hJ0wE2rT'].join(':');
const KEY = 'sk-ant-api03-a7d2e8c4b6Zx9Cv5Bn1Mq3Lw7Rt8Yu2Io4Pa6Sd0Fg5Hj';

test.each([
  ['whatsapp', 'agent:main:main', true],
  ['telegram', 'agent:main:main', true],
  ['webchat', 'agent:main:main', false],
  [undefined, 'agent:main:main', false],
  [undefined, 'agent:main:main-wa-15550001111', true],
])('a key by %s in %s is still in a chat: %s', (channel, sessionKey, kept) => {
  expect(isKeptInChat(channel, sessionKey)).toBe(kept);
});

test.each([`${KEY}\n${TOKEN}`, `${TOKEN}\n${KEY}`])(
  'a key and a token on two lines: nothing of either is left',
  (text) => {
    const left = withoutSecrets(text, REPLIES);
    expect(left.split('\n').toSorted()).toEqual(['[API key removed]', '[bot token removed]']);
  },
);

test('no word behind a key is looked for in the databases; a key in short lines is', () => {
  const short = 'sk-ant-local-first-a7d2e8c4b6';
  expect(piecesOf(`${short} WhatsApp me`)).toEqual([short]);
  expect(piecesOf(`sk-ant-api03-\n${short.slice(7).repeat(2)}`)).toEqual([
    short.slice(7).repeat(2),
  ]);
  expect(piecesOf('sk-ant-a7d2\ne8c4b6f1\nd3c5b7a9')).toEqual([
    'sk-ant-a7d2',
    'e8c4b6f1',
    'd3c5b7a9',
  ]);
});

test.each([
  ['a soft hyphen in the middle', /(?<=^.{30})/u, '\u00ad'],
  ['a mark of direction near its start', /(?<=^.{9})/u, '\u200e'],
  ['a zero-width space after every five', /(?<=^(?:.{5})+)(?!$)/gu, '\u200b'],
])('a secret with %s is looked for as it stands there, and as it is seen', (_, where, unseen) => {
  for (const secret of [KEY, TOKEN]) {
    const raw = secret.replace(where, unseen);
    const text = `Here: ${raw}, and again: ${secret}`;
    const pieces = piecesOf(text);
    expect(pieces).toEqual(expect.arrayContaining([raw, secret]));
    // As the scrub does it in a row that is kept.
    const left = pieces.reduce((rest, piece) => rest.replaceAll(piece, '-'), text);
    expect(left).toBe('Here: -, and again: -');
  }
});

test('of what stands on both sides of an invisible character the long stretches are looked for alone, too', () => {
  const text = `${KEY.slice(0, 9)}\u200e${KEY.slice(9, 40)}\u00ad${KEY.slice(40)}`;
  expect(piecesOf(text)).toEqual([text, KEY, KEY.slice(9, 40), KEY.slice(40)]);
});

test('with a key beside it a token goes into no note either', async () => {
  const handed = await handOver(
    `Here are ${KEY} and ${TOKEN} for you`,
    'anthropic',
    REPLIES,
    async () => 'stored',
  );
  expect(handed?.outcome).toBe('stored');
  expect(handed?.note).not.toMatch(/AAH4|a7d2/);
});

test('a token behind a key is tried at no provider, by mail as in the chat', async () => {
  const short = 'sk-ant-local-first-a7d2e8c4b6';
  const slack = ['xoxb', '123456789012-1234567890123-AbCdEfGhIjKlMnOpQrStUvWx'].join('-');
  const tried: string[] = [];
  await handOver(`${short}\n${slack}`, 'anthropic', REPLIES, async (key) =>
    tried.push(key) > 0 ? 'refused' : 'stored',
  );
  expect(tried).toEqual([short]);
});

test.each([
  ['a key that is refused', KEY, 'has just sent an API key that could not be used'],
  ['a token that is not put away', TOKEN, 'has just sent a bot token that could not be put away'],
])('of %s the model is told what is true, and the rest', async (_, secret, told) => {
  const text = `${secret} and please remind me to call Bob tomorrow at five`;
  const [handed] = await takeAll(text, 'anthropic', REPLIES, {
    store: async () => 'refused',
    hold: async () => false,
  });
  expect(handed?.note).toContain(told);
  expect(handed?.note).toMatch(/removed\] and please remind me to call Bob tomorrow at five$/);
  expect(handed?.note).not.toMatch(/is not done|Besides the key/);
  expect(handed?.note).not.toContain(secret);
});

test('of a message with both, both are taken', async () => {
  const stored: string[] = [];
  const held: string[] = [];
  const taken = await takeAll(`${KEY}\n${TOKEN}`, 'anthropic', REPLIES, {
    store: async (key) => (stored.push(key) > 0 ? 'stored' : 'refused'),
    hold: async (tokens) => held.push(...tokens) > 0,
  });
  expect(taken.map(({ outcome }) => outcome)).toEqual(['stored', 'held']);
  expect(JSON.stringify(taken)).not.toMatch(/AAH4|a7d2/);
  expect([stored, held]).toEqual([[KEY], [TOKEN]]);
});

test('tokens that were put away are named by channel, with the words around them', async () => {
  const held: (readonly string[])[] = [];
  const hold = async (tokens: readonly string[]) => held.push(tokens) > 0;
  const alone = await putAway(TOKEN, REPLIES, hold);
  expect(alone).toMatchObject({ outcome: 'held', note: expect.stringMatching(/ telegram$/) });
  const among = await putAway(`${TOKEN} and id 42`, REPLIES, hold);
  expect(among?.note).toMatch(
    / telegram The rest of what they wrote: \[bot token removed\] and id 42$/,
  );
  expect(held).toEqual([[TOKEN], [TOKEN]]);
  expect(await putAway('hello', REPLIES, hold)).toBeUndefined();
});

test('one that could not be put away is told of, and not repeated', async () => {
  const handed = await putAway(TOKEN, REPLIES, async () => false);
  expect(handed).toMatchObject({ outcome: 'not-held' });
  expect(handed?.note).not.toContain('AAH4');
});
