/**
 * The owner's mailbox, through the plane. What the agent is shown is plain text without keys
 * and without control characters, whatever a stranger put into a mail.
 */

import { withoutKeys } from '../../contracts/find-keys.ts';
import {
  type InboxRequest,
  inboxAnswer,
  type MailHead,
  mailContent,
} from '../../contracts/owner-mail.ts';
import { VM_API_PATHS } from '../../contracts/vm-api.ts';
import type { Facts } from '../core/facts.ts';
import { callPlane } from '../google/plane.ts';
import type { Host } from '../host.ts';

const REMOVED = '[API key removed]';
/** Everything that is neither printable nor a line break or tab. */
const CONTROL = /[^\P{C}\n\t]/gu;
/** Of a sender or subject in a list. */
const HEAD_MAX = 120;

/** A line's end of another system's. */
const LINE_END = /\r\n?/g;

/** The keys last: one with a control character in it would be made whole after nobody knew it. */
const clean = (text: string): string =>
  withoutKeys(text.replace(LINE_END, '\n').replace(CONTROL, ''), REMOVED);
const oneLine = (text: string): string => clean(text).replace(/\s+/g, ' ').trim();

const lineOf = ({ id, from, subject, date }: MailHead): string =>
  [id, date, oneLine(from).slice(0, HEAD_MAX), oneLine(subject).slice(0, HEAD_MAX)].join('  ');

/** A line each: id, date, sender, subject. */
export async function listInbox(host: Host, facts: Facts, asked: InboxRequest): Promise<string> {
  const answer = await callPlane(host, facts.planeUrl, VM_API_PATHS.inbox, asked);
  const { mails } = inboxAnswer.parse(answer);
  return mails.length === 0 ? 'No mail.' : mails.map(lineOf).join('\n');
}

export async function readMail(host: Host, facts: Facts, id: string): Promise<string> {
  const answer = await callPlane(host, facts.planeUrl, VM_API_PATHS.readMail, { id });
  const { from, subject, date, text, cut } = mailContent.parse(answer);
  const head = `From: ${oneLine(from)}\nDate: ${date}\nSubject: ${oneLine(subject)}`;
  return `${head}\n\n${clean(text)}${cut ? '\n[The rest is left out: the mail is too long.]' : ''}`;
}

export async function deleteMail(host: Host, facts: Facts, id: string): Promise<string> {
  await callPlane(host, facts.planeUrl, VM_API_PATHS.deleteMail, { id });
  return 'The mail is in the bin; Gmail keeps it there for 30 days.';
}
