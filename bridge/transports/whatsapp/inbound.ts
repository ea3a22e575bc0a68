/** From WhatsApp's wire to the bridge's message. Pure. */

import type { Content, InboundMessage, MediaKind, MediaReference, Sender } from '../../message.ts';
import type { WireMessage } from './wire.ts';

/** What the envelope around a message knows of its sender. */
export interface SenderHints {
  readonly phone?: string | undefined;
  readonly userId?: string | undefined;
  readonly name?: string | undefined;
}

const digits = (phone: string): string => phone.replace(/\D/g, '');

/** @returns undefined when nothing says who sent it. */
function senderOf(wire: WireMessage, hints: SenderHints): Sender | undefined {
  const phone = digits(wire.from ?? hints.phone ?? wire.kapso?.phone_number ?? '');
  const id = phone || wire.from_user_id || hints.userId;
  if (!id) return undefined;
  const name = hints.name ?? wire.kapso?.contact_name ?? undefined;
  return { id, ...(phone && { phone: `+${phone}` }), ...(name && { name }) };
}

/** Kapso's transcript of a voice note: text, or an object with it. */
function transcriptOf(wire: WireMessage): string | undefined {
  const found = wire.kapso?.transcript;
  if (typeof found === 'string') return found || undefined;
  const text = (found as { text?: unknown } | null | undefined)?.text;
  return typeof text === 'string' && text !== '' ? text : undefined;
}

function mediaOf(wire: WireMessage): Content | undefined {
  const kinds: [MediaKind, WireMessage['image']][] = [
    ['image', wire.image],
    ['video', wire.video],
    ['audio', wire.audio ?? wire.voice],
    ['document', wire.document],
    ['sticker', wire.sticker],
  ];
  const found = kinds.find(([, part]) => part !== undefined);
  const [media, part] = found ?? [];
  if (!media || !part) return undefined;
  const kept = wire.kapso?.media_data;
  const url = wire.kapso?.media_url ?? kept?.url ?? part.link;
  const transcript = media === 'audio' ? transcriptOf(wire) : undefined;
  const mime = part.mime_type ?? kept?.content_type;
  const filename = part.filename ?? kept?.filename;
  const file: MediaReference = {
    ...(part.id && { id: part.id }),
    ...(url && { url }),
    ...(mime && { mime }),
    ...(filename && { filename }),
    ...(kept?.byte_size && { bytes: kept.byte_size }),
    ...(transcript && { transcript }),
  };
  return { kind: 'media', media, file, ...(part.caption && { caption: part.caption }) };
}

function choiceOf({ interactive, button }: WireMessage): Content | undefined {
  const picked = interactive?.button_reply ?? interactive?.list_reply;
  if (picked) return { kind: 'choice', id: picked.id, title: picked.title };
  if (button) return { kind: 'choice', id: button.payload ?? button.text, title: button.text };
  return undefined;
}

function contentOf(wire: WireMessage): Content {
  if (wire.text) return { kind: 'text', text: wire.text.body };
  if (wire.reaction) {
    return { kind: 'reaction', emoji: wire.reaction.emoji ?? '', to: wire.reaction.message_id };
  }
  if (wire.location) {
    const { latitude, longitude, name, address } = wire.location;
    return {
      kind: 'location',
      latitude,
      longitude,
      ...(name && { name }),
      ...(address && { address }),
    };
  }
  if (wire.contacts) {
    const contacts = wire.contacts.map(({ name, phones }) => ({
      name: name?.formatted_name ?? '',
      phones: (phones ?? []).flatMap(({ phone }) => (phone ? [phone] : [])),
    }));
    return { kind: 'contacts', contacts };
  }
  return mediaOf(wire) ?? choiceOf(wire) ?? { kind: 'unsupported', type: wire.type };
}

/**
 * @param now when the message carries no time of its own
 * @returns undefined for what nobody sent: messages of ours, and notices without a sender
 */
export function toInbound(
  transport: string,
  wire: WireMessage,
  hints: SenderHints,
  now: number,
): InboundMessage | undefined {
  if (wire.kapso?.direction !== undefined && wire.kapso.direction !== 'inbound') return undefined;
  const sender = senderOf(wire, hints);
  // "system" tells of a changed number; nobody said anything.
  if (!sender || wire.type === 'system') return undefined;
  const seconds = Number(wire.timestamp);
  const context = wire.context?.id;
  return {
    id: wire.id,
    transport,
    sender,
    content: contentOf(wire),
    at: Number.isFinite(seconds) && seconds > 0 ? seconds * 1_000 : now,
    ...(context && { context }),
  };
}
