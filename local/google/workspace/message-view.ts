/** A mail as users.messages.get shows it, in each of the four formats. */

import { GoogleError } from '../service.ts';
import type { Mail } from './mailbox.ts';
import { type Header, type Part, textOf } from './mime.ts';

const SNIPPET_MAX = 200;

const partView = (part: Part, id: string): object => ({
  partId: id,
  mimeType: part.mimeType,
  filename: part.filename,
  headers: part.headers,
  body: {
    size: part.body.length,
    ...(part.body.length > 0 && { data: part.body.toString('base64url') }),
  },
  ...(part.parts.length > 0 && {
    parts: part.parts.map((child, index) => partView(child, id ? `${id}.${index}` : `${index}`)),
  }),
});

const chosen = (headers: readonly Header[], names: readonly string[]): readonly Header[] => {
  const wanted = names.map((name) => name.toLowerCase());
  return wanted.length === 0
    ? headers
    : headers.filter((header) => wanted.includes(header.name.toLowerCase()));
};

/**
 * @param names `metadataHeaders` of the call; none means all
 * @throws GoogleError INVALID_ARGUMENT for a format that does not exist
 */
export function messageView(mail: Mail, format: string, names: readonly string[]): object {
  const base = {
    id: mail.id,
    threadId: mail.threadId,
    labelIds: [...mail.labels],
    snippet: textOf(mail.part).replace(/\s+/g, ' ').trim().slice(0, SNIPPET_MAX),
    sizeEstimate: mail.raw.length,
    historyId: String(Number.parseInt(mail.id.slice(-6), 16)),
    internalDate: String(mail.receivedAt),
  };
  switch (format.toLowerCase()) {
    case 'minimal':
      return base;
    case 'raw':
      return { ...base, raw: mail.raw.toString('base64url') };
    case 'metadata': {
      const headers = chosen(mail.part.headers, names);
      return { ...base, payload: { mimeType: mail.part.mimeType, headers } };
    }
    case 'full':
      return { ...base, payload: partView(mail.part, '') };
    default:
      throw new GoogleError('INVALID_ARGUMENT', `Invalid value for format: ${format}`);
  }
}
