import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { createTelegram, type Telegram } from '../../local/telegram/server.ts';

const TOKEN = '123456:AAtest-token-of-a-bot';
const OWNER = { id: 42, firstName: 'Allison' };

let telegram: Telegram;
let server: Server;

beforeEach(async () => {
  telegram = createTelegram({ now: Date.now });
  server = createServer(telegram.listener);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
});

afterEach(async () => {
  telegram.close();
  server.closeAllConnections();
  await new Promise((resolve) => server.close(resolve));
});

async function call(method: string, params: object = {}, token = TOKEN) {
  const { port } = server.address() as AddressInfo;
  const answer = await fetch(`http://127.0.0.1:${port}/bot${token}/${method}`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(params),
  });
  // biome-ignore lint/suspicious/noExplicitAny: answers have many shapes
  return { status: answer.status, body: (await answer.json()) as any };
}

test('a wrong token is nobody, an unknown method is not found, a bad parameter is refused', async () => {
  telegram.bot(TOKEN);
  expect(await call('getMe', {}, '1:wrong')).toEqual({
    status: 401,
    body: { ok: false, error_code: 401, description: 'Unauthorized' },
  });
  expect((await call('getMe')).body.result).toMatchObject({ id: 123456, is_bot: true });
  expect((await call('sendRocket')).status).toBe(404);
  expect((await call('sendMessage', { chat_id: 42 })).status).toBe(400);
});

test('a long poll gets what somebody says, and again until an offset confirms it', async () => {
  const bot = telegram.bot(TOKEN);
  const poll = call('getUpdates', { timeout: 10 });
  bot.say(OWNER, 'hello');
  const [update] = (await poll).body.result;
  expect(update.message).toMatchObject({ text: 'hello', from: { id: 42 }, chat: { id: 42 } });
  expect((await call('getUpdates')).body.result).toHaveLength(1);
  const offset = update.update_id + 1;
  expect((await call('getUpdates', { offset })).body.result).toEqual([]);
});

test('one reader ends another', async () => {
  telegram.bot(TOKEN);
  const readers = [1, 1].map((timeout) => call('getUpdates', { timeout }));
  const statuses = (await Promise.all(readers)).map(({ status }) => status);
  expect(statuses.sort()).toEqual([200, 409]);
});

test('what the bot sends, edits and deletes is there to see', async () => {
  const bot = telegram.bot(TOKEN);
  const { message_id } = (await call('sendMessage', { chat_id: 42, text: 'hi' })).body.result;
  await call('editMessageText', { chat_id: 42, message_id, text: 'hi there' });
  expect(await bot.until('a text', (sent) => sent[0])).toMatchObject({ text: 'hi there' });
  await call('deleteMessage', { chat_id: 42, message_id });
  expect(bot.sent[0]?.deleted).toBe(true);
});
