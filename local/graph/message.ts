/**
 * The body of `POST /{phone number id}/messages`, as strict as Meta is about it.
 * https://developers.facebook.com/docs/whatsapp/cloud-api/reference/messages
 */

import { z } from 'zod';

const MAX_TEXT = 4096;
const MAX_CAPTION = 1024;
const MAX_CALLBACK_DATA = 512;

const envelope = {
  messaging_product: z.literal('whatsapp'),
  recipient_type: z.literal('individual').optional(),
  to: z
    .string()
    .regex(/^\+?\d{7,15}$/)
    .optional(),
  /** Business-scoped user id. */
  recipient: z
    .string()
    .regex(/^[A-Z]{2,3}\.[A-Za-z0-9.]+$/)
    .optional(),
  context: z.strictObject({ message_id: z.string().min(1) }).optional(),
  biz_opaque_callback_data: z.string().max(MAX_CALLBACK_DATA).optional(),
};

const link = z.strictObject({ link: z.url() });
const captioned = link.extend({ caption: z.string().max(MAX_CAPTION).optional() });

const content = z.discriminatedUnion('type', [
  z.strictObject({
    ...envelope,
    type: z.literal('text'),
    text: z.strictObject({
      body: z.string().min(1).max(MAX_TEXT),
      preview_url: z.boolean().optional(),
    }),
  }),
  z.strictObject({ ...envelope, type: z.literal('image'), image: captioned }),
  z.strictObject({ ...envelope, type: z.literal('video'), video: captioned }),
  z.strictObject({ ...envelope, type: z.literal('audio'), audio: link }),
  z.strictObject({ ...envelope, type: z.literal('document'), document: captioned }),
]);

const read = z.strictObject({
  messaging_product: z.literal('whatsapp'),
  status: z.literal('read'),
  message_id: z.string().min(1),
  typing_indicator: z.strictObject({ type: z.literal('text') }).optional(),
});

export const sendRequest = content.refine(
  ({ to, recipient }) => to !== undefined || recipient !== undefined,
  { message: 'to or recipient is required' },
);
export type SendRequest = z.infer<typeof sendRequest>;
export const readRequest = read;
export type ReadRequest = z.infer<typeof readRequest>;
