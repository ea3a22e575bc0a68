/**
 * The owner's own mailbox, as far as their agent may use it (function `vm`). Whose mailbox it
 * is follows from the caller's identity alone.
 */

import { z } from 'zod';
import { mailRequest } from './vm-api.ts';

/** Gmail's id of a message. */
const mailId = z.string().regex(/^[0-9a-f]{1,32}$/, { error: 'is not the id of a mail' });

/** As typed into Gmail's search box; no control characters. */
const query = z
  .string()
  .max(200)
  .regex(/^[^\u0000-\u001f\u007f]*$/, { error: 'has a control character' });

const INBOX_MAX = 25;
/** Characters of a mail's text that are shown. */
export const MAIL_TEXT_MAX = 20_000;

/** `POST /v1/self/mail/inbox`: what is in the inbox, newest first. */
export const inboxRequest = z.strictObject({
  query: query.optional(),
  limit: z.number().int().min(1).max(INBOX_MAX).default(10),
});
export type InboxRequest = z.infer<typeof inboxRequest>;

const mailHead = z.strictObject({
  id: mailId,
  from: z.string(),
  subject: z.string(),
  /** RFC 3339. */
  date: z.string(),
});
export type MailHead = z.infer<typeof mailHead>;
export const inboxAnswer = z.strictObject({ mails: z.array(mailHead).max(INBOX_MAX) });
export type InboxAnswer = z.infer<typeof inboxAnswer>;

/** `POST /v1/self/mail/read` and `/v1/self/mail/delete` (which is the bin: 30 days). */
export const mailReference = z.strictObject({ id: mailId });

export const mailContent = z.strictObject({
  ...mailHead.shape,
  /** Plain text; HTML without its tags. */
  text: z.string().max(MAIL_TEXT_MAX),
  /** There is more than is shown. */
  cut: z.boolean(),
});
export type MailContent = z.infer<typeof mailContent>;

/** Most replies of an owner that are handed over at once. */
export const REPLIES_MAX = 10;

/**
 * `POST /v1/self/mail/replies`: what the owner wrote to the plane's address in the last two
 * days, but for `seen`, the newest first. For the VM to find an API key in.
 */
export const repliesRequest = z.strictObject({ seen: z.array(mailId).max(100).default([]) });
export const repliesAnswer = z.strictObject({
  mails: z
    .array(z.strictObject({ id: mailId, text: z.string().max(MAIL_TEXT_MAX) }))
    .max(REPLIES_MAX),
});
export type RepliesAnswer = z.infer<typeof repliesAnswer>;

/**
 * `POST /v1/self/mail/forget`: bin a reply, both the owner's copy and the one that arrived here, and
 * tell the owner what came of it. Each reply is answered once, and outside the mails' allowance.
 */
export const forgetRequest = mailReference.extend({ answer: mailRequest.optional() });
