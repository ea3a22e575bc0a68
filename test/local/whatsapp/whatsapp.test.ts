import type { Settings } from '../../../local/whatsapp/world.ts';
import { AGENT, OWNER, openWhatsapp, textsOf, type WhatsappStage } from './stage.ts';

let stage: WhatsappStage;

async function start(settings: Partial<Settings> = {}) {
  stage = await openWhatsapp(settings);
}

afterEach(() => stage.close());

test('a client is linked by scanning its code, restarts with 515 and logs in', async () => {
  await start();
  const client = await stage.link(AGENT);
  expect(client.ends).toEqual([515]);
  expect(client.socket.user?.id).toMatch(/^15559876543:1@/);
  expect(stage.whatsapp.phone(AGENT).devices).toMatchObject([
    { id: 1, connected: true, logins: 1 },
  ]);
});

test('texts travel both ways, encrypted, and are confirmed', async () => {
  await start();
  const client = await stage.link(AGENT);
  const owner = stage.whatsapp.phone(OWNER);
  await owner.send(AGENT, 'hello agent');
  const got = await client.until('the text', () =>
    client.received.find(({ message }) => message.message?.conversation === 'hello agent'),
  );
  expect(got).toMatchObject({ type: 'notify', message: { key: { fromMe: false } } });
  await owner.until('delivery', () => owner.messages.find(({ deliveredAt }) => deliveredAt));

  await client.socket.sendMessage('15551234567@s.whatsapp.net', { text: 'hello owner' });
  const reply = await owner.until('the reply', () =>
    owner.messages.find(({ text }) => text === 'hello owner'),
  );
  expect(reply).toMatchObject({ from: AGENT, chat: AGENT, fromMe: false, device: 1 });
  // The account's own phone shows it too.
  expect(stage.whatsapp.phone(AGENT).messages.map(({ text }) => text)).toEqual([
    'hello agent',
    'hello owner',
  ]);
  await owner.send(AGENT, 'second');
  await client.until('a second text', () => textsOf(client).find((text) => text === 'second'));
});
