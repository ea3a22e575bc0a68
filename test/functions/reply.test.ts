import { saysConnect } from '../../functions/core/reply.ts';

const RE = 'Re: Your AI assistant is ready! 🤖';

test.each<[string, string, boolean]>([
  ['connect', RE, true],
  ['Connect', RE, true],
  ['CONNECT.', RE, true],
  ['  "connect" please', RE, true],
  ['“connect”', RE, true],
  ['*connect*', RE, true],
  ['ｃｏｎｎｅｃｔ', RE, true],
  ['\r\n\r\nconnect\r\n\r\n-- \r\nAllison', RE, true],
  ['connect\n\nOn Fri, 20 Nov 2026 at 17:00, Your AI assistant wrote:\n> Hi', RE, true],
  ['> Hi,\n> reply connect\n\nconnect', RE, true],
  ['On Fri, 20 Nov 2026, Your AI assistant\n<agents@nine30.com> wrote:\n> Hi\n\nconnect', RE, true],
  ['', 'connect', true],
  ['thanks', 'Connect', true],
  ['', RE, false],
  ['reconnect', RE, false],
  ['connecting does not work', RE, false],
  ['please connect', RE, false],
  ['do not connect', RE, false],
  ['> reply connect to this mail', RE, false],
  ['Thanks!\n\nOn Fri, 20 Nov 2026, Your AI assistant wrote:\n> connect', RE, false],
  ['', 'Re: connect', false],
])('%j with subject %j', (text, subject, expected) => {
  expect(saysConnect({ subject, text })).toBe(expected);
});
