/**
 * Meta's webhook bodies: `entry[].changes[].value` with messages and statuses.
 * https://developers.facebook.com/docs/whatsapp/cloud-api/webhooks/payload-examples. Pure.
 */

import { z } from 'zod';
import type { InboundMessage } from '../../message.ts';
import { type SenderHints, toInbound } from '../whatsapp/inbound.ts';
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
  statuses: z
    .array(
      z.looseObject({
        id: z.string(),
        status: z.string(),
        biz_opaque_callback_data: z.string().nullish(),
        errors: z
          .array(z.looseObject({ code: z.number() }))
          .nullish()
          .catch(undefined),
      }),
    )
    .default([])
    .catch([]),
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

/** @returns what people sent to this number */
export function metaMessages(
  transport: string,
  phoneNumberId: string,
  body: unknown,
  now: number,
): InboundMessage[] {
  return changesOf(phoneNumberId, body).flatMap(({ messages, contacts }) =>
    messages.flatMap((value) => {
      const wire = wireMessage.safeParse(value).data;
      return (wire && toInbound(transport, wire, hintsFor(contacts, wire), now)) ?? [];
    }),
  );
}

export interface Failure {
  /** Ours, of the message. */
  readonly key: string;
  readonly reason: string;
}

/** @returns what WhatsApp took and could not deliver: an unreachable file, a closed window, an unknown number */
export const failuresIn = (phoneNumberId: string, body: unknown): Failure[] =>
  changesOf(phoneNumberId, body).flatMap(({ statuses }) =>
    statuses
      .filter(({ status }) => status === 'failed')
      .flatMap(({ biz_opaque_callback_data: key, errors }) => {
        // Meta's texts can name the recipient: the code says enough.
        const reason = `not delivered: WhatsApp error ${errors?.[0]?.code ?? 'unknown'}`;
        return key ? [{ key, reason }] : [];
      }),
  );

/** @returns our keys of the messages that WhatsApp has taken, whatever became of them since */
export const confirmedKeys = (phoneNumberId: string, body: unknown): string[] =>
  changesOf(phoneNumberId, body).flatMap(({ statuses }) =>
    statuses
      .filter(({ status }) => status !== 'failed')
      .flatMap(({ biz_opaque_callback_data: key }) => key ?? []),
  );
