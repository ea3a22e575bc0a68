/** The owner's mailbox, on behalf of their own agent: contracts/owner-mail.ts. */

import { PlaneError } from '../../contracts/errors.ts';
import type { AgentName } from '../../contracts/names.ts';
import {
  forgetRequest,
  type InboxAnswer,
  inboxRequest,
  MAIL_TEXT_MAX,
  type MailContent,
  mailReference,
  REPLIES_MAX,
  type RepliesAnswer,
  repliesRequest,
} from '../../contracts/owner-mail.ts';
import { type MailAnswer, mailRequest } from '../../contracts/vm-api.ts';
import { type Bucket, takeMail } from '../core/mail-allowance.ts';
import { ANNOTATION_MAILS } from '../core/observed.ts';
import { parseBody } from '../core/request.ts';
import { annotate } from './annotations.ts';
import { type SelfTools, self } from './caller.ts';
import type { OwnersMail } from './ports.ts';

const OURS = 'That mail is from Agents Plane itself: your owner deletes it, not you.';
const GONE = 'There is no such mail. `agent mail inbox` lists what there is.';

async function ownerOf(tools: SelfTools, name: AgentName): Promise<string> {
  return (await self(tools, name)).document.user;
}

const headOf = ({ id, from, subject, at }: OwnersMail) => ({
  id,
  from,
  subject,
  date: new Date(at).toISOString(),
});

const MINUTE_MS = 60_000;

/**
 * Counts a mail before it goes out (docs/decisions/048).
 * @param annotation of the allowance that it is taken from
 * @throws PlaneError RESOURCE_EXHAUSTED
 */
export async function countMail(
  tools: SelfTools,
  name: AgentName,
  annotation: string,
  refusal: (minutes: number) => string,
  bucket?: Bucket,
): Promise<void> {
  await annotate(tools, name, (annotations) => {
    const { next, waitMs } = takeMail(annotations[annotation], tools.clock.now(), bucket);
    if (next !== undefined) return { [annotation]: next };
    throw new PlaneError('RESOURCE_EXHAUSTED', refusal(Math.ceil(waitMs / MINUTE_MS)));
  });
}

const tooMany = (minutes: number): string =>
  `Too many mails to your owner. The next may go out in ${minutes} minutes: put all you have into one.`;

/** A mail to the agent's owner, whatever the caller would like. */
export async function sendMail(
  tools: SelfTools,
  name: AgentName,
  body: unknown,
): Promise<MailAnswer> {
  const { subject, text } = parseBody(mailRequest, body);
  const owner = await ownerOf(tools, name);
  await countMail(tools, name, ANNOTATION_MAILS, tooMany);
  return { id: await tools.mailer.send({ to: owner, subject, text, id: tools.newId() }) };
}

/** @throws PlaneError INVALID_ARGUMENT */
export async function listInbox(
  tools: SelfTools,
  name: AgentName,
  body: unknown,
): Promise<InboxAnswer> {
  const { query = '', limit } = parseBody(inboxRequest, body);
  const owner = await ownerOf(tools, name);
  const mails = await tools.mailbox.list(owner, `in:inbox ${query}`.trim(), limit);
  return { mails: mails.map(headOf) };
}

/** @throws PlaneError INVALID_ARGUMENT, NOT_FOUND */
export async function readMail(
  tools: SelfTools,
  name: AgentName,
  body: unknown,
): Promise<MailContent> {
  const { id } = parseBody(mailReference, body);
  const mail = await tools.mailbox.read(await ownerOf(tools, name), id);
  if (!mail) throw new PlaneError('NOT_FOUND', GONE);
  const { text } = mail;
  return { ...headOf(mail), text: text.slice(0, MAIL_TEXT_MAX), cut: text.length > MAIL_TEXT_MAX };
}

/**
 * To the bin, where Gmail keeps it for 30 days. Not what the plane wrote: some of it is to warn the owner of their agent.
 * @throws PlaneError INVALID_ARGUMENT, NOT_FOUND, PERMISSION_DENIED
 */
export async function deleteMail(
  tools: SelfTools,
  name: AgentName,
  body: unknown,
): Promise<Record<string, never>> {
  const { id } = parseBody(mailReference, body);
  const owner = await ownerOf(tools, name);
  const mail = await tools.mailbox.read(owner, id);
  if (mail?.ours) throw new PlaneError('PERMISSION_DENIED', OURS);
  const found = mail !== undefined && (await tools.mailbox.trash(owner, id));
  if (!found) throw new PlaneError('NOT_FOUND', GONE);
  return {};
}

/** What the owner wrote to the plane's address lately, for their VM to look through. */
export async function listReplies(
  tools: SelfTools,
  name: AgentName,
  body: unknown,
): Promise<RepliesAnswer> {
  const { seen } = parseBody(repliesRequest, body);
  const owner = await ownerOf(tools, name);
  const mails = await tools.mailbox.replies(owner, new Set(seen), REPLIES_MAX);
  return { mails: mails.map(({ id, text }) => ({ id, text: text.slice(0, MAIL_TEXT_MAX) })) };
}

/**
 * Answers a reply, then bins it on both sides: what is in the bin is not looked at again, so an answer that failed would
 * never come. Safe to repeat: the answer's id is made of the reply's, and what is binned was answered. So it takes a mail
 * of the owner's to the plane, once, to have one go out. @throws PlaneError INVALID_ARGUMENT, NOT_FOUND
 */
export async function forgetReply(
  tools: SelfTools,
  name: AgentName,
  body: unknown,
): Promise<Record<string, never>> {
  const { id, answer } = parseBody(forgetRequest, body);
  const owner = await ownerOf(tools, name);
  const reply = await tools.mailbox.read(owner, id);
  if (!reply?.isReply) throw new PlaneError('NOT_FOUND', GONE);
  const answerId = `answer-${name}-${id}`;
  if (answer && !reply.binned && !(await tools.mailer.wasSent(answerId, owner))) {
    await tools.mailer.send({ to: owner, ...answer, id: answerId });
  }
  await tools.mailbox.forgetReply(owner, id);
  return {};
}
