/** Port `OwnerMailbox` on Gmail: as the owner, with the scope that each call needs and no more. */

import type { gmail_v1 } from 'googleapis/build/src/apis/gmail/v1.js';
import { addressIn, headerOf, isAddressedTo, searchable, textOfMail } from '../core/mail-text.ts';
import type { OwnerMailbox, OwnersMail } from '../service/ports.ts';
import type { GoogleAccess } from './google-access.ts';
import { type Delegate, mailboxOf, messageIds } from './google-delegation.ts';
import { call, read } from './google-error.ts';

/** Where owners reply to. */
export interface Correspondent extends Delegate {
  readonly from: string;
}

type Message = gmail_v1.Schema$Message;

const READ = ['gmail.readonly'];
/** Trashing needs it; deleting for good would need full access, which nobody gives the plane. */
const MODIFY = ['gmail.modify'];
/** How far back replies are looked for. */
const REPLIES_SINCE_S = 2 * 24 * 3600;
/** For a VM to do something with a reply that it was handed at the last moment. */
const HANDLING_S = 3600;
const HEADERS = ['From', 'To', 'Cc', 'Subject', 'Message-ID'];

/** Gmail's own label says who wrote it: a header `From` is whatever its sender likes. */
function isReply(
  { from, now }: Correspondent,
  { payload, labelIds }: Message,
  at: number,
): boolean {
  const since = now() - (REPLIES_SINCE_S + HANDLING_S) * 1000;
  const to = [headerOf(payload, 'To'), headerOf(payload, 'Cc')];
  const isTheirs = labelIds?.includes('SENT') === true;
  return isTheirs && at >= since && to.some((header) => isAddressedTo(header, from));
}

async function mailOf(
  sender: Correspondent,
  gmail: gmail_v1.Gmail,
  id: string,
  format: 'full' | 'metadata',
): Promise<OwnersMail & { readonly messageId: string }> {
  const { data } = await gmail.users.messages.get({
    userId: 'me',
    id,
    format,
    ...(format === 'metadata' && { metadataHeaders: HEADERS }),
  });
  const from = headerOf(data.payload, 'From');
  const at = Number(data.internalDate ?? 0);
  return {
    id,
    from,
    ours: addressIn(from) === sender.from.toLowerCase(),
    subject: headerOf(data.payload, 'Subject'),
    at,
    isReply: isReply(sender, data, at),
    binned: data.labelIds?.includes('TRASH') === true,
    text: format === 'full' ? textOfMail(data.payload) : '',
    messageId: headerOf(data.payload, 'Message-ID'),
  };
}

/** Undefined when there is no such message; Gmail answers 400 for an id that it never gave. */
const find = <T>(what: string, run: () => Promise<T>): Promise<T | undefined> =>
  read(what, run, ['NOT_FOUND', 'INVALID_ARGUMENT']);

export function ownerMailboxDriver(access: GoogleAccess, sender: Correspondent): OwnerMailbox {
  const as = (person: string, scopes: readonly string[]) =>
    mailboxOf(access, sender, person, scopes);
  return {
    list: (owner, query, limit) =>
      call('list mail', async () => {
        const gmail = await as(owner, READ);
        const ids = await messageIds(gmail, query, limit);
        return Promise.all(ids.map((id) => mailOf(sender, gmail, id, 'metadata')));
      }),
    read: (owner, id) =>
      find('read mail', async () => mailOf(sender, await as(owner, READ), id, 'full')),
    trash: async (owner, id) => {
      const done = await find('trash mail', async () => {
        await (await as(owner, MODIFY)).users.messages.trash({ userId: 'me', id });
        return true;
      });
      return done ?? false;
    },
    replies: (owner, seen, limit) =>
      call('look for replies', async () => {
        const gmail = await as(owner, READ);
        const since = Math.floor(sender.now() / 1000) - REPLIES_SINCE_S;
        const q = `in:sent to:${sender.from} after:${since}`;
        const ids = (await messageIds(gmail, q, seen.size + limit)).filter((id) => !seen.has(id));
        return Promise.all(ids.slice(0, limit).map((id) => mailOf(sender, gmail, id, 'full')));
      }),
    forgetReply: async (owner, id) => {
      const done = await find('forget a reply', async () => {
        const gmail = await as(owner, MODIFY);
        const { messageId } = await mailOf(sender, gmail, id, 'metadata');
        // The copy that arrived first: as long as the owner's is there, a repetition finds both.
        const arrived = await as(sender.from, MODIFY);
        const q = `from:${owner} rfc822msgid:${messageId}`;
        for (const copy of searchable(messageId) ? await messageIds(arrived, q, 5) : []) {
          await arrived.users.messages.trash({ userId: 'me', id: copy });
        }
        await gmail.users.messages.trash({ userId: 'me', id });
        return true;
      });
      return done ?? false;
    },
  };
}
