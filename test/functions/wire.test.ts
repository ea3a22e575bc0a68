/** What the plane does with bytes: framing, keep-alive, clients that leave, bodies too large (docs/decisions/011). */

import { readFileSync } from 'node:fs';
import { connect } from 'node:net';
import { type Harness, send, startHarness } from './harness.ts';

const BODY = JSON.stringify({ user: 'allison@nine30.com', userPhone: '+15551234567' });
const HEALTH = 'GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n';

let harness: Harness;
let token: string;
let head: string;
beforeAll(async () => {
  harness = await startHarness({ target: 'api' });
  token = await harness.idToken();
  head = `Host: x\r\nAuthorization: Bearer ${token}\r\nContent-Type: application/json\r\n`;
});
afterAll(() => harness.close());

const plan = (version: string, headers: string, body: string): string =>
  `POST /v1/agents?dryRun=true HTTP/${version}\r\n${head}${headers}\r\n\r\n${body}`;
const sized = () => plan('1.1', `Content-Length: ${BODY.length}`, BODY);
const chunk = (text: string): string => `${text.length.toString(16)}\r\n${text}\r\n`;

/** Writes these bytes and reads until the server closes, or so many answers have come. */
function exchange(bytes: string, answers: number): Promise<readonly string[]> {
  const { port } = new URL(harness.plane.url);
  return new Promise((resolve, reject) => {
    let text = '';
    const socket = connect(Number(port), '127.0.0.1', () => socket.write(bytes));
    const statuses = () => [...text.matchAll(/HTTP\/1\.1 (\d{3}) /g)].map(([, code]) => `${code}`);
    socket.setEncoding('latin1').on('data', (data: string) => {
      text += data;
      if (statuses().length >= answers && /\r\n\r\n/.test(text.slice(-4000))) socket.end();
    });
    socket.on('error', reject);
    socket.on('close', () => resolve(statuses()));
  });
}

const oversized = chunk('x'.repeat(0x4000)).repeat(5);
const FRAMES: ReadonlyArray<readonly [string, () => string, readonly string[]]> = [
  [
    'a body in chunks',
    () => plan('1.1', 'Transfer-Encoding: chunked', `${chunk(BODY)}0\r\n\r\n`),
    ['200'],
  ],
  ['three requests in one write', () => sized() + HEALTH + sized(), ['200', '200', '200']],
  ['HTTP/1.0', () => plan('1.0', `Content-Length: ${BODY.length}`, BODY), ['200']],
  [
    'Expect: 100-continue',
    () => plan('1.1', `Expect: 100-continue\r\nContent-Length: ${BODY.length}`, BODY),
    ['100', '200'],
  ],
  [
    'a body that nobody reads is not taken for a request',
    () =>
      `GET /healthz HTTP/1.1\r\nHost: x\r\nContent-Length: ${HEALTH.length}\r\n\r\n${HEALTH}GET /no HTTP/1.1\r\nHost: x\r\n\r\n`,
    ['200', '404'],
  ],
  [
    'a refused body is not taken for a request',
    () =>
      `POST /v1/agents HTTP/1.1\r\nHost: x\r\nContent-Length: ${HEALTH.length}\r\n\r\n${HEALTH}GET /no HTTP/1.1\r\nHost: x\r\n\r\n`,
    ['401', '404'],
  ],
  [
    'a body too large in chunks, and the request behind it',
    () => `${plan('1.1', 'Transfer-Encoding: chunked', `${oversized}0\r\n\r\n`)}${HEALTH}`,
    ['413', '200'],
  ],
  [
    'a length and chunks at once',
    () => plan('1.1', 'Content-Length: 5\r\nTransfer-Encoding: chunked', `0\r\n\r\n${HEALTH}`),
    ['400'],
  ],
  [
    'two lengths',
    () => plan('1.1', 'Content-Length: 2\r\nContent-Length: 40', `{}${HEALTH}`),
    ['400'],
  ],
  ['an unknown coding', () => plan('1.1', 'Transfer-Encoding: xchunked', `{}${HEALTH}`), ['400']],
  ['a space before the colon', () => plan('1.1', 'Content-Length : 2', `{}${HEALTH}`), ['400']],
  ['a folded header', () => plan('1.1', 'X-A: b\r\n Content-Length: 2', `{}${HEALTH}`), ['400']],
];

test.each(FRAMES)('%s', async (_title, bytes, statuses) => {
  expect(await exchange(bytes(), statuses.length)).toEqual(statuses);
});

test('a client that still sends a body too large gets its answer, not a reset', async () => {
  const body = 'x'.repeat(5_000_000);
  for (let turn = 0; turn < 8; turn += 1) {
    const answer = await send(`${harness.plane.url}/v1/agents`, 'POST', token, body);
    expect([answer.status, answer.body.error.code]).toEqual([413, 'PAYLOAD_TOO_LARGE']);
  }
});

test('a client that leaves while it sends is no error of the plane', async () => {
  const { port } = new URL(harness.plane.url);
  const bytes = plan('1.1', 'Content-Length: 500', '{"us');
  await new Promise<void>((resolve, reject) => {
    const socket = connect(Number(port), '127.0.0.1', () => socket.end(bytes));
    socket.on('error', reject).on('close', () => resolve());
    socket.on('data', () => undefined);
  });
  const log = await untilLogged(/"outcome":"(CANCELLED|INTERNAL)"/);
  expect(log).toMatch(/"severity":"WARNING"[^\n]*"outcome":"CANCELLED"/);
  expect(log).not.toMatch(/"severity":"ERROR"/);
});

/** The function's log once it holds this; jest's own time limit ends it otherwise. */
async function untilLogged(pattern: RegExp): Promise<string> {
  for (;;) {
    const log = readFileSync(harness.logFile, 'utf8');
    if (pattern.test(log)) return log;
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}
