/**
 * Takes a message back on WhatsApp, for everyone. WhatsApp allows that for one's own messages
 * alone: in mode `linked` the agent is a device of the owner's account, and what the owner
 * writes to themselves is its own.
 */

import { socketOf } from './foreign-phone.ts';
import type { HookContext, MessageEvent, PluginApi } from './openclaw.ts';

const TIMEOUT_MS = 10_000;

const digitsOf = (address: string | undefined): string =>
  (address ?? '').replace(/[:@].*$/, '').replace(/\D/g, '');

/** @returns whether WhatsApp took it back; never throws. */
export async function deleteForEveryone(
  api: PluginApi,
  event: MessageEvent,
  context: HookContext,
): Promise<boolean> {
  const { messageId: id, senderId } = event;
  const socket = socketOf(api, context.accountId);
  const own = digitsOf(socket?.user?.id);
  if (!socket || !id || own === '' || own !== digitsOf(senderId)) return false;
  const remoteJid = `${own}@s.whatsapp.net`;
  const tooLate = new Promise<never>((_, reject) => {
    setTimeout(() => reject(new Error('timeout')), TIMEOUT_MS).unref();
  });
  try {
    const taken = socket.sendMessage(remoteJid, { delete: { remoteJid, fromMe: true, id } });
    await Promise.race([taken, tooLate]);
    return true;
  } catch {
    api.logger.warn('a message with a key could not be deleted');
    return false;
  }
}
