/** Port `Mailer` on Gmail: as the sender's mailbox, and as little as possible as the owner's. */

import type { gmail_v1 } from 'googleapis/build/src/apis/gmail/v1.js';
import { headerOf, textOfMail } from '../core/mail-text.ts';
import { ID_HEADER, renderMime } from '../core/mime.ts';
import type { Mailer, Message, OwnersReply } from '../service/ports.ts';
import type { GoogleAccess } from './google-access.ts';
import { type Delegate, mailboxOf, messageIds } from './google-delegation.ts';
import { call } from './google-error.ts';

export interface Sender extends Delegate {
  /** The mailbox that mail comes from. */
  readonly from: string;
}

const SEND = ['gmail.send', 'gmail.readonly'];
const INSERT = ['gmail.insert'];
const READ = ['gmail.readonly'];
/** Messages to one owner that are looked through: far more than the plane ever sends. */
const LOOK_AT = 50;
/** Replies of one owner between two looks. */
const REPLIES_AT = 10;

async function replyIn(gmail: gmail_v1.Gmail, id: string): Promise<OwnersReply> {
  const { data } = await gmail.users.messages.get({ userId: 'me', id, format: 'full' });
  const subject = headerOf(data.payload, 'Subject');
  return { at: Number(data.internalDate ?? 0), subject, text: textOfMail(data.payload) };
}

/** The plane's own id; '' for a mail that it did not write. */
async function idOf(gmail: gmail_v1.Gmail, id: string): Promise<string> {
  const { data } = await gmail.users.messages.get({
    userId: 'me',
    id,
    format: 'metadata',
    metadataHeaders: [ID_HEADER],
  });
  return headerOf(data.payload, ID_HEADER);
}

export function mailDriver(access: GoogleAccess, sender: Sender): Mailer {
  const rawOf = async (message: Message): Promise<string> => {
    const mime = await renderMime({ ...message, from: sender.from, at: sender.now() });
    return mime.toString('base64url');
  };
  const as = (person: string, scopes: readonly string[]) =>
    mailboxOf(access, sender, person, scopes);
  return {
    send: (message) =>
      call('send mail', async () => {
        const raw = await rawOf(message);
        const gmail = await as(sender.from, SEND);
        // No retry: a send whose answer got lost may have happened (docs/decisions/012).
        const { data } = await gmail.users.messages.send(
          { userId: 'me', requestBody: { raw } },
          { retry: false },
        );
        return data.id ?? '';
      }),
    wasSent: (id, to) =>
      call('search sent mail', async () => {
        const gmail = await as(sender.from, SEND);
        for (const messageId of await messageIds(gmail, `in:sent to:${to}`, LOOK_AT)) {
          if ((await idOf(gmail, messageId)) === id) return true;
        }
        return false;
      }),
    deliver: (message) =>
      call('deliver mail', async () => {
        const requestBody = { raw: await rawOf(message), labelIds: ['INBOX', 'UNREAD'] };
        const gmail = await as(message.to, INSERT);
        await gmail.users.messages.import(
          { userId: 'me', requestBody, neverMarkSpam: true },
          { retry: false },
        );
      }),
    repliesAfter: (owner, after) =>
      call('look for replies', async () => {
        const gmail = await as(owner, READ);
        const q = `in:sent to:${sender.from} after:${Math.floor(after / 1000)}`;
        const ids = await messageIds(gmail, q, REPLIES_AT);
        const replies = await Promise.all(ids.map((id) => replyIn(gmail, id)));
        return replies.filter(({ at }) => at > after);
      }),
  };
}
