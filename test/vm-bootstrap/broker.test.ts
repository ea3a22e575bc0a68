/** The broker's process with a caller that sends nothing useful: it ends soon, and its place is free for the next. */

import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { rmSync } from 'node:fs';
import { connect } from 'node:net';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { type Cloud, startConfiguredCloud } from './support/cloud.ts';
import { newRoot, toldMachine } from './support/machine.ts';

const MAIN = join(import.meta.dirname, '../../vm-bootstrap/main.ts');

let cloud: Cloud;
let root: string;
let broker: ChildProcess;
let socketPath: string;

beforeAll(async () => {
  cloud = await startConfiguredCloud();
  root = newRoot();
  const { layout } = await toldMachine(cloud, root);
  socketPath = layout.brokerSocket;
  broker = spawn(
    process.execPath,
    ['--disable-warning=ExperimentalWarning', MAIN, 'broker', '--listen'],
    {
      env: { AGENTS_PLANE_ROOT: root, GCE_METADATA_HOST: cloud.metadataHost },
      stdio: 'ignore',
    },
  );
  while ((await say('\n').catch(() => undefined)) === undefined) await sleep(50);
});

afterAll(async () => {
  broker.kill('SIGKILL');
  await once(broker, 'exit');
  rmSync(root, { recursive: true, force: true });
  await cloud.close();
});

/** What the broker answered by the time it hung up. */
function say(text: string): Promise<string> {
  return new Promise((resolve, reject) => {
    let answer = '';
    const socket = connect(socketPath).setEncoding('utf8');
    socket.on('data', (chunk: string) => {
      answer += chunk;
    });
    // It hangs up while we still send.
    socket.on('error', (error: NodeJS.ErrnoException) => {
      if (error.code !== 'EPIPE' && error.code !== 'ECONNRESET') reject(error);
    });
    socket.on('close', () => resolve(answer));
    socket.write(text);
  });
}

test.each([
  ['nothing but a line end', '\n'],
  ['half a line, and then silence', '{"command":"store-key","key":"sk-ant-ca'],
])('%s', async (_, text) => {
  expect(JSON.parse(await say(text))).toMatchObject({ ok: false, code: 'INVALID_ARGUMENT' });
});

test('a line of a megabyte, without an end', async () => {
  // Who is hung up on while sending may miss the answer.
  expect(await say('x'.repeat(1_000_000))).toMatch(/^$|INVALID_ARGUMENT/);
  expect(await say('\n')).toContain('INVALID_ARGUMENT');
});

/** `agent mail send`, as the model runs it. */
async function sendMail(subject: string, text: string) {
  const agent = spawn(
    process.execPath,
    ['--disable-warning=ExperimentalWarning', MAIN, 'mail', 'send', '--subject', subject],
    { env: { AGENTS_PLANE_ROOT: root, GCE_METADATA_HOST: cloud.metadataHost } },
  );
  let said = '';
  agent.stderr.setEncoding('utf8').on('data', (chunk: string) => {
    said += chunk;
  });
  agent.stdin.end(text);
  const [code] = await once(agent, 'close');
  return { code, said };
}

test.each([
  ['no text', 'Report', '', /^The mail was not sent: its text is empty.*standard input/],
  ['a text that is too long', 'Report', 'x'.repeat(40_000), /its text is longer than 32,?000 char/],
  ['a long subject', 'x'.repeat(201), 'Hi', /its subject is longer than 200 characters.*Shorten/],
  ['two lines of subject', 'One\ntwo', 'Hi', /its subject has a line break.*one line/],
])('agent mail send with %s says what to do', async (_, subject, text, sentence) => {
  const { code, said } = await sendMail(subject, text);
  expect(said).toMatch(sentence);
  expect(code).toBe(1);
});
