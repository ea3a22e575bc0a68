/** What people see in a chat, and how a decrypted message changes it. */

import { proto } from 'baileys';

export interface Reaction {
  /** `+15551234567` */
  readonly from: string;
  readonly emoji: string;
}

/** One message as one phone shows it. */
export interface Message {
  readonly id: string;
  /** The other side of the chat, `+15551234567`; the own number in the chat with oneself. */
  readonly chat: string;
  /** `+15551234567` */
  readonly from: string;
  readonly fromMe: boolean;
  /** Which of the author's devices wrote it; 0 is the phone. */
  readonly device: number;
  text: string;
  /** MIME type of what is attached. */
  readonly media?: string | undefined;
  /** Milliseconds since 1970. */
  readonly at: number;
  readonly reactions: Reaction[];
  /** "This message was deleted". */
  revoked: boolean;
  edited: boolean;
  /** Deleted on this account's devices alone. */
  deletedForMe: boolean;
  /** When the other side's first device got it, and when somebody read it. */
  deliveredAt?: number;
  readAt?: number;
}

/** What a message does. */
export type Content =
  | { readonly kind: 'text'; readonly text: string; readonly media?: string }
  | { readonly kind: 'reaction'; readonly target: string; readonly emoji: string }
  | { readonly kind: 'revoke'; readonly target: string }
  | { readonly kind: 'edit'; readonly target: string; readonly text: string }
  | { readonly kind: 'other' };

const { Type } = proto.Message.ProtocolMessage;

function textOf(message: proto.IMessage): { text: string; media?: string } | undefined {
  const media =
    message.imageMessage ??
    message.videoMessage ??
    message.documentMessage ??
    message.audioMessage ??
    message.stickerMessage;
  if (media) {
    const caption = 'caption' in media ? (media.caption ?? '') : '';
    return { text: caption, media: media.mimetype ?? 'application/octet-stream' };
  }
  const text = message.conversation || message.extendedTextMessage?.text;
  return text ? { text } : undefined;
}

/** @param message decrypted, the `deviceSentMessage` around it removed */
export function readContent(message: proto.IMessage): Content {
  const { reactionMessage, protocolMessage } = message;
  if (reactionMessage?.key?.id) {
    const { key, text } = reactionMessage;
    return { kind: 'reaction', target: key.id ?? '', emoji: text ?? '' };
  }
  const target = protocolMessage?.key?.id;
  if (target && protocolMessage.type === Type.REVOKE) return { kind: 'revoke', target };
  if (target && protocolMessage.type === Type.MESSAGE_EDIT) {
    const edited = textOf(protocolMessage.editedMessage ?? {});
    return { kind: 'edit', target, text: edited?.text ?? '' };
  }
  const inner =
    message.ephemeralMessage?.message ?? message.documentWithCaptionMessage?.message ?? message;
  const text = textOf(inner);
  return text ? { kind: 'text', ...text } : { kind: 'other' };
}

export type Arrival = Pick<Message, 'id' | 'chat' | 'from' | 'fromMe' | 'device' | 'at'>;

/**
 * Puts what arrived into a phone's messages. Chat, id and `fromMe` are a message's key (`MessageKey`
 * of the protocol) for WhatsApp's clients, which show it once however often it comes: a client
 * sends under the same id whatever was not acknowledged when its connection broke.
 */
export function applyContent(messages: Message[], arrival: Arrival, content: Content): void {
  const isKnown = messages.some(
    ({ id, chat, fromMe }) =>
      id === arrival.id && chat === arrival.chat && fromMe === arrival.fromMe,
  );
  if (content.kind === 'other' || isKnown) return;
  if (content.kind === 'text') {
    const { text, media } = content;
    const fresh = { reactions: [], revoked: false, edited: false, deletedForMe: false };
    messages.push({ ...arrival, text, ...(media && { media }), ...fresh });
    return;
  }
  const target = messages.find(({ id }) => id === content.target);
  if (!target) return;
  if (content.kind === 'reaction') {
    const others = target.reactions.filter(({ from }) => from !== arrival.from);
    const mine = content.emoji ? [{ from: arrival.from, emoji: content.emoji }] : [];
    target.reactions.splice(0, Number.POSITIVE_INFINITY, ...others, ...mine);
    return;
  }
  // Only its author changes a message; WhatsApp's clients ignore anybody else.
  if (target.from !== arrival.from) return;
  target.text = content.kind === 'edit' ? content.text : '';
  if (content.kind === 'edit') target.edited = true;
  else target.revoked = true;
}
