/** All that a local WhatsApp knows: its accounts, their devices, and the codes on screens. */

import type { EventEmitter } from 'node:events';
import { setTimeout as wait } from 'node:timers/promises';
import type { proto } from 'baileys';
import { lidOf } from './address.ts';
import type { Message } from './chat.ts';
import type { Offer } from './pairing.ts';
import { createSignalEnd, type KeyBundle, type SignalEnd } from './signal.ts';
import type { Stanza } from './stanza.ts';

export interface Settings {
  /** How long the first code of a pairing lives, and each later one. */
  readonly firstCodeMs: number;
  readonly laterCodeMs: number;
  /** Codes of one connection; the connection is closed when the last is dead. */
  readonly codes: number;
  /** Attempts to link that a phone may make in `linkWindowMs`; more are refused. */
  readonly linkAttempts: number;
  readonly linkWindowMs: number;
  /** Linked devices of one phone. */
  readonly devices: number;
  /** How long the server takes to say which keys it has of a device; a login is not done before. */
  readonly keyCheckMs: number;
}

/** WhatsApp's rhythm (FACTS.md) and its four linked devices; nobody publishes the limit of attempts. */
export const WHATSAPP: Settings = {
  firstCodeMs: 60_000,
  laterCodeMs: 20_000,
  codes: 6,
  linkAttempts: 5,
  linkWindowMs: 60 * 60 * 1000,
  devices: 4,
  keyCheckMs: 0,
};

/** An open connection of a device. */
export interface Link {
  send(node: Stanza): void;
  /** Ends politely: what was sent before arrives. */
  close(): void;
  /** Ends as a network does that went away. */
  cut(): void;
}

/**
 * How badly a device's connection is broken while it looks open: `messages` are held back but
 * questions answered, or `all` is swallowed.
 */
export type Deafness = 'no' | 'messages' | 'all';

/** A linked device, known by the keys that it showed when it was linked. */
export interface Device {
  readonly id: number;
  readonly account: Account;
  /** What the phone shows in its list. */
  readonly name: string;
  readonly noiseKey: Buffer;
  keys: Omit<KeyBundle, 'once'>;
  oneTimeKeys: { readonly id: number; readonly key: Uint8Array }[];
  link: Link | undefined;
  /** Whether it asked for what it missed: nothing is delivered before. */
  ready: boolean;
  /** Whether the phone sent it what a new device gets. */
  greeted: boolean;
  deaf: Deafness;
  /** What it did not confirm yet, in order. */
  readonly pending: Map<string, Stanza>;
  /** As it said last; others see it as "online". */
  presence: string | undefined;
  logins: number;
}

export interface SentMessage {
  /** When the server took it, milliseconds since the epoch. */
  readonly at: number;
  readonly to: Account;
  readonly message: proto.IMessage;
}

/** What a device asks its own phone for. */
export interface PeerRequest {
  /** Of the message that it came in. */
  readonly id: string;
  readonly message: proto.IMessage;
}

export interface Account {
  /** The phone number without its plus. */
  readonly digits: string;
  readonly lid: string;
  name: string;
  readonly signal: SignalEnd;
  readonly devices: Map<number, Device>;
  nextDevice: number;
  readonly messages: Message[];
  /** What the phone itself sent, by message id: a device that cannot read it asks again. */
  readonly sent: Map<string, SentMessage>;
  /** The phone is off, as far as its own devices notice: it does not answer them. */
  off: boolean;
  /** What its devices asked and it did not answer yet. */
  readonly asked: { readonly device: Device; readonly request: PeerRequest }[];
  /** When devices were linked or tried to be, milliseconds since 1970. */
  readonly linkAttempts: number[];
  /** Who is writing to this phone right now: digits to `composing` or `paused`. */
  readonly chatStates: Map<string, string>;
  /** App state by collection: encoded `proto.SyncdPatch`, version = index + 1. */
  readonly collections: Map<string, Buffer[]>;
  readonly syncKey: { readonly id: Buffer; readonly data: Buffer };
}

export interface World {
  /** Milliseconds since 1970. */
  readonly now: () => number;
  readonly random: (bytes: number) => Buffer;
  readonly settings: Settings;
  readonly accounts: Map<string, Account>;
  /** Codes that may be scanned, by their ref. */
  readonly offers: Map<string, Offer>;
  readonly changes: EventEmitter<{ change: [] }>;
}

/** Whoever is asked for is on WhatsApp: accounts come into being when first named. */
export function accountOf(world: World, digits: string): Account {
  const known = world.accounts.get(digits);
  if (known) return known;
  const account: Account = {
    digits,
    lid: lidOf(digits),
    name: `+${digits}`,
    signal: createSignalEnd(),
    devices: new Map(),
    nextDevice: 1,
    messages: [],
    sent: new Map(),
    off: false,
    asked: [],
    linkAttempts: [],
    chatStates: new Map(),
    collections: new Map(),
    syncKey: { id: world.random(6), data: world.random(32) },
  };
  world.accounts.set(digits, account);
  return account;
}

export function accountByLid(world: World, lid: string): Account | undefined {
  return [...world.accounts.values()].find((account) => account.lid === lid);
}

export const changed = (world: World): void => void world.changes.emit('change');

/**
 * Waits until `look` returns something, looking again whenever anything changed.
 * @throws Error after `timeoutMs`, naming `what`
 */
export async function until<T>(
  world: World,
  what: string,
  look: () => T | undefined,
  timeoutMs: number,
): Promise<T> {
  const stop = new AbortController();
  try {
    return await new Promise<T>((resolve, reject) => {
      const check = () => {
        const seen = look();
        if (seen !== undefined) resolve(seen);
      };
      world.changes.on('change', check);
      stop.signal.addEventListener('abort', () => world.changes.off('change', check));
      wait(timeoutMs, undefined, { signal: stop.signal }).then(
        () => reject(new Error(`waited ${timeoutMs} ms for ${what}`)),
        () => {},
      );
      check();
    });
  } finally {
    stop.abort();
  }
}
