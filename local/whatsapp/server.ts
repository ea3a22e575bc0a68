/** A WhatsApp on this machine: unmodified clients link to it, and tests hold the phones. */

import { randomBytes } from 'node:crypto';
import { EventEmitter } from 'node:events';
import type { IncomingMessage, RequestListener } from 'node:http';
import type { Duplex } from 'node:stream';
import { WebSocketServer } from 'ws';
import { acceptConnection } from './connection.ts';
import { type Phone, phoneOf } from './phone.ts';
import { type Settings, WHATSAPP, type World } from './world.ts';

export const WHATSAPP_HOST = 'web.whatsapp.com';
export const WHATSAPP_PATH = '/ws/chat';

export interface WhatsappOptions {
  /** Milliseconds since 1970. */
  readonly now: () => number;
  readonly settings?: Partial<Settings>;
}

export interface Whatsapp {
  /** Answers what is not a WebSocket. */
  readonly listener: RequestListener;
  /** Takes over a connection that asks to become a WebSocket. */
  upgrade(incoming: IncomingMessage, socket: Duplex, head: Buffer): void;
  /** @param number `+15551234567`. @throws PlaneError INVALID_ARGUMENT */
  phone(number: string): Phone;
  /** Cuts every connection. */
  close(): Promise<void>;
}

export function createWhatsapp({ now, settings }: WhatsappOptions): Whatsapp {
  const world: World = {
    now,
    random: randomBytes,
    settings: { ...WHATSAPP, ...settings },
    accounts: new Map(),
    offers: new Map(),
    changes: new EventEmitter<{ change: [] }>().setMaxListeners(0),
  };
  const phones = new Map<string, Phone>();
  const sockets = new WebSocketServer({ noServer: true });
  return {
    listener: (_incoming, outgoing) => void outgoing.writeHead(426).end(),
    upgrade(incoming, socket, head) {
      const { pathname } = new URL(incoming.url ?? '/', `https://${WHATSAPP_HOST}`);
      if (pathname !== WHATSAPP_PATH) return void socket.end('HTTP/1.1 404 Not Found\r\n\r\n');
      sockets.handleUpgrade(incoming, socket, head, (client) => acceptConnection(world, client));
    },
    phone(number) {
      const phone = phones.get(number) ?? phoneOf(world, number);
      phones.set(number, phone);
      return phone;
    },
    async close() {
      for (const client of sockets.clients) client.terminate();
      sockets.close();
    },
  };
}
