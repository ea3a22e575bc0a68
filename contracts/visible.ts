/** Format characters (Unicode's Cf) that come along when text is copied: zero-width ones, soft hyphens, marks of direction. */
const INVISIBLE = /\p{Cf}/gu;

/** A text as a person sees it, without what stands there unseen. Pure. */
export const visible = (text: string): string => text.replace(INVISIBLE, '');

const codePoint = (character: string): string =>
  `\\u{${(character.codePointAt(0) ?? 0).toString(16)}}`;

/** How a piece of the visible text stands in the text itself, with what is unseen in it; each way once. */
export function asWritten(text: string, piece: string): string[] {
  const written = new RegExp([...piece].map(codePoint).join('\\p{Cf}*'), 'gu');
  return [...new Set(text.match(written))];
}

/** The stretches of a text between what stands there unseen. */
export const seenStretches = (text: string): string[] => text.split(INVISIBLE);
