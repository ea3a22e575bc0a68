/**
 * WhatsApp's messages as Meta's webhooks carry them; Kapso's are the same with a `kapso` block.
 * Loose on purpose: fields come and go, and a message must not be lost over one that is new.
 * https://developers.facebook.com/docs/whatsapp/cloud-api/webhooks/reference/messages
 */

import { z } from 'zod';

const file = z.looseObject({
  id: z.string().optional(),
  link: z.string().optional(),
  mime_type: z.string().optional(),
  caption: z.string().optional(),
  filename: z.string().optional(),
});

const optionalFile = file.optional().catch(undefined);
const answer = z.looseObject({ id: z.string(), title: z.string().default('') });

/** `null` says the same as leaving out: both happen, in any field. */
function withoutNulls(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(withoutNulls);
  if (typeof value !== 'object' || value === null) return value;
  const said = Object.entries(value).filter(([, one]) => one !== null);
  return Object.fromEntries(said.map(([name, one]) => [name, withoutNulls(one)]));
}

const message = z.looseObject({
  id: z.string().min(1),
  type: z.string().default('unknown'),
  /** Seconds since the epoch, as text. */
  timestamp: z.coerce.string().optional(),
  /** Absent when WhatsApp hides the number: then `from_user_id` is the sender. */
  from: z.string().optional(),
  from_user_id: z.string().optional(),
  context: z.looseObject({ id: z.string().optional() }).optional().catch(undefined),
  text: z.looseObject({ body: z.string() }).optional().catch(undefined),
  image: optionalFile,
  video: optionalFile,
  audio: optionalFile,
  voice: optionalFile,
  document: optionalFile,
  sticker: optionalFile,
  location: z
    .looseObject({
      latitude: z.coerce.number(),
      longitude: z.coerce.number(),
      name: z.string().optional(),
      address: z.string().optional(),
    })
    .optional()
    .catch(undefined),
  contacts: z
    .array(
      z.looseObject({
        name: z.looseObject({ formatted_name: z.string().optional() }).optional(),
        phones: z.array(z.looseObject({ phone: z.string().optional() })).optional(),
      }),
    )
    .optional()
    .catch(undefined),
  reaction: z
    .looseObject({ emoji: z.string().optional(), message_id: z.string() })
    .optional()
    .catch(undefined),
  interactive: z
    .looseObject({ button_reply: answer.optional(), list_reply: answer.optional() })
    .optional()
    .catch(undefined),
  button: z
    .looseObject({ text: z.string(), payload: z.string().optional() })
    .optional()
    .catch(undefined),
  kapso: z
    .looseObject({
      direction: z.string().optional(),
      phone_number: z.string().optional(),
      phone_number_id: z.string().optional(),
      contact_name: z.string().optional(),
      media_url: z.string().optional(),
      media_data: z
        .looseObject({
          url: z.string().optional(),
          filename: z.string().optional(),
          content_type: z.string().optional(),
          byte_size: z.number().optional(),
        })
        .optional()
        .catch(undefined),
      transcript: z.unknown().optional(),
    })
    .optional()
    .catch(undefined),
});
export const wireMessage = z.preprocess(withoutNulls, message);
export type WireMessage = z.infer<typeof wireMessage>;
