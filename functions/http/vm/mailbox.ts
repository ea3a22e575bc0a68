/** The owner's mailbox: contracts/owner-mail.ts. */

import {
  forgetRequest,
  inboxAnswer,
  inboxRequest,
  mailContent,
  mailReference,
  repliesAnswer,
  repliesRequest,
} from '../../../contracts/owner-mail.ts';
import { nothing, VM_API_PATHS } from '../../../contracts/vm-api.ts';
import type { Row } from './row.ts';

export const MAILBOX: readonly Row[] = [
  {
    path: VM_API_PATHS.inbox,
    id: 'listInbox',
    summary: "List the mails in the owner's inbox, newest first.",
    body: inboxRequest,
    answer: { description: 'What is there', schema: inboxAnswer },
    act: 'listInbox',
  },
  {
    path: VM_API_PATHS.readMail,
    id: 'readMail',
    summary: "Read one of the owner's mails as plain text.",
    body: mailReference,
    answer: { description: 'The mail', schema: mailContent },
    act: 'readMail',
  },
  {
    path: VM_API_PATHS.deleteMail,
    id: 'deleteMail',
    summary: "Put one of the owner's mails into the bin.",
    body: mailReference,
    answer: { description: 'It is there', schema: nothing },
    act: 'deleteMail',
  },
  {
    path: VM_API_PATHS.mailReplies,
    id: 'listReplies',
    summary: "List what the owner lately wrote to the plane's address, for a key in it.",
    body: repliesRequest,
    answer: { description: 'The replies', schema: repliesAnswer },
    act: 'listReplies',
  },
  {
    path: VM_API_PATHS.forgetReply,
    id: 'forgetReply',
    summary: 'Bin a reply of the owner, and the copy of it that arrived.',
    body: forgetRequest,
    answer: { description: 'Both are in the bin', schema: nothing },
    act: 'forgetReply',
  },
];
