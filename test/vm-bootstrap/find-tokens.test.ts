/** Bot tokens in messages. The tokens are made up, in the shapes that the services' own pages show. */

import { findTokens, withoutTokens } from '../../contracts/find-tokens.ts';

// In pieces: whoever scans repositories for tokens takes a whole one for real.
const TELEGRAM = ['1234567890', 'AAH4k2mQ9xZ7vB3nC5pL8sD1fG6hJ0wE2rT'].join(':');
const SLACK_BOT = ['xoxb', '123456789012-1234567890123-AbCdEfGhIjKlMnOpQrStUvWx'].join('-');
const SLACK_APP = ['xapp', `1-A0123456789-1234567890123-${'a1b2c3d4'.repeat(8)}`].join('-');
const DISCORD = [
  'MTIzNDU2Nzg5MDEyMzQ1Njc4',
  'GaBcDe',
  `${'x9Y8z7W6v5'.repeat(4).slice(0, 38)}`,
].join('.');

test.each([
  ['telegram', TELEGRAM],
  ['slack', SLACK_BOT],
  ['slack', SLACK_APP],
  ['discord', DISCORD],
])('%s: bare, in a sentence, quoted', (channel, token) => {
  for (const text of [token, `here it is: ${token}.`, `\`${token}\``, `a\n${token}\nb`]) {
    expect(findTokens(text)).toEqual([{ channel, token }]);
    expect(withoutTokens(text, '[gone]')).toBe(text.replace(token, '[gone]'));
  }
});

test.each([
  ['telegram', TELEGRAM],
  ['slack', SLACK_BOT],
  ['slack', SLACK_APP],
  ['discord', DISCORD],
])('%s: with something right in front of it or behind it', (channel, token) => {
  for (const text of [
    `_${token}_`,
    `*_${token}_*`,
    `__${token}__`,
    `token:${token}`,
    `TOKEN=${token}`,
    `BOT_TOKEN_${token}`,
    `-${token}`,
    `https://example.com/${token}/getMe`,
  ]) {
    expect([text, findTokens(text)]).toEqual([text, [{ channel, token }]]);
    expect(withoutTokens(text, '[gone]')).toBe(text.replace(token, '[gone]'));
  }
});

test('Telegram’s as it stands in the addresses of its API', () => {
  for (const text of [`bot${TELEGRAM}`, `https://api.telegram.org/bot${TELEGRAM}/getMe`]) {
    expect(findTokens(text)).toEqual([{ channel: 'telegram', token: TELEGRAM }]);
    expect(withoutTokens(text, '[gone]')).toBe(text.replace(TELEGRAM, '[gone]'));
  }
});

test('both of Slack’s in one message', () => {
  const text = `${SLACK_BOT}\n${SLACK_APP}`;
  expect(findTokens(text).map(({ token }) => token)).toEqual([SLACK_BOT, SLACK_APP]);
  expect(withoutTokens(text, '-')).toBe('-\n-');
});

test.each(['\u200b', '\u00ad', '\u200f', '\u202c', '\u2066'])(
  'an invisible character (%j) in the middle hides nothing',
  (hidden) => {
    expect(findTokens(`${TELEGRAM.slice(0, 20)}${hidden}${TELEGRAM.slice(20)}`)).toHaveLength(1);
  },
);

test.each([
  ['a placeholder', 'xoxb-... and xapp-...'],
  ['a name', 'xoxb-your-bot-token-goes-here'],
  ['a time and a word', '12345678:hello'],
  ['a number that is too long', `12345678901:${'aB3dE'.repeat(7)}`],
  ['what goes on', `1234567890:${'aB3dE'.repeat(7)}_x`],
  ['a session token (JWT)', `${'eyJhbGciOiJIUzI1NiJ9'.padEnd(24, 'a')}.eyJzdW.${'a1'.repeat(19)}`],
  ['an address', 'https://example.com:8080/aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa'],
  ['a phone and an id', '+15551234567, 123456789012345678'],
])('%s is none', (_, text) => {
  expect(findTokens(text)).toEqual([]);
  expect(withoutTokens(text, '-')).toBe(text);
});
