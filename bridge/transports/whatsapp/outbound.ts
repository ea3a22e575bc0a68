/** From the bridge's message to WhatsApp's wire. Pure. */

import { mediaTypeOf, takesCaption } from '../../format/media.ts';
import type { OutboundMessage, Reply } from '../../message.ts';
import { interactiveOf } from './interactive.ts';
import type { Uploaded } from './upload.ts';

/** Who gets it: a phone number, or a business-scoped user id where there is no number. */
const recipient = ({ to }: OutboundMessage): object =>
  to.phone ? { to: to.phone.replace('+', '') } : { recipient: to.id };

/** Captions are of what a version before this one queued: pipeline/outgoing.ts makes none. */
function mediaOf({ url, caption }: Extract<Reply, { kind: 'media' }>): object {
  const type = mediaTypeOf(url);
  return { type, [type]: { link: url, ...(takesCaption(type) && caption && { caption }) } };
}

function contentOf({ content }: OutboundMessage, media: Uploaded | undefined): object {
  switch (content.kind) {
    case 'text':
      return { type: 'text', text: { body: content.text, preview_url: false } };
    case 'media':
      return mediaOf(content);
    case 'reaction':
      return { type: 'reaction', reaction: { message_id: content.to, emoji: content.emoji } };
    case 'choices':
      return { type: 'interactive', interactive: interactiveOf(content) };
    case 'location': {
      const { kind: _kind, ...location } = content;
      return { type: 'location', location };
    }
    case 'file': {
      if (!media) throw new Error('a file is sent after its upload');
      const { type, id, filename } = media;
      return { type, [type]: { id, ...(type === 'document' && { filename }) } };
    }
  }
}

/** The body of `POST /{phone number id}/messages`. Pure. */
export const sendBody = (message: OutboundMessage, key: string, media?: Uploaded): object => ({
  messaging_product: 'whatsapp',
  recipient_type: 'individual',
  ...recipient(message),
  ...contentOf(message, media),
  ...(message.replyTo && { context: { message_id: message.replyTo } }),
  // Comes back in the status webhooks: how a send whose answer was lost is confirmed.
  biz_opaque_callback_data: key,
});
