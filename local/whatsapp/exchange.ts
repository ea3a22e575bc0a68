/** Messages between phones and linked devices, end-to-end encrypted in both directions. */

import {
  encodeBigEndian,
  extractE2ESessionFromRetryReceipt,
  KEY_BUNDLE_TYPE,
  type proto,
  xmppPreKey,
  xmppSignedPreKey,
} from 'baileys';
import { lidJid, numberJid, parseJid } from './address.ts';
import { applyContent, type Message, readContent } from './chat.ts';
import { deliver } from './delivery.ts';
import { asked } from './peer.ts';
import { accountAt, takeBundle } from './queries.ts';
import { deviceJid, encNode, sealFor } from './seal.ts';
import type { KeyBundle, Sealed } from './signal.ts';
import { bytesOf, childOf, childrenOf, type Stanza, seconds, stanza } from './stanza.ts';
import { type Account, changed, type Device, type SentMessage, type World } from './world.ts';

export const numberOfAccount = ({ digits }: Account): string => `+${digits}`;

/** The envelope of a phone's message: to somebody else's device, or a copy to an own one. */
function envelope({ to, at }: SentMessage, from: Account, device: Device, id: string) {
  const attrs = { id, from: numberJid(from.digits), type: 'text', t: seconds(at) };
  return device.account === from
    ? {
        ...attrs,
        recipient: numberJid(to.digits),
        peer_recipient_lid: lidJid(to.lid),
        notify: from.name,
      }
    : { ...attrs, sender_lid: lidJid(from.lid), notify: from.name };
}

async function toDevice(world: World, from: Account, device: Device, id: string, count?: string) {
  const sent = from.sent.get(id);
  if (!sent) return;
  const { to, message } = sent;
  const copy = { deviceSentMessage: { destinationJid: numberJid(to.digits), message } };
  const sealed = await sealFor(from, device, device.account === from ? copy : message);
  const enc = encNode(sealed, count === undefined ? {} : { count });
  deliver(world, device, stanza('message', envelope(sent, from, device, id), [enc]));
}

/**
 * Sends from a phone to somebody, or to itself.
 * @param at when WhatsApp's server took it, milliseconds since the epoch
 * @returns the message's id
 */
export async function sendFromPhone(
  world: World,
  from: Account,
  to: Account,
  message: proto.IMessage,
  at = world.now(),
): Promise<string> {
  const id = world.random(16).toString('hex').toUpperCase();
  const arrival = { id, from: numberOfAccount(from), device: 0, at };
  const content = readContent(message);
  from.sent.set(id, { to, message, at });
  applyContent(from.messages, { ...arrival, chat: numberOfAccount(to), fromMe: true }, content);
  if (to !== from) {
    applyContent(to.messages, { ...arrival, chat: arrival.from, fromMe: false }, content);
  }
  for (const device of new Set([...to.devices.values(), ...from.devices.values()])) {
    await toDevice(world, from, device, id);
  }
  changed(world);
  return id;
}

function bundleNodes({ registrationId, identity, signed, once }: KeyBundle): Stanza[] {
  const pair = (key: Uint8Array) => ({ public: key, private: new Uint8Array() });
  const keys = [
    stanza('type', {}, KEY_BUNDLE_TYPE),
    stanza('identity', {}, identity),
    ...(once ? [xmppPreKey(pair(once.key), once.id)] : []),
    xmppSignedPreKey({ keyId: signed.id, keyPair: pair(signed.key), signature: signed.signature }),
  ];
  return [stanza('registration', {}, encodeBigEndian(registrationId)), stanza('keys', {}, keys)];
}

/** A phone could not read a device's message: it asks for it once more, with fresh keys. */
async function askAgain(world: World, phone: Account, from: Device, node: Stanza): Promise<void> {
  const { id, to } = node.attrs;
  const own = phone === from.account;
  const attrs = { id, type: 'retry', from: numberJid(phone.digits), t: seconds(world.now()) };
  const retry = stanza('retry', { count: '1', id, v: '1', t: attrs.t });
  const keys = bundleNodes(await phone.signal.bundle());
  deliver(
    world,
    from,
    stanza('receipt', { ...attrs, ...(own && { recipient: to }) }, [retry, ...keys]),
  );
}

