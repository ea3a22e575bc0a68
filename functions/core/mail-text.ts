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

/** HTML as a person would read it out: no tags, styles or scripts; line breaks where blocks end. */
export function htmlToText(html: string): string {
  return html
    .replace(/<(style|script|title|head)\b[\s\S]*?<\/\1>/gi, '')
    .replace(/<!--[\s\S]*?-->/g, '')
    .replace(/\s+/g, ' ')
    .replace(/<(?:br|\/p|\/div|\/li|\/tr|\/h\d|\/blockquote)\b[^>]*>/gi, '\n')
    .replace(/<\/?[a-z!][^>]*>/gi, '')
    .replace(/&(#?\w+);/g, entity)
    .replace(/[ \t]*\n[ \t]*/g, '\n')
    .replace(/\n{3,}/g, '\n\n')
    .trim();
}

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

/** Value of a header; '' when it is not there. */
export const headerOf = (part: MailPart | undefined, name: string): string =>
  part?.headers?.find((header) => header.name?.toLowerCase() === name.toLowerCase())?.value ?? '';
