/** An unmodified Baileys client, which behaves as a program around it has to: it comes back after 515. */

import { EventEmitter, once } from 'node:events';
import {
  type AuthenticationState,
  addTransactionCapability,
  initAuthCreds,
  makeWASocket,
  type SignalDataTypeMap,
  type SignalKeyStore,
  type WAMessage,
  type WASocket,
} from 'baileys';
import { silent } from '../../../local/whatsapp/signal.ts';

// Baileys leaves timers of up to a minute behind, which would keep a test run alive.
const schedule = globalThis.setTimeout;
globalThis.setTimeout = ((...args: Parameters<typeof schedule>) =>
  schedule(...args).unref()) as typeof schedule;

// And its libsignal prints sessions, keys and all.
console.info = () => {};
console.warn = () => {};

export interface Client {
  readonly socket: WASocket;
  /** Codes shown so far, newest last. */
  readonly codes: string[];
  /** Status codes with which connections ended. */
  readonly ends: number[];
  readonly received: { message: WAMessage; type: string }[];
  readonly changes: EventEmitter<{ change: [] }>;
  until<T>(what: string, look: () => T | undefined): Promise<T>;
  connect(): void;
  close(): Promise<void>;
}

export function memoryAuth(): AuthenticationState {
  const kept = new Map<string, unknown>();
  const keys: SignalKeyStore = {
    get: async <T extends keyof SignalDataTypeMap>(type: T, ids: string[]) =>
      Object.fromEntries(ids.map((id) => [id, kept.get(`${type}/${id}`)])) as {
        [id: string]: SignalDataTypeMap[T];
      },
    set: async (data) => {
      for (const [type, entries] of Object.entries(data)) {
        for (const [id, value] of Object.entries(entries ?? {})) kept.set(`${type}/${id}`, value);
      }
    },
  };
  const once = { maxCommitRetries: 1, delayBetweenTriesMs: 1 };
  return { creds: initAuthCreds(), keys: addTransactionCapability(keys, silent, once) };
}

/** @param url `ws://127.0.0.1:PORT/ws/chat` */
export function startClient(url: string, auth: AuthenticationState = memoryAuth()): Client {
  let socket: WASocket;
  const codes: string[] = [];
  const ends: number[] = [];
  const received: Client['received'] = [];
  const changes = new EventEmitter<{ change: [] }>().setMaxListeners(0);
  const changed = () => changes.emit('change');

  function connect() {
    socket = makeWASocket({ auth, waWebSocketUrl: url, logger: silent, syncFullHistory: false });
    socket.ev.on('creds.update', (update) => Object.assign(auth.creds, update));
    socket.ev.on('messages.upsert', ({ messages, type }) => {
      received.push(...messages.map((message) => ({ message, type })));
      changed();
    });
    socket.ev.on('connection.update', ({ qr, connection, lastDisconnect }) => {
      if (qr) codes.push(qr);
      if (connection === 'close') {
        const code = (lastDisconnect?.error as { output?: { statusCode: number } })?.output;
        ends.push(code?.statusCode ?? 0);
        if (code?.statusCode === 515) connect();
      }
      changed();
    });
  }
  connect();
  return {
    get socket() {
      return socket;
    },
    ...{ codes, ends, received, changes, connect },
    async until(what, look) {
      const end = AbortSignal.timeout(10_000);
      for (;;) {
        const seen = look();
        if (seen !== undefined) return seen;
        await once(changes, 'change', { signal: end }).catch(() => {
          throw new Error(`waited in vain for ${what}`);
        });
      }
    },
    close: () => socket.end(undefined),
  };
}
