/**
 * The first message under an id of its own, the same each time it is sent on one link. A gateway
 * that dies between WhatsApp's taking it and the transcript's line cannot know that it went out,
 * and sends it again: under the same id, the owner's phone shows it once (docs/decisions/036).
 */

import { createHash } from 'node:crypto';
import { addressesOf, eachConnection, withoutDevice } from './connection.ts';
import type { OutgoingContent, PluginApi, SendOptions, WhatsappSocket } from './openclaw.ts';

const MARKED = Symbol.for('agents-plane.greeting');

/** In the shape of Baileys' own ids (`generateMessageIDV2`). */
const BAILEYS = '3EB0';
const DIGITS = 18;

/**
 * Pure. The id follows from the link's identity key: a later link, of another agent's life, say, has
 * another, and its greeting is a message of its own.
 * @returns undefined for every other message, whose id Baileys chooses
 */
export function greetingId(
  { user, authState }: WhatsappSocket,
  greeting: string,
  jid: string,
  { text }: OutgoingContent,
): string | undefined {
  const identity = authState?.creds?.signedIdentityKey?.public;
  const isOwnChat = addressesOf(user).includes(withoutDevice(jid));
  if (identity === undefined || !isOwnChat || text !== greeting) return undefined;
  const hash = createHash('sha256').update(identity).update(greeting).digest('hex');
  return BAILEYS + hash.toUpperCase().slice(0, DIGITS);
}

/** From now on, at every connection. */
export function markGreeting(api: PluginApi, greeting: string): void {
  eachConnection(api, (socket: WhatsappSocket & { [MARKED]?: true }) => {
    if (socket[MARKED]) return;
    socket[MARKED] = true;
    const { sendMessage } = socket;
    socket.sendMessage = (jid: string, content: OutgoingContent, options?: SendOptions) => {
      const messageId = greetingId(socket, greeting, jid, content);
      return sendMessage(jid, content, messageId ? { ...options, messageId } : options);
    };
  });
}