async function atPhone(world: World, phone: Account, from: Device, enc: Stanza, node: Stanza) {
  const { id = '', to, category } = node.attrs;
  const sealed = {
    type: enc.attrs.type as Sealed['type'],
    ciphertext: bytesOf(enc) ?? Buffer.alloc(0),
  };
  let message: proto.IMessage;
  try {
    message = await phone.signal.decrypt(deviceJid(from), sealed);
  } catch {
    return askAgain(world, phone, from, node);
  }
  if (category === 'peer') return asked(world, from, { id, message });
  const own = phone === from.account;
  const destination = accountAt(world, to) ?? phone;
  const chat = numberOfAccount(own ? destination : from.account);
  const author = { from: numberOfAccount(from.account), device: from.id };
  const content = readContent(message.deviceSentMessage?.message ?? message);
  applyContent(phone.messages, { id, chat, ...author, fromMe: own, at: world.now() }, content);
  phone.chatStates.delete(from.account.digits);
  if (!own) {
    const attrs = { id, from: numberJid(phone.digits), t: seconds(world.now()) };
    deliver(world, from, stanza('receipt', attrs));
  }
  changed(world);
}

/** A message that a linked device sends: to phones, and to other linked devices. */
export async function fromDevice(world: World, device: Device, node: Stanza): Promise<void> {
  const { id, to, type, category } = node.attrs;
  const sealedFor = childrenOf(childOf(node, 'participants'), 'to').map((part) => ({
    jid: part.attrs.jid,
    enc: childOf(part, 'enc'),
  }));
  const direct = { jid: to, enc: childOf(node, 'enc') };
  for (const { jid, enc } of [...sealedFor, direct]) {
    const address = parseJid(jid);
    const account = accountAt(world, jid);
    if (!address || !account || !enc) continue;
    const target = account.devices.get(address.device);
    if (address.device === 0) await atPhone(world, account, device, enc, node);
    else if (target) {
      const attrs = { id, type, category, from: deviceJid(device), t: seconds(world.now()) };
      const own = account === device.account && { recipient: to };
      const alias = account !== device.account && { sender_lid: lidJid(device.account.lid) };
      deliver(world, target, stanza('message', { ...attrs, ...own, ...alias }, [enc]));
    }
  }
  const t = seconds(world.now());
  device.link?.send(stanza('ack', { class: 'message', id, from: to, type, t }));
}

/** A device opens a new session: with the keys in its request, else with those it uploaded. */
async function reopen(from: Account, device: Device, node: Stanza): Promise<void> {
  const keys = childOf(node, 'keys');
  const shown = extractE2ESessionFromRetryReceipt(node);
  const bundle = takeBundle(device);
  const own = shown &&
    keys && {
      registrationId: shown.registrationId,
      identity: bytesOf(keys, 'identity') ?? bundle.identity,
      signed: {
        id: shown.signedPreKey.keyId,
        key: shown.signedPreKey.publicKey,
        signature: shown.signedPreKey.signature,
      },
      once: shown.preKey && { id: shown.preKey.keyId, key: shown.preKey.publicKey },
    };
  await from.signal.open(deviceJid(device), own || bundle);
}

function mark(message: Message, type: string | undefined, now: number): void {
  if (type === 'read') message.readAt ??= now;
  if (type === undefined || type === 'inactive' || type === 'read') message.deliveredAt ??= now;
}

/** A device says what became of a message: it arrived, was read, or could not be decrypted. */
export async function receiptFrom(world: World, device: Device, node: Stanza): Promise<void> {
  const { type, id = '', to } = node.attrs;
  const author = accountAt(world, to) ?? device.account;
  if (type === 'retry') {
    await reopen(author, device, node);
    const count = childOf(node, 'retry')?.attrs.count ?? '1';
    await toDevice(world, author, device, id, count);
    return;
  }
  const items = childrenOf(childOf(node, 'list'), 'item').map((item) => item.attrs.id);
  for (const message of author.messages) {
    if (author === device.account || ![id, ...items].includes(message.id)) continue;
    mark(message, type, world.now());
    const sender = author.devices.get(message.device);
    if (!sender || type === 'inactive') continue;
    const attrs = { id: message.id, type, from: numberJid(device.account.digits) };
    deliver(world, sender, stanza('receipt', { ...attrs, t: seconds(world.now()) }));
  }
  changed(world);
}

/** A person opened a chat on the phone. */
export function markRead(world: World, phone: Account, chat: string): void {
  for (const message of phone.messages) {
    if (message.chat !== chat || message.fromMe || message.readAt !== undefined) continue;
    message.readAt = world.now();
    const author = accountAt(world, numberJid(message.from.slice(1)));
    const original = author?.messages.find(({ id }) => id === message.id);
    if (original) mark(original, 'read', world.now());
    const sender = author?.devices.get(message.device);
    const attrs = { id: message.id, type: 'read', from: numberJid(phone.digits) };
    if (sender) deliver(world, sender, stanza('receipt', { ...attrs, t: seconds(world.now()) }));
  }
  changed(world);
}
