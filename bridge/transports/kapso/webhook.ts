/**
 * Kapso's webhooks: one event a body, or a batch; its forwarded Meta bodies as well.
 * https://docs.kapso.ai/docs/platform/webhooks/event-types. Pure.
 */

import { z } from 'zod';
import type { InboundMessage } from '../../message.ts';
import { type MetaEvents, metaEvents } from '../meta/envelope.ts';
import { toInbound } from '../whatsapp/inbound.ts';
import { type Fates, fatesIn, wireStatuses } from '../whatsapp/statuses.ts';
import { wireMessage } from '../whatsapp/wire.ts';

const RECEIVED = 'whatsapp.message.received';
/** Of our messages, each with the history of its statuses. */
const SENT: ReadonlySet<string> = new Set(
  ['sent', 'delivered', 'read', 'failed'].map((what) => `whatsapp.message.${what}`),
);
const NOTHING: MetaEvents = { messages: [], confirmed: [], failed: [] };

/** `kapso.statuses`: Meta's objects as they were, oldest first. */
const sentMessage = z.looseObject({ kapso: z.looseObject({ statuses: wireStatuses }) });

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

/** Statuses of a message of ours: all that it ever had, with each event that is about one. */
function statusesOf(phoneNumberId: string, value: unknown): Fates {
  const event = oneEvent.safeParse(value).data;
  const ours = (event?.phone_number_id ?? event?.conversation?.phone_number_id) === phoneNumberId;
  const told = sentMessage.safeParse(event?.message).data;
  return fatesIn(ours && told ? told.kapso.statuses : []);
}

/**
 * @param event the header X-Webhook-Event: the body of a single event does not name it
 * @returns what people sent to this number, and what became of what was sent from it
 */
export function kapsoEvents(
  transport: string,
  phoneNumberId: string,
  event: string | undefined,
  body: unknown,
  now: number,
): MetaEvents {
  if ((body as { object?: unknown } | null)?.object === 'whatsapp_business_account') {
    return metaEvents(transport, phoneNumberId, body, now);
  }
  const many = batch.safeParse(body).data;
  const type = many?.type ?? event ?? RECEIVED;
  const values = many ? many.data : [body];
  if (SENT.has(type)) {
    const fates = values.map((value) => statusesOf(phoneNumberId, value));
    return {
      messages: [],
      confirmed: fates.flatMap(({ confirmed }) => confirmed),
      failed: fates.flatMap(({ failed }) => failed),
    };
  }
  if (type !== RECEIVED) return NOTHING;
  const messages = values.flatMap((value) => messageOf(transport, phoneNumberId, value, now) ?? []);
  return { ...NOTHING, messages };
}
