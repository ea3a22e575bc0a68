/**
 * Kapso's webhooks: one event a body, or a batch; its forwarded Meta bodies as well.
 * https://docs.kapso.ai/docs/platform/webhooks. Pure.
 */

import { z } from 'zod';
import type { InboundMessage } from '../../message.ts';
import { type MetaEvents, metaEvents } from '../meta/envelope.ts';
import { toInbound } from '../whatsapp/inbound.ts';
import { wireMessage } from '../whatsapp/wire.ts';

export const RECEIVED = 'whatsapp.message.received';

const oneEvent = z.looseObject({
  message: z.unknown(),
  phone_number_id: z.string().nullish(),
  conversation: z
    .looseObject({
      phone_number: z.string().nullish(),
      phone_number_id: z.string().nullish(),
      business_scoped_user_id: z.string().nullish(),
      contact_name: z.string().nullish(),
    })
    .nullish()
    .catch(undefined),
});

const batch = z.looseObject({
  type: z.string().optional(),
  data: z.array(z.unknown()),
});

function messageOf(
  transport: string,
  phoneNumberId: string,
  value: unknown,
  now: number,
): InboundMessage | undefined {
  const event = oneEvent.safeParse(value).data;
  const wire = wireMessage.safeParse(event?.message).data;
  if (!event || !wire) return undefined;
  const { conversation } = event;
  const number =
    event.phone_number_id ?? conversation?.phone_number_id ?? wire.kapso?.phone_number_id;
  if (number !== phoneNumberId) return undefined;
  const hints = {
    phone: conversation?.phone_number ?? undefined,
    userId: conversation?.business_scoped_user_id ?? undefined,
    name: conversation?.contact_name ?? undefined,
  };
  return toInbound(transport, wire, hints, now);
}

/**
 * @param event the header X-Webhook-Event: the body of a single event does not name it
 * @returns what people sent to this number, nothing for other events; what was not delivered, of a body of Meta's alone
 */
export function kapsoEvents(
  transport: string,
  phoneNumberId: string,
  event: string | undefined,
  body: unknown,
  now: number,
): Pick<MetaEvents, 'messages' | 'failed'> {
  if ((body as { object?: unknown } | null)?.object === 'whatsapp_business_account') {
    return metaEvents(transport, phoneNumberId, body, now);
  }
  const many = batch.safeParse(body).data;
  const type = many?.type ?? event;
  if (type !== undefined && type !== RECEIVED) return { messages: [], failed: [] };
  const values = many ? many.data : [body];
  const messages = values.flatMap((value) => messageOf(transport, phoneNumberId, value, now) ?? []);
  return { messages, failed: [] };
}
