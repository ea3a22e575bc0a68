/**
 * Gmail: the mailboxes of the local domain. The caller must be the owner of the mailbox
 * (by domain-wide delegation), with a scope that allows what is asked.
 * https://developers.google.com/gmail/api/reference/rest/v1/users.messages
 */

import type { Call, Route, Service } from './service.ts';
import { GoogleError } from './service.ts';
import {
  createMailboxes,
  type Mail,
  type Mailboxes,
  recipientsOf,
  searchOf,
} from './workspace/mailbox.ts';
import { messageView } from './workspace/message-view.ts';
import { addressesOf, headerOf, parseMime } from './workspace/mime.ts';
import { needScope, personOf } from './workspace/scopes.ts';

export interface GmailDeps {
  /** Milliseconds since 1970. */
  readonly now: () => number;
  readonly userExists: (email: string) => boolean;
  /** Called with every mail that was sent, e.g. to write it to a file. */
  readonly onSent?: (mail: SentMail) => void | Promise<void>;
}

export interface SentMail {
  readonly id: string;
  readonly from: string;
  readonly to: readonly string[];
  readonly raw: Buffer;
}

export interface Gmail {
  readonly service: Service;
  readonly mailboxes: Mailboxes;
}

const FULL = 'https://mail.google.com/';
const SEND = ['gmail.send', 'gmail.compose', 'gmail.modify', FULL];
const INSERT = ['gmail.insert', 'gmail.modify', FULL];
const READ = ['gmail.readonly', 'gmail.modify', FULL];
const METADATA = ['gmail.metadata', ...READ];
const MODIFY = ['gmail.modify', FULL];

const PATH = '/gmail/v1/users/:user/messages';
const METHOD = 'gmail.users.messages';
const PAGE_DEFAULT = 100;
const PAGE_MAX = 500;

/** The owner of the mailbox. @throws GoogleError when it is not the caller's own */
function ownerOf(call: Call, deps: GmailDeps): string {
  const person = personOf(call);
  if (person === undefined || !deps.userExists(person)) {
    // A service account of its own has no mailbox.
    throw new GoogleError(
      'FAILED_PRECONDITION',
      'Precondition check failed.',
      'failedPrecondition',
    );
  }
  const asked = call.params.user?.toLowerCase();
  if (asked === 'me' || asked === person) return person;
  throw new GoogleError('PERMISSION_DENIED', `Delegation denied for ${person}`, 'forbidden');
}

const invalid = (message: string): GoogleError =>
  new GoogleError('INVALID_ARGUMENT', message, 'invalidArgument');

/** Gmail writes the mailbox's own address into From, whatever the client says. */
function ownFrom(raw: Buffer, owner: string): Buffer {
  const from = headerOf(parseMime(raw).headers, 'from');
  if (addressesOf(from).includes(owner)) return raw;
  const text = raw.toString('latin1').replace(/^from:.*\r?\n(?:[ \t].*\r?\n)*/im, '');
  return Buffer.from(`From: ${owner}\r\n${text}`, 'latin1');
}

/** The message of a request. @throws GoogleError INVALID_ARGUMENT */
function rawOf(call: Call): Buffer {
  const unknown = Object.keys(call.body).find(
    (key) => !['raw', 'threadId', 'labelIds', 'payload', 'id', 'snippet'].includes(key),
  );
  if (unknown !== undefined) {
    throw invalid(`Invalid JSON payload received. Unknown name "${unknown}": Cannot find field.`);
  }
  const { raw } = call.body;
  if (typeof raw !== 'string' || raw === '') {
    throw invalid(
      "'raw' RFC822 payload message string or uploading message via /upload/* URL required",
    );
  }
  return Buffer.from(raw, 'base64url');
}

async function send(call: Call, deps: GmailDeps, mailboxes: Mailboxes): Promise<object> {
  needScope(call, SEND);
  const owner = ownerOf(call, deps);
  const bytes = ownFrom(rawOf(call), owner);
  const to = recipientsOf(parseMime(bytes));
  if (to.length === 0) throw invalid('Recipient address required');
  const mail = mailboxes.deliver(owner, bytes);
  await deps.onSent?.({ id: mail.id, from: owner, to, raw: bytes });
  return { id: mail.id, threadId: mail.threadId, labelIds: [...mail.labels] };
}

