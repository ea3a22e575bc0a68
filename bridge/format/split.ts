/**
 * Long text in messages that WhatsApp takes: as few as possible, cut at the best place there is:
 * between paragraphs, else lines, sentences, words, else between graphemes. A code block stays
 * whole where it fits, and is closed and opened again where it does not.
 */

/** WhatsApp refuses a text body of more (Meta, Cloud API reference: text.body). */
export const MAX_CHARS = 4096;

const FENCE = '```';
/** Closing and opening a block that is cut. */
const FENCE_CHARS = 2 * (FENCE.length + 1);

/** A run of text with what separates it from the next. */
interface Piece {
  readonly text: string;
  readonly code: boolean;
}

function* blocks(text: string): Generator<Piece> {
  for (const part of text.split(/(^```[\s\S]*?^```$)/m)) {
    if (part.trim() !== '') yield { text: part, code: part.startsWith(FENCE) };
  }
}

const SENTENCES = new Intl.Segmenter('en', { granularity: 'sentence' });
/** What people take for one character, however many it is made of. */
export const GRAPHEMES = new Intl.Segmenter('en', { granularity: 'grapheme' });

const segments = (segmenter: Intl.Segmenter, text: string): string[] =>
  [...segmenter.segment(text)].map(({ segment }) => segment);

/** From the best place to cut to the worst; each keeps its separators, so that joining gives the text. */
const CUTS: readonly ((text: string) => string[])[] = [
  (text) => text.split(/(?<=\n[^\S\n]*\n+)/),
  (text) => text.split(/(?<=\n)/),
  (text) => segments(SENTENCES, text),
  (text) => text.split(/(?<=\s)/),
  (text) => segments(GRAPHEMES, text),
  // A single grapheme of thousands of marks: between code points.
  (text) => [...text],
];

/** Packs pieces greedily; a piece that is too long is cut one level finer. */
function pack(text: string, limit: number, level = 0): string[] {
  if (text.length <= limit) return [text];
  const parts: string[] = [];
  let current = '';
  const flush = (): void => {
    if (current !== '') parts.push(current);
    current = '';
  };
  for (const piece of CUTS[level]?.(text) ?? [text]) {
    if (current.length + piece.trimEnd().length > limit) flush();
    if (piece.trimEnd().length <= limit) {
      current += piece;
      continue;
    }
    const finer = pack(piece, limit, level + 1);
    parts.push(...finer.slice(0, -1));
    current = finer.at(-1) ?? '';
  }
  flush();
  return parts;
}

function cutCode(block: string, limit: number): string[] {
  const body = block.slice(FENCE.length, -FENCE.length).replace(/^\n|\n$/g, '');
  return pack(body, limit - FENCE_CHARS, 1).map((part) => `${FENCE}\n${part.trimEnd()}\n${FENCE}`);
}

/**
 * @param text already in WhatsApp's marks
 * @param limit UTF-16 units in a message
 * @returns messages of at most `limit`, none of them empty
 */
export function splitText(text: string, limit = MAX_CHARS): string[] {
  if (text.length <= limit) return text.trim() === '' ? [] : [text.trim()];
  const parts: string[] = [];
  let current = '';
  // Whether a block of code is in `current`: that would be cut like text.
  let hasCode = false;
  const flush = (): void => {
    if (current.trim() !== '') parts.push(current.trim());
    current = '';
    hasCode = false;
  };
  for (const { text: piece, code } of blocks(text)) {
    if (current.length + piece.trimEnd().length <= limit) {
      current += piece;
      hasCode ||= code;
      continue;
    }
    if (code) {
      flush();
      const cut = piece.length <= limit ? [piece] : cutCode(piece, limit);
      parts.push(...cut.slice(0, -1));
      current = cut.at(-1) ?? '';
      hasCode = true;
      continue;
    }
    if (hasCode) flush();
    const [first = '', ...rest] = pack(current + piece, limit);
    current = first;
    for (const part of rest) {
      flush();
      current = part;
    }
  }
  flush();
  return parts;
}
