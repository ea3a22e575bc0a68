/**
 * Reads an RFC 5322 message as far as Gmail shows it: headers and the tree of parts.
 * https://developers.google.com/gmail/api/reference/rest/v1/users.messages#MessagePart
 */

export interface Header {
  readonly name: string;
  readonly value: string;
}

export interface Part {
  readonly mimeType: string;
  readonly filename: string;
  readonly headers: readonly Header[];
  /** Decoded; empty for multipart. */
  readonly body: Buffer;
  readonly parts: readonly Part[];
}

/** Where the headers end: the first empty line. */
function split(raw: Buffer): { head: string; body: Buffer } {
  for (const gap of ['\r\n\r\n', '\n\n']) {
    const at = raw.indexOf(gap);
    if (at >= 0) {
      return { head: raw.subarray(0, at).toString(), body: raw.subarray(at + gap.length) };
    }
  }
  return { head: raw.toString(), body: Buffer.alloc(0) };
}

function parseHeaders(head: string): readonly Header[] {
  const unfolded = head.replace(/\r?\n[ \t]+/g, ' ');
  return unfolded.split(/\r?\n/).flatMap((line) => {
    const [, name, value] = /^([!-9;-~]+):\s*(.*)$/.exec(line) ?? [];
    return name === undefined ? [] : [{ name, value: value ?? '' }];
  });
}

export const headerOf = (headers: readonly Header[], name: string): string | undefined =>
  headers.find((header) => header.name.toLowerCase() === name.toLowerCase())?.value;

const parameterOf = (value: string, name: string): string | undefined =>
  new RegExp(`;\\s*${name}="?([^";]+)"?`, 'i').exec(value)?.[1];

function decodeBody(body: Buffer, encoding: string): Buffer {
  if (encoding === 'base64') return Buffer.from(body.toString('latin1'), 'base64');
  if (encoding !== 'quoted-printable') return body;
  const text = body.toString('latin1').replace(/=\r?\n/g, '');
  const bytes = text.replace(/=([0-9A-Fa-f]{2})/g, (_, hex: string) =>
    String.fromCharCode(Number.parseInt(hex, 16)),
  );
  return Buffer.from(bytes, 'latin1');
}

/** The raw parts between the boundary lines. */
function partsOf(body: Buffer, boundary: string): Buffer[] {
  const sections = body.toString('latin1').split(`--${boundary}`);
  return sections
    .slice(1)
    .filter((section) => !section.startsWith('--'))
    .map((section) => Buffer.from(section.replace(/^\r?\n/, '').replace(/\r?\n$/, ''), 'latin1'));
}

export function parseMime(raw: Buffer): Part {
  const { head, body } = split(raw);
  const headers = parseHeaders(head);
  const type = headerOf(headers, 'content-type') ?? 'text/plain';
  const mimeType = (type.split(';')[0] ?? '').trim().toLowerCase();
  const disposition = headerOf(headers, 'content-disposition') ?? '';
  const filename = parameterOf(disposition, 'filename') ?? '';
  const boundary = parameterOf(type, 'boundary');
  if (mimeType.startsWith('multipart/') && boundary !== undefined) {
    const parts = partsOf(body, boundary).map(parseMime);
    return { mimeType, filename, headers, body: Buffer.alloc(0), parts };
  }
  const encoding = (headerOf(headers, 'content-transfer-encoding') ?? '').trim().toLowerCase();
  return { mimeType, filename, headers, body: decodeBody(body, encoding), parts: [] };
}

/** Encoded words (RFC 2047), so that a subject can be searched for. */
export function decodeWords(value: string): string {
  return value
    .replace(/\?=\s+=\?/g, '?==?')
    .replace(/=\?([^?]+)\?([BQ])\?([^?]*)\?=/gi, (_, _charset, kind: string, data: string) =>
      decodeBody(
        Buffer.from(kind.toUpperCase() === 'Q' ? data.replaceAll('_', ' ') : data),
        kind.toUpperCase() === 'Q' ? 'quoted-printable' : 'base64',
      ).toString(),
    );
}

/** Lower-case addresses of a header like `To`. */
export const addressesOf = (value: string | undefined): readonly string[] =>
  (value?.match(/[^\s<>,;:"]+@[^\s<>,;:"]+/g) ?? []).map((address) => address.toLowerCase());

/** The text of the first part of a type, in depth. */
export function textOf(part: Part, mimeType = 'text/plain'): string {
  if (part.mimeType === mimeType) return part.body.toString();
  for (const child of part.parts) {
    const found = textOf(child, mimeType);
    if (found !== '') return found;
  }
  return '';
}
