/** What the gateway's user says to the broker's socket: lines that are none, and floods. */

import type { Stage } from '../stage.ts';

const CLIENT = `
import { connect } from 'node:net';
const path = '/run/agents-plane/broker.sock';
const { lines, floodMs } = JSON.parse(process.argv[2]);
const say = (text) => new Promise((resolve) => {
  let answer = '';
  const socket = connect(path).setEncoding('utf8');
  socket.on('data', (chunk) => { answer += chunk; });
  socket.on('error', (error) => { answer ||= error.code; });
  socket.on('close', () => resolve(answer));
  socket.write(text);
});
const answers = [];
for (const text of lines) answers.push(await say(text));
if (floodMs > 0) {
  const held = Array.from({ length: 8 }, () => say('{"comm'));
  const until = Date.now() + floodMs;
  let count = 0;
  for (; Date.now() < until && count < 10_000; count += 50) {
    await Promise.all(Array.from({ length: 50 }, () => new Promise((resolve) => {
      const socket = connect(path);
      socket.on('error', () => {});
      socket.on('close', resolve);
      socket.resume();
    })));
  }
  answers.push(String(count), ...await Promise.all(held));
}
process.stdout.write(JSON.stringify(answers));
`;

/**
 * Says each line, one after the other; then holds eight connections and opens others for so long, up to 10,000.
 * @returns what it was answered; of a flood how many there were, and what the eight were answered
 */
export async function sayToBroker(
  stage: Stage,
  name: string,
  lines: readonly string[],
  { user = 'openclaw', floodMs = 0 } = {},
): Promise<string[]> {
  const argument = JSON.stringify({ lines, floodMs });
  const script = `cat > /tmp/attack.mjs <<'END'\n${CLIENT}\nEND\nexec node /tmp/attack.mjs "$(cat)"`;
  const options = { user, stdin: argument, timeoutMs: 180_000 };
  return JSON.parse(await stage.out(name, script, options)) as string[];
}

const line = (request: object): string => `${JSON.stringify(request)}\n`;
const CARD = { account: '+15550001111', tokens: [] };

/** What is said, and what is wrong with it. */
export const BAD_LINES: ReadonlyArray<readonly [what: string, text: string]> = [
  ['nothing', '\n'],
  ['no JSON', 'store-key sk-ant-canary\n'],
  ['null', 'null\n'],
  ['a list', '[]\n'],
  ['zeros', `${'\0'.repeat(64)}\n`],
  ['a command that is none', line({ command: 'token' })],
  ['a command that is a property', line({ command: '__proto__' })],
  ['no key', line({ command: 'store-key' })],
  ['a key of 5 KB', line({ command: 'store-key', key: 'x'.repeat(5000) })],
  ['a key in two lines', line({ command: 'store-key', key: 'sk-ant-canary\nx-evil: 1' })],
  ['a key for another agent', line({ command: 'store-key', key: 'sk-ant-canary-1', agent: 'bo' })],
  ["another's mailbox", line({ command: 'mail-inbox', inbox: { user: 'bo@nine30.com' } })],
  ['a mail by its path', line({ command: 'mail-read', mail: { id: '../bo@nine30.com/1' } })],
  ['a mail to another', line({ command: 'mail', mail: { subject: 'a', text: 'b', to: 'bo@x' } })],
  [
    'a header in a subject',
    line({ command: 'mail', mail: { subject: 'a\nBcc: bo@nine30.com', text: 'b' } }),
  ],
  ['a channel that is a path', line({ command: 'channel-remove', channel: '../etc/passwd' })],
  [
    'a token that is a path',
    line({ command: 'channel-add', channel: 'telegram', owner: '1', tokens: ['1:../../x'] }),
  ],
  [
    'the metadata server for a daemon',
    line({ command: 'channel-add', channel: 'signal', daemon: 'http://169.254.169.254', ...CARD }),
  ],
  ['half a line, and silence', '{"command":"store-key","key":"sk-ant-canary'],
];
