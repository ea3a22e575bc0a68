/**
 * Meta's webhook bodies: `entry[].changes[].value` with messages and statuses.
 * https://developers.facebook.com/docs/whatsapp/cloud-api/webhooks/payload-examples. Pure.
 */

import { z } from 'zod';
import type { InboundMessage } from '../../message.ts';
import { type SenderHints, toInbound } from '../whatsapp/inbound.ts';
import { type Fates, fatesIn, wireStatuses } from '../whatsapp/statuses.ts';
import { type WireMessage, wireMessage } from '../whatsapp/wire.ts';

const envelope = z.looseObject({
  object: z.literal('whatsapp_business_account'),
  entry: z.array(
    z.looseObject({
      changes: z.array(z.looseObject({ field: z.string(), value: z.looseObject({}) })).default([]),
    }),
  ),
});

const changeValue = z.looseObject({
  metadata: z.looseObject({ phone_number_id: z.string() }),
  contacts: z
    .array(
      z.looseObject({
        wa_id: z.string().nullish(),
        user_id: z.string().nullish(),
        profile: z.looseObject({ name: z.string().optional() }).optional(),
      }),
    )
    .default([])
    .catch([]),
  messages: z.array(z.unknown()).default([]),
  statuses: wireStatuses,
});
type ChangeValue = z.infer<typeof changeValue>;

/** The changes that are about this number; others share the app. */
function changesOf(phoneNumberId: string, body: unknown): ChangeValue[] {
  const changes = envelope.safeParse(body).data?.entry.flatMap((entry) => entry.changes) ?? [];
  return changes
    .filter(({ field }) => field === 'messages')
    .flatMap(({ value }) => changeValue.safeParse(value).data ?? [])
    .filter(({ metadata }) => metadata.phone_number_id === phoneNumberId);
}

function hintsFor(contacts: ChangeValue['contacts'], wire: WireMessage): SenderHints {
  const contact =
    contacts.find(({ wa_id, user_id }) =>
      wire.from ? wa_id === wire.from : user_id === wire.from_user_id,
    ) ?? (contacts.length === 1 ? contacts[0] : undefined);
  return { userId: contact?.user_id ?? undefined, name: contact?.profile?.name };
}

const messagesIn = (
  { messages, contacts }: ChangeValue,
  transport: string,
  now: number,
): InboundMessage[] =>
  messages.flatMap((value) => {
    const wire = wireMessage.safeParse(value).data;
    return (wire && toInbound(transport, wire, hintsFor(contacts, wire), now)) ?? [];
  });

export interface MetaEvents extends Fates {
  /** What people sent to this number. */
  readonly messages: readonly InboundMessage[];
}

/** @returns all that a body says of this number; nothing when it is no body of Meta's */
export function metaEvents(
  transport: string,
  phoneNumberId: string,
  body: unknown,
  now: number,
): MetaEvents {
  const changes = changesOf(phoneNumberId, body);
  return {
    messages: changes.flatMap((change) => messagesIn(change, transport, now)),
    ...fatesIn(changes.flatMap(({ statuses }) => statuses)),
  };
}
