/** What WhatsApp's wire says, as the bridge reads it: fields that are null, left out, or of no use. */

import { toInbound } from '../../bridge/transports/whatsapp/inbound.ts';
import { wireMessage } from '../../bridge/transports/whatsapp/wire.ts';

const contentOf = (fields: object) => {
  const wire = wireMessage.parse({ id: 'wamid.1', from: '15550001111', type: 'any', ...fields });
  return toInbound('kapso', wire, {}, 0)?.content;
};

test.each([
  [
    'a picture without a caption',
    { image: { id: 'm1', caption: null, mime_type: 'image/png' }, context: null },
    { kind: 'media', media: 'image', file: { id: 'm1', mime: 'image/png' } },
  ],
  [
    'a document without a name',
    { document: { id: 'm2', filename: null }, text: null },
    { kind: 'media', media: 'document', file: { id: 'm2' } },
  ],
  [
    'a place without a name',
    { location: { latitude: 1, longitude: 2, name: null, address: null } },
    { kind: 'location', latitude: 1, longitude: 2 },
  ],
  [
    'a choice of a list',
    { interactive: { button_reply: null, list_reply: { id: 'a', title: 'A' } } },
    { kind: 'choice', id: 'a', title: 'A' },
  ],
  [
    'a reaction that is taken back',
    { reaction: { emoji: null, message_id: 'wamid.0' } },
    { kind: 'reaction', emoji: '', to: 'wamid.0' },
  ],
])('%s, with nulls', (_, fields, content) => {
  expect(contentOf(fields)).toEqual(content);
});
