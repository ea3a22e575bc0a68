/**
 * Messages that the owner wrote while the agent was away. WhatsApp holds them back and hands
 * them over at the next login, and OpenClaw's plugin (2026.9.6) loses them in two ways
 * (docs/decisions/033):
 * - those more than a minute older than the login are marked as read, and not answered;
 * - it listens only when the login is done, and Baileys hands out what it has decrypted 100 ms
 *   later, login or not: a slow answer of WhatsApp's is enough.
 * Here both become new messages, and go the way of all others: allowlist, durable queue, reply.
 */

import { addressesOf, eachConnection, withoutDevice } from './connection.ts';
import type { BaileysMessage, MessagesUpsert, PluginApi, WhatsappSocket } from './openclaw.ts';

/**
 * OpenClaw remembers for seven days which messages it has handled (the queue's completed
 * entries). Nothing older is touched: it might be answered twice.
 */
const REMEMBERED_MS = 6 * 24 * 3_600_000;
/** What Baileys still holds in its buffer comes by itself within that. */
const BUFFERED_MS = 3_000;

const SEEN = Symbol.for('agents-plane.held-back');

const sentAt = ({ messageTimestamp }: BaileysMessage): number =>
  Number(messageTimestamp ?? 0) * 1000;

/**
 * Pure. @param now milliseconds since the epoch
 * @returns the messages to treat as new, and those to leave as they are
 */
export function sortHeldBack({ type, messages }: MessagesUpsert, now: number) {
  const isRecent = (message: BaileysMessage): boolean =>
    type === 'append' && now - sentAt(message) <= REMEMBERED_MS;
  return {
    anew: messages.filter(isRecent),
    left: messages.filter((message) => !isRecent(message)),
  };
}

/**
 * What was decrypted before anybody listened, from what Baileys keeps for retries; without
 * what devices tell each other. When each was written is not kept.
 */
export function decryptedSoFar({ messageRetryManager, user }: WhatsappSocket): BaileysMessage[] {
  const own = addressesOf(user);
  return [...(messageRetryManager?.recentMessagesMap?.entries() ?? [])].flatMap(
    ([key, { message, timestamp }]) => {
      const [remoteJid = '', id] = key.split('\0');
      if (id === undefined || message.protocolMessage) return [];
      const fromMe = own.includes(withoutDevice(remoteJid));
      return [{ key: { remoteJid, id, fromMe }, message, messageTimestamp: timestamp / 1000 }];
    },
  );
}

/** Once a socket, before OpenClaw's own listener. */
function listen(socket: WhatsappSocket & { [SEEN]?: true }): void {
  const { ev } = socket;
  if (ev === undefined || socket[SEEN]) return;
  socket[SEEN] = true;
  const heard = new Set<string | undefined>();
  const take = (upsert: MessagesUpsert): void => {
    for (const { key } of upsert.messages) heard.add(key?.id);
    const { anew, left } = sortHeldBack(upsert, Date.now());
    if (anew.length === 0) return;
    upsert.type = 'notify';
    upsert.messages = anew;
    if (left.length > 0) ev.emit('messages.upsert', { type: 'append', messages: left });
  };
  const emitter = ev.on('messages.upsert', take);
  emitter.off('messages.upsert', take);
  emitter.prependListener('messages.upsert', take);
  const early = decryptedSoFar(socket);
  setTimeout(() => {
    const messages = early.filter(({ key }) => !heard.has(key?.id));
    if (messages.length > 0) ev.emit('messages.upsert', { type: 'notify', messages });
  }, BUFFERED_MS).unref();
}

/** From now on, at every connection. */
export const answerHeldBack = (api: PluginApi): void => eachConnection(api, listen);