/**
 * As if it had arrived: into this one mailbox, its From as it stands.
 * https://developers.google.com/gmail/api/reference/rest/v1/users.messages/import
 */
async function importMail(call: Call, deps: GmailDeps, mailboxes: Mailboxes): Promise<object> {
  needScope(call, INSERT);
  const owner = ownerOf(call, deps);
  const raw = rawOf(call);
  const { labelIds = [] } = call.body as { labelIds?: string[] };
  const mail = mailboxes.put(owner, raw, labelIds);
  const from = addressesOf(headerOf(mail.part.headers, 'from'))[0] ?? '';
  await deps.onSent?.({ id: mail.id, from, to: [owner], raw });
  return { id: mail.id, threadId: mail.threadId, labelIds: [...mail.labels] };
}

function list(call: Call, deps: GmailDeps, mailboxes: Mailboxes): object {
  needScope(call, READ);
  const { query } = call;
  const { matches, inTrash } = searchOf(query.get('q') ?? '', deps.now());
  const labels = query.getAll('labelIds');
  const withTrash = inTrash || query.get('includeSpamTrash') === 'true' || labels.includes('TRASH');
  const found = mailboxes
    .list(ownerOf(call, deps))
    .filter((mail) => withTrash || !mail.labels.has('TRASH'))
    .filter((mail) => labels.every((label) => mail.labels.has(label)) && matches(mail));
  const size = Math.min(Number(query.get('maxResults') ?? PAGE_DEFAULT), PAGE_MAX);
  const start = Number(query.get('pageToken') ?? 0);
  const page = found.slice(start, start + size);
  return {
    ...(page.length > 0 && { messages: page.map(({ id, threadId }) => ({ id, threadId })) }),
    ...(found.length > start + size && { nextPageToken: String(start + size) }),
    resultSizeEstimate: found.length,
  };
}

function find(call: Call, deps: GmailDeps, mailboxes: Mailboxes): Mail {
  const mail = mailboxes.find(ownerOf(call, deps), call.params.id ?? '');
  if (mail) return mail;
  throw new GoogleError('NOT_FOUND', 'Requested entity was not found.', 'notFound');
}

function get(call: Call, deps: GmailDeps, mailboxes: Mailboxes): object {
  const format = call.query.get('format') ?? 'full';
  needScope(call, format === 'metadata' || format === 'minimal' ? METADATA : READ);
  return messageView(find(call, deps, mailboxes), format, call.query.getAll('metadataHeaders'));
}

function routes(deps: GmailDeps, mailboxes: Mailboxes): readonly Route[] {
  const demands = () => [];
  const relabel = (change: (labels: Set<string>) => void) => (call: Call) => {
    needScope(call, MODIFY);
    const mail = find(call, deps, mailboxes);
    change(mail.labels);
    return messageView(mail, 'minimal', []);
  };
  return [
    {
      verb: 'POST',
      path: `${PATH}/send`,
      method: `${METHOD}.send`,
      demands,
      handle: (call) => send(call, deps, mailboxes),
    },
    {
      verb: 'POST',
      path: `${PATH}/import`,
      method: `${METHOD}.import`,
      demands,
      handle: (call) => importMail(call, deps, mailboxes),
    },
    {
      verb: 'GET',
      path: PATH,
      method: `${METHOD}.list`,
      demands,
      handle: (call) => list(call, deps, mailboxes),
    },
    {
      verb: 'GET',
      path: `${PATH}/:id`,
      method: `${METHOD}.get`,
      demands,
      handle: (call) => get(call, deps, mailboxes),
    },
    {
      verb: 'POST',
      path: `${PATH}/:id/trash`,
      method: `${METHOD}.trash`,
      demands,
      rawBody: true,
      handle: relabel((labels) => void labels.add('TRASH')),
    },
    {
      verb: 'POST',
      path: `${PATH}/:id/untrash`,
      method: `${METHOD}.untrash`,
      demands,
      rawBody: true,
      handle: relabel((labels) => void labels.delete('TRASH')),
    },
  ];
}

export function createGmail(deps: GmailDeps): Gmail {
  const mailboxes = createMailboxes(deps);
  return {
    mailboxes,
    service: { name: 'gmail', errorShape: 'legacy', routes: routes(deps, mailboxes) },
  };
}
