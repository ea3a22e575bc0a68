/**
 * What became of our messages, as Meta's webhooks say it; Kapso hands on the same objects. Pure.
 * https://developers.facebook.com/docs/whatsapp/cloud-api/webhooks/components#statuses-object
 */

import { z } from 'zod';

export const wireStatuses = z
  .array(
    z.looseObject({
      status: z.string(),
      /** Ours: the message's key. */
      biz_opaque_callback_data: z.string().nullish(),
      errors: z
        .array(z.looseObject({ code: z.coerce.number() }))
        .nullish()
        .catch(undefined),
    }),
  )
  .default([])
  .catch([]);
type WireStatuses = z.infer<typeof wireStatuses>;

export interface Failure {
  /** Ours, of the message. */
  readonly key: string;
  readonly reason: string;
}

export interface Fates {
  /** Our keys of the messages that WhatsApp has taken, whatever became of them since. */
  readonly confirmed: readonly string[];
  /** What it took and could not deliver: an unreachable file, a closed window, an unknown number. */
  readonly failed: readonly Failure[];
}

export function fatesIn(statuses: WireStatuses): Fates {
  const keyed = statuses.flatMap(({ biz_opaque_callback_data: key, status, errors }) =>
    key ? [{ key, status, code: errors?.[0]?.code }] : [],
  );
  return {
    confirmed: keyed.filter(({ status }) => status !== 'failed').map(({ key }) => key),
    failed: keyed
      .filter(({ status }) => status === 'failed')
      // Meta's texts can name the recipient: the code says enough.
      .map(({ key, code = 'unknown' }) => ({
        key,
        reason: `not delivered: WhatsApp error ${code}`,
      })),
  };
}
