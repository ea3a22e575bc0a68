/** What a person can do with a phone on the local WhatsApp. */

import { proto } from 'baileys';
import { PlaneError } from '../../contracts/errors.ts';
import { digitsOf, numberJid } from './address.ts';
import type { Message } from './chat.ts';
import { unlinkDevice } from './connection.ts';
import { markRead, numberOfAccount, sendFromPhone } from './exchange.ts';
import { readCode } from './pairing.ts';
import { answerAsked } from './peer.ts';
import { readShown } from './qr.ts';
import { type Account, accountOf, type Deafness, type Device, until, type World } from './world.ts';

/** A linked device, as the phone's list and the server's operator see it. */
export interface LinkedDevice {
  readonly id: number;
  readonly name: string;
  readonly connected: boolean;
  /** Undefined until the device said whether it is there. */
  readonly presence: string | undefined;
  readonly logins: number;
  /** Stanzas that the device did not confirm yet. */
  readonly pending: number;
}

export interface Phone {
  /** `+15551234567` */
  readonly number: string;
  /** The name that others see. */
  name: string;
  readonly devices: readonly LinkedDevice[];
  readonly messages: readonly Readonly<Message>[];
  /** `composing` or `paused`, as the other side shows it here. */
  chatState(number: string): string | undefined;
  /**
   * Scans a code: its text, or a `data:image/png` URL of it. Resolves when the device is linked.
   * @throws PlaneError INVALID_ARGUMENT (no code), FAILED_PRECONDITION (dead code, too many
   *   devices), RESOURCE_EXHAUSTED ("Couldn't link device": too many attempts)
   */
  scan(shown: string): Promise<LinkedDevice>;
  /**
   * @param at when it was written, for one that has long waited: milliseconds since the epoch
   * @returns the message's id
   */
  send(to: string, text: string, at?: number): Promise<string>;
  sendToSelf(text: string): Promise<string>;
  /** Answers a message of one's own, whose text goes along with the answer. @returns the answer's id */
  answer(to: string, quoted: string, text: string): Promise<string>;
  react(id: string, emoji: string): Promise<void>;
  /** Deletes an own message for everyone. */
  revoke(id: string): Promise<void>;
  read(chat: string): void;
  unlink(device: number): void;
  /** Breaks a device's connection while it looks open, until its next login. */
  deafen(device: number, deafness: Deafness): void;
  /** Switches the phone off or on, as far as its own devices notice: what they ask waits until it is on. */
  power(on: boolean): Promise<void>;
  /** Ends a device's connection as a dead network does. */
  cut(device: number): void;
  /** Waits for what `look` finds. @throws Error after `timeoutMs` (10 s when left out) */
  until<T>(what: string, look: (phone: Phone) => T | undefined, timeoutMs?: number): Promise<T>;
}

const WAIT_MS = 10_000;
const { REVOKE } = proto.Message.ProtocolMessage.Type;

const shownDevice = (device: Device): LinkedDevice => ({
  id: device.id,
  name: device.name,
  connected: device.ready,
  presence: device.presence,
  logins: device.logins,
  pending: device.pending.size,
});

/** Counts the attempt, and refuses as WhatsApp does: without a reason. */
function countAttempt({ settings, now }: World, account: Account): void {
  const since = now() - settings.linkWindowMs;
  const recent = account.linkAttempts.filter((at) => at > since);
  account.linkAttempts.splice(0, Number.POSITIVE_INFINITY, ...recent, now());
  if (recent.length >= settings.linkAttempts) {
    throw new PlaneError('RESOURCE_EXHAUSTED', "Couldn't link device. Try again later.");
  }
}

async function scan(world: World, account: Account, shown: string): Promise<Device> {
  const code = readCode(readShown(shown));
  countAttempt(world, account);
  if (account.devices.size >= world.settings.devices) {
    throw new PlaneError('FAILED_PRECONDITION', 'This phone has four linked devices already');
  }
  const offer = world.offers.get(code.ref);
  const now = world.now();
  const { registration } = offer ?? {};
  const genuine =
    registration?.noiseKey.equals(code.noiseKey) &&
    code.identity.equals(Buffer.from(registration.keys.identity));
  if (!offer || !genuine || now < offer.validFrom || now >= offer.validUntil) {
    throw new PlaneError('FAILED_PRECONDITION', 'This code is no longer valid: scan the new one');
  }
  return offer.accept(account, code.advSecret);
}

function deviceOf(account: Account, id: number): Device {
  const device = account.devices.get(id);
  if (!device) throw new PlaneError('NOT_FOUND', `This phone has no linked device ${id}`);
  return device;
}

function messageOf(account: Account, id: string): Message {
  const message = account.messages.find((one) => one.id === id);
  if (!message) throw new PlaneError('NOT_FOUND', 'This phone has no such message');
  return message;
}

export function phoneOf(world: World, number: string): Phone {
  const account = accountOf(world, digitsOf(number));
  const peer = (other: string) => accountOf(world, digitsOf(other));
  const keyOf = ({ id, chat, fromMe }: Message) => ({
    id,
    fromMe,
    remoteJid: numberJid(digitsOf(chat)),
  });
  const phone: Phone = {
    number: numberOfAccount(account),
    get name() {
      return account.name;
    },
    set name(name) {
      account.name = name;
    },
    get devices() {
      return [...account.devices.values()].map(shownDevice);
    },
    messages: account.messages,
    chatState: (other) => account.chatStates.get(digitsOf(other)),
    scan: async (shown) => shownDevice(await scan(world, account, shown)),
    send: (to, text, at) => sendFromPhone(world, account, peer(to), { conversation: text }, at),
    sendToSelf: (text) => sendFromPhone(world, account, account, { conversation: text }),
    async answer(to, quoted, text) {
      const stanzaId = world.random(16).toString('hex').toUpperCase();
      const contextInfo = {
        ...{ stanzaId, participant: numberJid(account.digits) },
        quotedMessage: { conversation: quoted },
      };
      const message = { extendedTextMessage: { text, contextInfo } };
      return sendFromPhone(world, account, peer(to), message);
    },
    async react(id, emoji) {
      const message = messageOf(account, id);
      const reactionMessage = { key: keyOf(message), text: emoji };
      await sendFromPhone(world, account, peer(message.chat), { reactionMessage });
    },
    async revoke(id) {
      const message = messageOf(account, id);
      const protocolMessage = { type: REVOKE, key: keyOf(message) };
      await sendFromPhone(world, account, peer(message.chat), { protocolMessage });
    },
    read: (chat) => markRead(world, account, chat),
    unlink: (device) => unlinkDevice(world, deviceOf(account, device)),
    deafen: (device, deafness) => {
      deviceOf(account, device).deaf = deafness;
    },
    async power(on) {
      account.off = !on;
      if (on) await answerAsked(world, account);
    },
    cut: (device) => deviceOf(account, device).link?.cut(),
    until: (what, look, timeoutMs = WAIT_MS) => until(world, what, () => look(phone), timeoutMs),
  };
  return phone;
}
