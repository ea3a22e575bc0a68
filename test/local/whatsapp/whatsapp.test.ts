import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { createWhatsapp, type Whatsapp } from '../../../local/whatsapp/server.ts';
import type { Settings } from '../../../local/whatsapp/world.ts';
import { type Client, memoryAuth, startClient } from './client.ts';

const OWNER = '+15551234567';
const AGENT = '+15559876543';

let whatsapp: Whatsapp;
let server: Server;
let url: string;
const clients: Client[] = [];

async function start(settings: Partial<Settings> = {}) {
  whatsapp = createWhatsapp({ now: Date.now, settings });
  server = createServer(whatsapp.listener).on('upgrade', whatsapp.upgrade);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  url = `ws://127.0.0.1:${(server.address() as AddressInfo).port}/ws/chat`;
}

function connect(auth = memoryAuth()): Client {
  const client = startClient(url, auth);
  clients.push(client);
  return client;
}

const codeOf = (client: Client) => client.until('a code', () => client.codes.at(-1));

async function link(number: string, auth = memoryAuth()): Promise<Client> {
  const client = connect(auth);
  const phone = whatsapp.phone(number);
  const { id } = await phone.scan(await codeOf(client));
  await phone.until('a login', () => phone.devices.find((one) => one.id === id && one.connected));
  return client;
}

const textsOf = (client: Client) =>
  client.received.flatMap(({ message }) => message.message?.conversation ?? []);

afterEach(async () => {
  for (const client of clients.splice(0)) await client.close();
  await whatsapp.close();
  server.closeAllConnections();
  await new Promise((resolve) => server.close(resolve));
});

test('a client is linked by scanning its code, restarts with 515 and logs in', async () => {
  await start();
  const client = await link(AGENT);
  expect(client.ends).toEqual([515]);
  expect(client.socket.user?.id).toMatch(/^15559876543:1@/);
  expect(whatsapp.phone(AGENT).devices).toMatchObject([{ id: 1, connected: true, logins: 1 }]);
});

test('texts travel both ways, encrypted, and are confirmed', async () => {
  await start();
  const client = await link(AGENT);
  const owner = whatsapp.phone(OWNER);
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
  expect(whatsapp.phone(AGENT).messages.map(({ text }) => text)).toEqual([
    'hello agent',
    'hello owner',
  ]);
  await owner.send(AGENT, 'second');
  await client.until('a second text', () => textsOf(client).find((text) => text === 'second'));
});
