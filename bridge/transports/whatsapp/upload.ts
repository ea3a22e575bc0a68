/**
 * A file of ours for WhatsApp: uploaded first, then sent by its id.
 * https://developers.facebook.com/docs/whatsapp/cloud-api/reference/media
 */

import { randomUUID } from 'node:crypto';
import type { OutboundFile, SendOutcome } from '../../ports.ts';
import type { HttpClient } from '../http-client.ts';
import { type GraphAnswer, outcomeOf, outcomeOfFailure, toAnswer } from './outcome.ts';

export type UploadType = 'image' | 'video' | 'audio' | 'document';

export interface Uploaded {
  readonly type: UploadType;
  readonly id: string;
  readonly filename: string;
}

const TIMEOUT_MS = 60_000;
const MB = 1_048_576;
/** What WhatsApp shows as such, and up to how many bytes; all else is a document. */
const SHOWN: readonly (readonly [UploadType, readonly string[], number])[] = [
  ['image', ['image/jpeg', 'image/png'], 5 * MB],
  ['video', ['video/mp4', 'video/3gpp'], 16 * MB],
  ['audio', ['audio/aac', 'audio/amr', 'audio/mpeg', 'audio/mp4', 'audio/ogg'], 16 * MB],
];

function typeOf({ mime, bytes }: Pick<OutboundFile, 'mime' | 'bytes'>): UploadType {
  const found = SHOWN.find(([, mimes, max]) => mimes.includes(mime) && bytes.length <= max);
  return found?.[0] ?? 'document';
}

/** A name that stays inside its quotes, and tells nothing of folders. */
const quoted = (filename: string): string =>
  filename.replace(/["\\\r\n\0]/g, '_').slice(-240) || 'file';

/** @returns the body of `POST /{phone number id}/media` (RFC 7578) */
function multipart(file: OutboundFile): { body: Buffer; contentType: string } {
  const boundary = `bridge-${randomUUID()}`;
  const part = (head: string): string => `--${boundary}\r\ncontent-disposition: form-data; ${head}`;
  const mime = /^[\w.+-]+\/[\w.+-]+$/.test(file.mime) ? file.mime : 'application/octet-stream';
  const before = [
    `${part('name="messaging_product"')}\r\n\r\nwhatsapp`,
    `${part('name="type"')}\r\n\r\n${mime}`,
    `${part(`name="file"; filename="${quoted(file.filename)}"`)}\r\ncontent-type: ${mime}\r\n\r\n`,
  ].join('\r\n');
  const body = Buffer.concat([
    Buffer.from(before),
    file.bytes,
    Buffer.from(`\r\n--${boundary}--\r\n`),
  ]);
  return { body, contentType: `multipart/form-data; boundary=${boundary}` };
}

/** What an answer to an upload means for the message; nothing was sent so far, whatever it was. */
function uploadOutcome(answer: GraphAnswer, file: OutboundFile): Uploaded | SendOutcome {
  const { id } = (answer.body ?? {}) as { id?: unknown };
  if (answer.status === 200 && typeof id === 'string') {
    return { type: typeOf(file), id, filename: file.filename };
  }
  const outcome = outcomeOf(answer);
  if (outcome.kind === 'sent') return { kind: 'again', reason: 'upload: no id' };
  const { reason: why } = outcome;
  const reason = `upload: ${why}`;
  return outcome.kind === 'unsure' ? { kind: 'again', reason } : { ...outcome, reason };
}

/** One whose answer was lost is repeated: nobody sees a file that no message names. Never throws. */
export async function upload(
  http: HttpClient,
  url: string,
  headers: Readonly<Record<string, string>>,
  file: OutboundFile,
): Promise<Uploaded | SendOutcome> {
  const { body, contentType } = multipart(file);
  const all = { ...headers, 'content-type': contentType };
  const wanted = { method: 'POST', headers: all, timeoutMs: TIMEOUT_MS, body } as const;
  try {
    return uploadOutcome(toAnswer(await http.request(url, wanted)), file);
  } catch (error) {
    return { kind: 'again', reason: `upload: ${outcomeOfFailure(error).reason}` };
  }
}
