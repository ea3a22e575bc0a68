/** Reading what people and programs send, with a limit. */

import type { Readable } from 'node:stream';
import { PlaneError } from '../contracts/plane-error.ts';

const tooLong = (): PlaneError => new PlaneError('PAYLOAD_TOO_LARGE', 'That is too long.');

/** Text up to the first line end (left out) or the stream's end. @throws PlaneError PAYLOAD_TOO_LARGE. */
export async function readLine(stream: Readable, maxBytes: number): Promise<string> {
  let text = '';
  // Left early, the stream lives on: a socket carries the answer back.
  const chunks = stream.setEncoding('utf8').iterator({ destroyOnReturn: false });
  for await (const chunk of chunks) {
    text += chunk as string;
    const end = text.indexOf('\n');
    if (end >= 0) return text.slice(0, end);
    if (text.length > maxBytes) throw tooLong();
  }
  return text;
}

/** Everything up to the stream's end. @throws PlaneError PAYLOAD_TOO_LARGE. */
export async function readAll(stream: Readable, maxBytes: number): Promise<string> {
  let text = '';
  for await (const chunk of stream.setEncoding('utf8')) {
    text += chunk as string;
    if (text.length > maxBytes) throw tooLong();
  }
  return text;
}
