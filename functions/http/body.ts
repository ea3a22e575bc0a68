/** Reading a request's body: bounded, JSON, UTF-8. */

import type { IncomingMessage } from 'node:http';
import { PlaneError } from '../../contracts/errors.ts';

/** Bytes. The largest honest body, a mail of 32 000 characters, fits when most of it is ASCII. */
const BODY_LIMIT = 64 * 1024;

/** Set by functions-framework when it has read the body itself. */
type WithRawBody = IncomingMessage & { readonly rawBody?: Buffer };

const tooLarge = (limit: number): PlaneError =>
  new PlaneError('PAYLOAD_TOO_LARGE', 'The body is too large.', {
    details: [
      { field: 'body', problem: `has more than ${limit} bytes`, fix: 'send a smaller body' },
    ],
  });

/** @throws PlaneError PAYLOAD_TOO_LARGE, before more than the limit was kept */
async function readBytes(
  request: WithRawBody,
  contentLength: string | undefined,
  limit: number,
): Promise<Buffer> {
  if (Number(contentLength) > limit) throw tooLarge(limit);
  if (request.rawBody) {
    if (request.rawBody.length > limit) throw tooLarge(limit);
    return request.rawBody;
  }
  const chunks: Buffer[] = [];
  let size = 0;
  // Left early, the stream must live on: the connection that it would take along carries the answer.
  for await (const chunk of request.iterator({ destroyOnReturn: false })) {
    size += chunk.length;
    if (size > limit) throw tooLarge(limit);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}

/** A client that breaks off while it sends is no error of the plane; nobody reads the answer. */
async function whileConnected(read: () => Promise<Buffer>): Promise<Buffer> {
  try {
    return await read();
  } catch (cause) {
    if (cause instanceof PlaneError) throw cause;
    throw new PlaneError('CANCELLED', 'The client went away before its body was read.', { cause });
  }
}

/** The bytes as they came. @throws PlaneError PAYLOAD_TOO_LARGE, CANCELLED */
export const readRaw = (
  request: IncomingMessage,
  headers: IncomingMessage['headers'],
  limit = BODY_LIMIT,
): Promise<Buffer> => whileConnected(() => readBytes(request, headers['content-length'], limit));

const isJson = (contentType: string | undefined): boolean =>
  /^application\/json\s*(;\s*charset\s*=\s*"?utf-8"?\s*)?$/i.test(contentType?.trim() ?? '');

/**
 * @param headers the request's own headers, whatever the framework was shown
 * @param limit bytes
 * @throws PlaneError UNSUPPORTED_MEDIA_TYPE, PAYLOAD_TOO_LARGE, INVALID_ARGUMENT, CANCELLED
 */
export async function readJson(
  request: IncomingMessage,
  headers: IncomingMessage['headers'],
  limit = BODY_LIMIT,
): Promise<unknown> {
  if (!isJson(headers['content-type']) || headers['content-encoding'] !== undefined) {
    const fix = 'send "Content-Type: application/json" and no Content-Encoding';
    throw new PlaneError('UNSUPPORTED_MEDIA_TYPE', 'The body must be JSON.', {
      details: [{ field: 'header.content-type', problem: 'is not application/json', fix }],
    });
  }
  const bytes = await whileConnected(() => readBytes(request, headers['content-length'], limit));
  try {
    return JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes));
  } catch {
    throw new PlaneError('INVALID_ARGUMENT', 'The body is not JSON.', {
      details: [{ field: 'body', problem: 'is not JSON in UTF-8', fix: 'send one JSON object' }],
    });
  }
}
