/** The text of a mail, from Gmail's tree of parts. Pure. */

/** https://developers.google.com/gmail/api/reference/rest/v1/users.messages#MessagePart */
export interface MailPart {
  readonly mimeType?: string | null;
  readonly headers?: readonly { readonly name?: string | null; readonly value?: string | null }[];
  /** `data` is base64url of the decoded content. */
  readonly body?: { readonly data?: string | null };
  readonly parts?: readonly MailPart[];
}

const ENTITIES: Readonly<Record<string, string>> = {
  amp: '&',
  lt: '<',
  gt: '>',
  quot: '"',
  apos: "'",
  nbsp: ' ',
};

function entity(whole: string, name: string): string {
  const code = /^#(?:x([0-9a-f]+)|(\d+))$/i.exec(name);
  if (!code) return ENTITIES[name.toLowerCase()] ?? whole;
  const point = code[1] ? Number.parseInt(code[1], 16) : Number(code[2]);
  return point > 0 && point <= 0x10ffff ? String.fromCodePoint(point) : '';
}

/** What stands between these tags is not read out. */
const UNSEEN: ReadonlySet<string> = new Set(['style', 'script', 'title', 'head']);
const TAG = /<\/?([a-z!][a-z0-9]*)/iy;
const LINE_END = /^<(br|\/(p|div|li|tr|h\d|blockquote))$/i;

/** Just behind the closing tag of `name`; undefined when there is none. */
function behindClosing(lower: string, name: string, from: number): number | undefined {
  const close = lower.indexOf(`</${name}>`, from);
  return close < 0 ? undefined : close + name.length + 3;
}

/**
 * The text between the tags, piece by piece. One pass, whatever the HTML is: anybody may mail an
 * owner, and an expression that looks for an end from each beginning takes minutes for 1 MB of `<style`.
 */
function piecesOf(html: string): string[] {
  const lower = html.toLowerCase();
  const unclosed = new Set<string>();
  const pieces: string[] = [];
  let at = 0;
  // Of the next `>`: looked for once, however many `<` stand before it.
  let end = 0;
  while (at < html.length) {
    const open = html.indexOf('<', at);
    if (end >= 0 && end <= open) end = html.indexOf('>', open);
    // No tag can end any more: the rest is text, unless it is a comment.
    const last = end < open && !html.startsWith('<!--', open);
    pieces.push(html.slice(at, last || open < 0 ? html.length : open).replace(/\s+/g, ' '));
    if (last || open < 0) break;
    TAG.lastIndex = open;
    const [tag = '', name = ''] = TAG.exec(html) ?? [];
    if (html.startsWith('<!--', open)) {
      const close = html.indexOf('-->', open + 4);
      at = close < 0 ? html.length : close + 3;
    } else if (tag === '') {
      pieces.push('<');
      at = open + 1;
    } else {
      if (LINE_END.test(tag)) pieces.push('\n');
      const hidden = name.toLowerCase();
      const isOpening = UNSEEN.has(hidden) && tag[1] !== '/' && !unclosed.has(hidden);
      const behind = isOpening ? behindClosing(lower, hidden, end) : undefined;
      if (isOpening && behind === undefined) unclosed.add(hidden);
      at = behind ?? end + 1;
    }
  }
  return pieces;
}

/** HTML as a person would read it out: no tags, styles or scripts; line breaks where blocks end. */
export function htmlToText(html: string): string {
  return piecesOf(html)
    .join('')
    .replace(/ {2,}/g, ' ')
    .replace(/ ?\n ?/g, '\n')
    .replace(/\n{3,}/g, '\n\n')
    .replace(/&(#?\w{1,31});/g, entity)
    .trim();
}

/** Whether a Message-ID is one word of Gmail's search, and cannot be a search of its own. */
export const searchable = (messageId: string): boolean => /^<[^\s<>"(){}]{3,250}>$/.test(messageId);

function bodyOf(part: MailPart | undefined, mimeType: string): string {
  if (part?.mimeType?.toLowerCase() === mimeType) {
    return Buffer.from(part.body?.data ?? '', 'base64url').toString('utf8');
  }
  for (const child of part?.parts ?? []) {
    const found = bodyOf(child, mimeType);
    if (found !== '') return found;
  }
  return '';
}

/** The plain part where there is one, else the HTML without its tags; '' for a mail without text. */
export function textOfMail(part: MailPart | undefined): string {
  const plain = bodyOf(part, 'text/plain').trim();
  return plain === '' ? htmlToText(bodyOf(part, 'text/html')) : plain.replaceAll('\r\n', '\n');
}

/** `Agents Plane <plane@nine30.com>` -> `plane@nine30.com`; in lower case. */
export const addressIn = (from: string): string =>
  from
    .slice(from.lastIndexOf('<') + 1)
    .replace(/>\s*$/, '')
    .trim()
    .toLowerCase();

/** Whether a To or Cc names this address, in whatever letters. */
export const isAddressedTo = (header: string, address: string): boolean =>
  header.split(',').some((each) => addressIn(each) === address.toLowerCase());

/** Value of a header; '' when it is not there. */
export const headerOf = (part: MailPart | undefined, name: string): string =>
  part?.headers?.find((header) => header.name?.toLowerCase() === name.toLowerCase())?.value ?? '';
