import { type LoopbackServer, serveOnLoopback } from '../../local/plane/loopback.ts';
import {
  type AccountHandle,
  createSignalDaemon,
  type SignalDaemon,
} from '../../local/signal/server.ts';

const NUMBER = '+15550001111';
const OWNER = { number: '+15551234567', name: 'Allison' };

let daemon: SignalDaemon;
let server: LoopbackServer;
let account: AccountHandle;

beforeEach(async () => {
  daemon = createSignalDaemon({ now: Date.now });
  server = await serveOnLoopback(daemon.listener);
  account = daemon.account(NUMBER);
});

afterEach(async () => {
  daemon.close();
  await server.close();
});

async function call(method: string, params: object) {
  const answer = await fetch(`http://${server.host}/api/v1/rpc`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ jsonrpc: '2.0', id: '1', method, params }),
  });
  // biome-ignore lint/suspicious/noExplicitAny: answers have many shapes
  return (await answer.json()) as any;
}

const events = (number: string) =>
  fetch(`http://${server.host}/api/v1/events?account=${encodeURIComponent(number)}`);

test('it answers for the accounts that it holds, and for what signal-cli knows', async () => {
  const message = { recipient: [OWNER.number], message: 'hi' };
  expect(await call('send', { ...message, account: NUMBER })).toMatchObject({
    result: { results: [{ type: 'SUCCESS' }] },
  });
  expect(account.sentTo(OWNER.number)).toMatchObject([{ message: 'hi' }]);
  expect((await call('send', { ...message, account: '+15550009999' })).error.code).toBe(-32_602);
  expect((await call('send', { account: NUMBER })).error.code).toBe(-32_602);
  expect((await call('sendRocket', { account: NUMBER })).error.code).toBe(-32_601);
  expect((await events('+15550009999')).status).toBe(400);
});

test('what came before anybody listened is handed over first', async () => {
  account.say(OWNER, 'first');
  const { body } = await events(NUMBER);
  await account.until('a listener', () => account.connections() === 1 || undefined);
  account.say(OWNER, 'second');
  let text = '';
  for await (const chunk of body ?? []) {
    text += Buffer.from(chunk).toString();
    if (text.includes('second')) break;
  }
  expect(text).toMatch(/event:receive\ndata:.*"first".*\n\nevent:receive\ndata:.*"second"/s);
});
