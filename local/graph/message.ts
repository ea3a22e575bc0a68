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

/** By its address, or by the id of an upload. */
const source = { link: z.url().optional(), id: z.string().optional() };
const oneOf = ({ link, id }: { link?: string | undefined; id?: string | undefined }): boolean =>
  (link === undefined) !== (id === undefined);
const ONE = { message: 'either link or id is required' };
const caption = z.string().max(MAX_CAPTION).optional();
const link = z.strictObject(source).refine(oneOf, ONE);
const captioned = z.strictObject({ ...source, caption }).refine(oneOf, ONE);
const named = z
  .strictObject({ ...source, caption, filename: z.string().max(240).optional() })
  .refine(oneOf, ONE);

const distinct = <T>(of: (one: T) => string) =>
  [
    (all: readonly T[]) => new Set(all.map(of)).size === all.length,
    { message: 'titles and ids must be unique' },
  ] as const;
const button = z.strictObject({
  type: z.literal('reply'),
  reply: z.strictObject({ id: z.string().min(1).max(256), title: z.string().min(1).max(20) }),
});
type Button = z.infer<typeof button>;
const row = z.strictObject({
  id: z.string().min(1).max(200),
  title: z.string().min(1).max(24),
  description: z.string().max(72).optional(),
});
type Row = z.infer<typeof row>;
/** https://developers.facebook.com/docs/whatsapp/cloud-api/messages/interactive-list-messages */
const interactive = z.discriminatedUnion('type', [
  z.strictObject({
    type: z.literal('button'),
    body: z.strictObject({ text: z.string().min(1).max(1024) }),
    action: z.strictObject({
      buttons: z
        .array(button)
        .min(1)
        .max(3)
        .refine(...distinct<Button>(({ reply }) => reply.id))
        .refine(...distinct<Button>(({ reply }) => reply.title)),
    }),
  }),
  z.strictObject({
    type: z.literal('list'),
    body: z.strictObject({ text: z.string().min(1).max(4096) }),
    action: z.strictObject({
      button: z.string().min(1).max(20),
      sections: z
        .array(
          z.strictObject({
            rows: z
              .array(row)
              .min(1)
              .max(10)
              .refine(...distinct<Row>(({ id }) => id)),
          }),
        )
        .length(1),
    }),
  }),
]);

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
  z.strictObject({ ...envelope, type: z.literal('document'), document: named }),
  z.strictObject({
    ...envelope,
    type: z.literal('reaction'),
    reaction: z.strictObject({
      message_id: z.string().min(1),
      emoji: z.string().regex(/^\p{RGI_Emoji}?$/v),
    }),
  }),
  z.strictObject({ ...envelope, type: z.literal('interactive'), interactive }),
  z.strictObject({
    ...envelope,
    type: z.literal('location'),
    location: z.strictObject({
      latitude: z.number().min(-90).max(90),
      longitude: z.number().min(-180).max(180),
      name: z.string().optional(),
      address: z.string().optional(),
    }),
  }),
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
