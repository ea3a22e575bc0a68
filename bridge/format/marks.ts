/**
 * Markdown, as models write it, to WhatsApp's own marks: *bold*, _italic_, ~strike~, ```code```.
 * WhatsApp shows lists and quotes as they are written, and neither headings, links nor tables.
 * What is Markdown and what is not, `marked` decides (CommonMark, GitHub's tables and links).
 */

import { Lexer, type MarkedToken, type Token, type Tokens } from 'marked';

/** So many `>` in a row are no quote of anybody's; each costs the parser a call within a call. */
const ABSURD_QUOTE = /^(?:[ \t]*>){20}/m;

/**
 * One line that begins with a letter and has none of the characters that Markdown has a meaning for within a line:
 * stays as it is (a property in format.test.ts). Most short answers are such, and asking `marked` took
 * 6 % of a message's processor (decision 064).
 */
const PLAIN = /^\p{L}[^\n*_~`<&\\[\]]*$/u;

/** WhatsApp's marks end with the line. */
const marked = (mark: string, text: string): string =>
  text.replace(/[^\n]+/g, (line) => line.replace(/^(\s*)(.*?)(\s*)$/, `$1${mark}$2${mark}$3`));

function link(one: Tokens.Link & { autolink?: boolean }, bold: boolean): string {
  const { href, autolink } = one;
  const label = words(one.tokens, bold);
  const isAddress = autolink === true || label === href || href === `mailto:${label}`;
  return isAddress ? label : `${label} (${href})`;
}

/** @param bold whether it stands in bold text, where a second star would end the first */
function word(token: Token, bold: boolean): string {
  const one = token as MarkedToken;
  switch (one.type) {
    case 'strong':
      return bold ? words(one.tokens, true) : marked('*', words(one.tokens, true));
    case 'em':
      return marked('_', words(one.tokens, bold));
    case 'del':
      return marked('~', words(one.tokens, bold));
    case 'codespan':
      return `\`${one.text}\``;
    case 'br':
      return '\n';
    case 'link':
      return link(one, bold);
    case 'image':
      return one.text ? `${one.text}: ${one.href}` : one.href;
    case 'escape':
      return one.text;
    case 'text':
      return one.tokens ? words(one.tokens, bold) : one.text;
    default:
      return /^<br\s*\/?>$/i.test(one.raw) ? '\n' : one.raw;
  }
}

const words = (tokens: readonly Token[], bold = false): string =>
  tokens.map((token) => word(token, bold)).join('');

/** A fence within a block would end it. */
const code = ({ text }: Tokens.Code): string => `\`\`\`\n${text.replaceAll('```', '~~~')}\n\`\`\``;

/** All lines but the first begin below the text of the item; code stays where it is recognised. */
function item({ tokens }: Tokens.ListItem, marker: string): string {
  const lines = blocks(tokens).trim().split('\n');
  let fenced = false;
  const [first = '', ...rest] = lines.map((line) => {
    const isFence = line === '```';
    if (isFence) fenced = !fenced;
    return fenced || isFence || line === '' ? line : `  ${line}`;
  });
  return [`${marker} ${first.trimStart()}`, ...rest].join('\n');
}

function list({ ordered, start, loose, items }: Tokens.List): string {
  const from = Number(start || 1);
  const marker = (at: number): string => (ordered ? `${from + at}.` : '-');
  return items.map((one, at) => item(one, marker(at))).join(loose ? '\n\n' : '\n');
}

const row = (cells: readonly Tokens.TableCell[]): string =>
  cells.map(({ tokens }) => words(tokens)).join(' | ');

function block(token: Token): string {
  const one = token as MarkedToken;
  switch (one.type) {
    case 'heading':
      return marked('*', words(one.tokens, true));
    case 'paragraph':
    case 'text':
      return words(one.tokens ?? [one]);
    case 'list':
      return list(one);
    case 'blockquote':
      return blocks(one.tokens).trim().replace(/^/gm, '> ');
    case 'code':
      return one.codeBlockStyle === 'indented' ? one.raw.trimEnd() : code(one);
    case 'table':
      return [one.header, ...one.rows].map(row).join('\n');
    case 'hr':
      return '———';
    default:
      return one.raw;
  }
}

/** Blocks with as many line breaks between them as there were, one at the least. */
function blocks(tokens: readonly Token[]): string {
  let text = '';
  for (const token of tokens) {
    if (token.type === 'space') {
      text = text.replace(/\n*$/, '') + token.raw;
      continue;
    }
    if (token.type === 'checkbox') {
      text += token.raw;
      continue;
    }
    const joint = text === '' || /[\n ]$/.test(text) ? '' : '\n';
    const breaks = /\n*$/.exec(token.raw)?.[0] ?? '';
    text += joint + block(token).trimEnd() + breaks;
  }
  return text;
}

/** @param markdown as a model wrote it. @returns text for WhatsApp; plain text stays as it is. */
export function toWhatsApp(markdown: string): string {
  const text = markdown.replaceAll('\r\n', '\n').trim();
  if (PLAIN.test(text) || ABSURD_QUOTE.test(text)) return text;
  try {
    return blocks(new Lexer({ gfm: true }).lex(text)).trim();
  } catch {
    // Nested deeper than the stack: the words count, their marks do not.
    return text;
  }
}
