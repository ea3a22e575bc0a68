import { once } from 'node:events';
import { WebSocket } from 'ws';
import { type LoopbackServer, serveOnLoopback } from '../../local/plane/loopback.ts';
import { type AppHandle, createSlack, type Slack } from '../../local/slack/server.ts';

const BOT = 'xoxb-1-test-token';
const APP = 'xapp-1-A0TEST-1-test-token';
const OWNER = { id: 'U012AB3CD', name: 'allison' };

let slack: Slack;
let server: LoopbackServer;
let app: AppHandle;

beforeEach(async () => {
  slack = createSlack({ now: Date.now });
  server = await serveOnLoopback(slack.listener, slack.upgrade);
  app = slack.app({ botToken: BOT, appToken: APP, scopes: ['chat:write', 'im:history'] });
});

afterEach(async () => {
  slack.close();
  await server.close();
});

async function call(method: string, params: Record<string, string> = {}, token = BOT) {
  const answer = await fetch(`http://${server.host}/api/${method}`, {
    method: 'POST',
    headers: { authorization: `Bearer ${token}` },
    body: new URLSearchParams(params),
  });
  // biome-ignore lint/suspicious/noExplicitAny: answers have many shapes
  return (await answer.json()) as any;
}

/** A Socket Mode connection that has read its greeting. */
async function connect(): Promise<WebSocket> {
  const { url } = await call('apps.connections.open', {}, APP);
  const socket = new WebSocket(url);
  expect(await next(socket)).toMatchObject({ type: 'hello' });
  return socket;
}

async function next(socket: WebSocket) {
  const [data] = await once(socket, 'message');
  return JSON.parse(String(data));
}

test('each token opens its own methods, and a scope that is missing is named', async () => {
  expect(await call('auth.test')).toMatchObject({ ok: true, user_id: 'U0TEST', bot_id: 'B0TEST' });
  expect((await call('auth.test', {}, 'xoxb-wrong')).error).toBe('invalid_auth');
  expect((await call('auth.test', {}, APP)).error).toBe('not_allowed_token_type');
  expect((await call('apps.connections.open')).error).toBe('not_allowed_token_type');
  expect((await call('rockets.launch')).error).toBe('unknown_method');
  expect(await call('users.info', { user: OWNER.id })).toMatchObject({
    error: 'missing_scope',
    needed: 'users:read',
  });
  expect((await call('chat.postMessage', { channel: 'D1' })).error).toBe('invalid_arguments');
});

test('a message comes again at the next connection until it is acknowledged', async () => {
  const first = await connect();
  const message = next(first);
  app.say(OWNER, 'hello');
  expect((await message).payload.event).toMatchObject({
    ...{ type: 'message', channel_type: 'im', user: OWNER.id, text: 'hello' },
  });
  first.close();
  await app.until('the end', () => app.connections() === 0 || undefined);

  const { url } = await call('apps.connections.open', {}, APP);
  const second = new WebSocket(url);
  const frames: { envelope_id?: string; retry_attempt?: number }[] = [];
  second.on('message', (data) => frames.push(JSON.parse(String(data))));
  await once(second, 'message');
  while (frames.length < 2) await once(second, 'message');
  expect(frames[1]).toMatchObject({ retry_attempt: 1 });
  second.send(JSON.stringify({ envelope_id: frames[1]?.envelope_id }));
  await app.until('the acknowledgement', () => app.unacknowledged() === 0 || undefined);
});

test('a ticket opens one connection', async () => {
  const { url } = await call('apps.connections.open', {}, APP);
  await once(new WebSocket(url), 'open');
  const [error] = await once(new WebSocket(url), 'error');
  expect(String(error)).toMatch(/404/);
});

test('what the app sends, edits and deletes is there to see', async () => {
  app.say(OWNER, 'hello');
  const { ts, channel } = await call('chat.postMessage', { channel: OWNER.id, text: 'hi' });
  expect((await call('chat.update', { channel, ts, text: 'hi there' })).ok).toBe(true);
  expect(app.sentTo(OWNER.id)).toMatchObject([{ text: 'hi there', deleted: false }]);
  await call('chat.delete', { channel, ts });
  expect(app.sent[0]?.deleted).toBe(true);
  expect((await call('chat.postMessage', { channel: 'D0NOBODY', text: 'hi' })).error).toBe(
    'channel_not_found',
  );
});
