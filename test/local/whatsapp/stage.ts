/** A local WhatsApp of a test file's own, and unmodified clients of it. */

import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { createWhatsapp, type Whatsapp } from '../../../local/whatsapp/server.ts';
import type { Settings } from '../../../local/whatsapp/world.ts';
import { type Client, memoryAuth, startClient } from './client.ts';

export const OWNER = '+15551234567';
export const AGENT = '+15559876543';

export interface WhatsappStage {
  readonly whatsapp: Whatsapp;
  connect(auth?: ReturnType<typeof memoryAuth>): Client;
  /** A client that is linked to that phone and logged in. */
  link(number: string, auth?: ReturnType<typeof memoryAuth>): Promise<Client>;
  close(): Promise<void>;
}

export const codeOf = (client: Client): Promise<string> =>
  client.until('a code', () => client.codes.at(-1));

export const textsOf = (client: Client): string[] =>
  client.received.flatMap(({ message }) => message.message?.conversation ?? []);

export async function openWhatsapp(settings: Partial<Settings> = {}): Promise<WhatsappStage> {
  const whatsapp = createWhatsapp({ now: Date.now, settings });
  const server: Server = createServer(whatsapp.listener).on('upgrade', whatsapp.upgrade);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const url = `ws://127.0.0.1:${(server.address() as AddressInfo).port}/ws/chat`;
  const clients: Client[] = [];
  const connect = (auth = memoryAuth()): Client => {
    const client = startClient(url, auth);
    clients.push(client);
    return client;
  };
  return {
    whatsapp,
    connect,
    async link(number, auth) {
      const client = connect(auth);
      const phone = whatsapp.phone(number);
      const { id } = await phone.scan(await codeOf(client));
      const loggedIn = () => phone.devices.find((one) => one.id === id && one.connected);
      await phone.until('a login', loggedIn);
      return client;
    },
    async close() {
      for (const client of clients) await client.close();
      await whatsapp.close();
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
