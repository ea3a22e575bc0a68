/** The mailboxes of the local Workspace domain. */

import { addressesOf, decodeWords, headerOf, type Part, parseMime, textOf } from './mime.ts';

export interface Mail {
  /** 16 hex digits. */
  readonly id: string;
  readonly threadId: string;
  readonly raw: Buffer;
  readonly part: Part;
  /** Milliseconds since 1970. */
  readonly receivedAt: number;
  readonly labels: Set<string>;
}

export interface Mailboxes {
  /** Newest first. */
  list(owner: string): readonly Mail[];
  find(owner: string, id: string): Mail | undefined;
  /** Puts a copy into the sender's SENT and into the INBOX of every recipient who has a mailbox here. */
  deliver(sender: string, raw: Buffer): Mail;
  /** Puts it into one mailbox alone, under these labels. */
  put(owner: string, raw: Buffer, labels: readonly string[]): Mail;
}

export interface MailboxesOptions {
  readonly now: () => number;
  readonly userExists: (email: string) => boolean;
}

export const recipientsOf = (part: Part): readonly string[] =>
  ['to', 'cc', 'bcc'].flatMap((name) => addressesOf(headerOf(part.headers, name)));

/** Recipients do not see who else got a blind copy. */
const withoutBcc = (raw: Buffer): Buffer =>
  Buffer.from(raw.toString('latin1').replace(/^bcc:.*\r?\n(?:[ \t].*\r?\n)*/im, ''), 'latin1');

export function createMailboxes(options: MailboxesOptions): Mailboxes {
  const boxes = new Map<string, Mail[]>();
  let count = 0;

  const put = (owner: string, raw: Buffer, threadId: string, labels: readonly string[]): Mail => {
    count += 1;
    const id = (0x19a0000000000000n + BigInt(count)).toString(16);
    const receivedAt = options.now();
    const mail = {
      id,
      threadId: threadId || id,
      raw,
      part: parseMime(raw),
      receivedAt,
      labels: new Set(labels),
    };
    boxes.set(owner, [mail, ...(boxes.get(owner) ?? [])]);
    return mail;
  };

  const list = (owner: string): readonly Mail[] => boxes.get(owner) ?? [];
  return {
    list,
    put: (owner, raw, labels) => put(owner, raw, '', labels),
    find: (owner, id) => list(owner).find((mail) => mail.id === id),
    deliver(sender, raw) {
      const sent = put(sender, raw, '', ['SENT']);
      const receivers = new Set(recipientsOf(sent.part).filter(options.userExists));
      for (const owner of receivers) {
        put(owner, withoutBcc(raw), sent.threadId, ['INBOX', 'UNREAD']);
      }
      return sent;
    },
  };
}

type Test = (mail: Mail) => boolean;

const inHeader =
  (name: string, wanted: string): Test =>
  ({ part }) =>
    decodeWords(headerOf(part.headers, name) ?? '')
      .toLowerCase()
      .includes(wanted);

/** `2026/11/20` or seconds since 1970. */
function timeOf(value: string): number {
  return /^\d{9,}$/.test(value) ? Number(value) * 1000 : Date.parse(value.replaceAll('/', '-'));
}

const place = (wanted: string): Test => {
  if (wanted === 'anywhere') return () => true;
  return ({ labels }) => labels.has(wanted.toUpperCase());
};

const DAYS: Readonly<Record<string, number>> = { d: 1, m: 30, y: 365 };

/** `7d`, `2m`, `1y` before now, milliseconds since 1970. */
function timeBefore(value: string, now: number): number {
  const [, count, unit = 'd'] = /^(\d+)([dmy])$/.exec(value) ?? [];
  return count === undefined ? Number.NaN : now - Number(count) * (DAYS[unit] ?? 1) * 86_400_000;
}

type Operator = (value: string, now: number) => Test;

const OPERATORS: Readonly<Record<string, Operator>> = {
  newer_than: (value, now) => (mail) => mail.receivedAt >= timeBefore(value, now),
  older_than: (value, now) => (mail) => mail.receivedAt < timeBefore(value, now),
  from: (value) => inHeader('from', value),
  to: (value) => (mail) => recipientsOf(mail.part).some((one) => one.includes(value)),
  subject: (value) => inHeader('subject', value),
  rfc822msgid: (value) => inHeader('message-id', value.replace(/^<|>$/g, '')),
  after: (value) => (mail) => mail.receivedAt >= timeOf(value),
  before: (value) => (mail) => mail.receivedAt < timeOf(value),
  in: place,
  label: place,
  is: (value) => (value === 'read' ? (mail) => !mail.labels.has('UNREAD') : place(value)),
};

const TERM = /(-?)(?:(\w+):)?(?:"([^"]*)"|(\S+))/g;

/**
 * Gmail's search: every term must hold. https://support.google.com/mail/answer/7190
 * @param q as the user typed it
 * @param now milliseconds since 1970
 * @returns also whether it looks into the trash
 */
export function searchOf(
  q: string,
  now: number,
): { readonly matches: Test; readonly inTrash: boolean } {
  const tests = [...q.matchAll(TERM)].map(([, minus, operator = '', quoted, bare]): Test => {
    const value = (quoted ?? bare ?? '').toLowerCase();
    const known = OPERATORS[operator.toLowerCase()];
    const test =
      known?.(value, now) ??
      ((mail: Mail) =>
        inHeader('subject', value)(mail) || textOf(mail.part).toLowerCase().includes(value));
    return minus ? (mail) => !test(mail) : test;
  });
  return {
    matches: (mail) => tests.every((test) => test(mail)),
    inTrash: /\b(in|label):(trash|anywhere)\b/i.test(q),
  };
}
