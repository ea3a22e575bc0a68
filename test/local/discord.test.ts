import { once } from 'node:events';
import { WebSocket } from 'ws';
import { INTENTS } from '../../local/discord/gateway.ts';
import { type BotHandle, createDiscord, type Discord } from '../../local/discord/server.ts';
import { type LoopbackServer, serveOnLoopback } from '../../local/plane/loopback.ts';

const TOKEN = 'MTIzNDU2Nzg5MDEyMzQ1Njc4.Gtest1.test-token-of-a-bot';
const OWNER = { id: '223456789012345678', username: 'allison' };

let discord: Discord;
let server: LoopbackServer;
let bot: BotHandle;

beforeEach(async () => {
  discord = createDiscord({ now: Date.now });
  server = await serveOnLoopback(discord.listener, discord.upgrade);
  bot = discord.bot({ token: TOKEN });
});

afterEach(async () => {
  discord.close();
  await server.close();
});

async function call(method: string, path: string, body?: object, token = TOKEN) {
  const answer = await fetch(`http://${server.host}/api/v10${path}`, {
    method,
    headers: { authorization: `Bot ${token}`, 'content-type': 'application/json' },
    ...(body && { body: JSON.stringify(body) }),
  });
  const text = await answer.text();
  return { status: answer.status, body: text === '' ? undefined : JSON.parse(text) };
}

interface Frame {
  readonly op: number;
  readonly s?: number;
  readonly t?: string;
  // biome-ignore lint/suspicious/noExplicitAny: events have many shapes
  readonly d: any;
}

/** A connection to the gateway, and what it was told. */
async function connect(first: object) {
  const socket = new WebSocket(`ws://${server.host}/?v=10&encoding=json`);
  const frames: Frame[] = [];
  socket.on('message', (data) => frames.push(JSON.parse(String(data))));
  await once(socket, 'message');
  expect(frames[0]).toMatchObject({ op: 10, d: { heartbeat_interval: expect.any(Number) } });
  socket.send(JSON.stringify(first));
  const event = async (name: string): Promise<Frame> => {
    for (;;) {
      const found = frames.find(({ t }) => t === name);
      if (found) return found;
      await once(socket, 'message');
    }
  };
  return { socket, frames, event };
}

const identify = (intents: number, token = TOKEN) => ({ op: 2, d: { token, intents } });

test('a wrong token is nobody, an unknown path is not found, a bad body is refused', async () => {
  expect(await call('GET', '/users/@me', undefined, 'wrong')).toMatchObject({ status: 401 });
  expect((await call('GET', '/users/@me')).body).toMatchObject({ id: '123456789012345678' });
  expect((await call('GET', '/rockets')).status).toBe(404);
  bot.say(OWNER, 'hello');
  const direct = (await call('POST', '/users/@me/channels', { recipient_id: OWNER.id })).body;
  const path = `/channels/${direct.id}/messages`;
  expect((await call('POST', path, { content: 'x'.repeat(2001) })).status).toBe(400);
  expect((await call('POST', path, { content: 'hi' })).status).toBe(200);
  expect(bot.sentTo(OWNER.id)).toMatchObject([{ content: 'hi' }]);
});

test('who asked for direct messages hears them, with their content', async () => {
  const { event, socket, frames } = await connect(identify(INTENTS.directMessages));
  await event('READY');
  bot.say(OWNER, 'hello');
  expect((await event('MESSAGE_CREATE')).d).toMatchObject({ content: 'hello', author: OWNER });
  socket.send(JSON.stringify({ op: 1, d: 1 }));
  while (!frames.some(({ op }) => op === 11)) await once(socket, 'message');
});

test('an intent that was not switched on, and a wrong token, end the connection', async () => {
  const asking = await connect(identify(INTENTS.directMessages | INTENTS.messageContent));
  expect((await once(asking.socket, 'close'))[0]).toBe(4014);
  expect(bot.closed).toEqual([4014]);
  const nobody = await connect(identify(INTENTS.directMessages, 'wrong'));
  expect((await once(nobody.socket, 'close'))[0]).toBe(4004);
});

test('a client that resumes hears what it missed', async () => {
  const first = await connect(identify(INTENTS.directMessages));
  const { d, s } = await first.event('READY');
  first.socket.close();
  await bot.until('the end', () => bot.connections() === 0 || undefined);
  bot.say(OWNER, 'while you were away');
  const resume = { op: 6, d: { token: TOKEN, session_id: d.session_id, seq: s } };
  const second = await connect(resume);
  expect((await second.event('MESSAGE_CREATE')).d.content).toBe('while you were away');
  await second.event('RESUMED');
});
