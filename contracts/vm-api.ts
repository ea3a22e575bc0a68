/**
 * What an agent's VM may ask of the plane (function `vm`). The caller is known by its
 * instance identity token alone; no body names an agent.
 */

import { z } from 'zod';
import { addedChannel } from './channels.ts';
import { qrImage, wrongPhone } from './pairing.ts';

/**
 * `POST /v1/self/welcome`: send the welcome mail, unless it was sent before. `not-yet`: nobody
 * answers there. In mode `dedicated` it goes out when the number is linked; a business number's VM
 * asks again when it is told that the number is connected.
 */
export const welcomeAnswer = z.strictObject({ sent: z.enum(['now', 'before', 'not-yet']) });
export type WelcomeAnswer = z.infer<typeof welcomeAnswer>;

/** `POST /v1/self/key-secret`: create the agent's empty key secret, should it be missing. */
export const keySecretAnswer = z.strictObject({ secret: z.string() });
export type KeySecretAnswer = z.infer<typeof keySecretAnswer>;

/** `POST /v1/self/channels-secret`: the same for the secret with the tokens of added channels. */
export const channelsSecretAnswer = z.strictObject({ secret: z.string() });
export type ChannelsSecretAnswer = z.infer<typeof channelsSecretAnswer>;

/** No CR, LF or other control character: it goes into a mail header. */
const headerText = z
  .string()
  .min(1)
  .max(200)
  .regex(/^[^\u0000-\u001f\u007f]*$/, { error: 'has a control character' });

/** `POST /v1/self/mail`: a mail to the owner, and to nobody else. */
export const mailRequest = z.strictObject({
  subject: headerText,
  text: z.string().min(1).max(32_000),
});
export type MailRequest = z.infer<typeof mailRequest>;
export const mailAnswer = z.strictObject({ id: z.string() });
export type MailAnswer = z.infer<typeof mailAnswer>;

/**
 * `POST /v1/self/channel-notice`: tell the owner by mail that a channel is being added to their agent. Before it
 * is: whoever is named there may talk to the agent as they do. The answer is `{}`.
 */
export const channelNotice = z.strictObject({
  channel: addedChannel,
  /** The channel's own id of who may write; left out where that is the owner's phone number. */
  owner: z
    .string()
    .regex(/^[A-Z0-9]{1,24}$/, { error: "is not a channel's id of a person" })
    .optional(),
});
export type ChannelNotice = z.infer<typeof channelNotice>;

/** `number-changed`: the phone that was linked is not the agent's any more, and its link was taken back. */
export const CHANNEL_EVENTS = [
  'linked',
  'logged-out',
  'number-changed',
  'deaf',
  'restored',
] as const;
export type ChannelEvent = (typeof CHANNEL_EVENTS)[number];

/** RFC 3339. The format alone allows any number of digits behind the second. */
const moment = z.iso.datetime().max(40);

/**
 * `POST /v1/self/channel`: what became of a channel. Safe to repeat: the plane mails once for
 * each `at`. The answer is `{}`.
 */
export const channelReport = z.strictObject({
  channel: z.literal('whatsapp'),
  state: z.enum(CHANNEL_EVENTS),
  /** RFC 3339; when it happened, the same in every repetition. */
  at: moment,
  /** It is deaf for a quarter of an hour by now, and does not mend itself: an alert is due. */
  lasting: z.literal(true).optional(),
});
export type ChannelReport = z.infer<typeof channelReport>;

/** `POST /v1/self/pairing-mail`: mail the owner a code to scan. The answer is `{}`. */
export const pairingMailRequest = z.strictObject({
  qr: qrImage,
  /** RFC 3339; when this code dies. */
  until: moment,
});

/**
 * `POST /v1/self/wrong-phone`: another phone than the agent's was linked, which was undone. Mailed
 * at most once a day, by the plane's clock. The answer is `{}`.
 */
export const wrongPhoneReport = wrongPhone.extend({
  /** RFC 3339; when it was scanned, the same in every repetition. */
  at: moment,
});
export type WrongPhoneReport = z.infer<typeof wrongPhoneReport>;

/** `POST /v1/self/pairing-reply`: whether the owner replied "connect" since it was asked last. */
export const pairingReplyAnswer = z.strictObject({ connect: z.boolean() });
export type PairingReplyAnswer = z.infer<typeof pairingReplyAnswer>;

/** USD; a bad counter must not become a record that JSON cannot hold. */
const usd = z.number().min(0).max(1_000_000);
const month = z.string().regex(/^\d{4}-(0[1-9]|1[0-2])$/, { error: 'is not a month like 2026-11' });

/** `POST /v1/self/usage`: what the agent spent this month. Safe to repeat. */
export const usageReport = z.strictObject({
  /** In the agent's time zone. */
  month,
  /** Spent in that month, as the VM's own counter has it; it may fall. Left out: not known now. */
  usd: usd.optional(),
  /** Whose key the gateway runs on. */
  key: z.enum(['own', 'shared', 'none']),
});
export type UsageReport = z.infer<typeof usageReport>;

/** What the plane makes of it; the plane's clock says which month it is. */
export const usageAnswer = z.strictObject({
  month,
  usd,
  /** The budget, USD a month. */
  limit: z.number(),
  /** The shared key is closed to this agent until the month turns or the budget is raised. */
  withdrawn: z.boolean(),
});
export type UsageAnswer = z.infer<typeof usageAnswer>;

/** Bytes of a backup's ciphertext. A linked account's credentials are 0.1 to 0.5 MB. */
export const BACKUP_MAX = 3_000_000;
/** Bytes of a request that carries one, in base64. */
export const BACKUP_BODY_MAX = 4_100_000;

/** `POST /v1/self/backup-secret`: create the empty secret for the backup's key, should it be missing. */
export const backupSecretAnswer = z.strictObject({ secret: z.string() });
export type BackupSecretAnswer = z.infer<typeof backupSecretAnswer>;

/** `POST /v1/self/backup`: keep this instead of the backup before. The answer is `{}`. */
export const backupRequest = z.strictObject({
  /** What the VM encrypted; the plane cannot read it. */
  data: z
    .base64()
    .min(1)
    .max((BACKUP_MAX / 3) * 4),
});

/** `POST /v1/self/restore`: the newest backup; none when there never was one. */
export const restoreAnswer = z.strictObject({ data: z.base64().optional() });
export type RestoreAnswer = z.infer<typeof restoreAnswer>;

export const nothing = z.strictObject({});

export const VM_API_PATHS = {
  welcome: '/v1/self/welcome',
  keySecret: '/v1/self/key-secret',
  channelsSecret: '/v1/self/channels-secret',
  channelNotice: '/v1/self/channel-notice',
  backupSecret: '/v1/self/backup-secret',
  backup: '/v1/self/backup',
  restore: '/v1/self/restore',
  mail: '/v1/self/mail',
  inbox: '/v1/self/mail/inbox',
  readMail: '/v1/self/mail/read',
  deleteMail: '/v1/self/mail/delete',
  mailReplies: '/v1/self/mail/replies',
  forgetReply: '/v1/self/mail/forget',
  channel: '/v1/self/channel',
  pairingMail: '/v1/self/pairing-mail',
  pairingReply: '/v1/self/pairing-reply',
  wrongPhone: '/v1/self/wrong-phone',
  usage: '/v1/self/usage',
  /** `vmStatus` of instance-metadata.ts, when a boot has ended well or badly. */
  status: '/v1/self/status',
} as const;
