/** Format characters (Unicode's Cf) that come along when text is copied: zero-width ones, soft hyphens, marks of direction. */
const INVISIBLE = /\p{Cf}/gu;

/** A text as a person sees it, without what stands there unseen. Pure. */
export const visible = (text: string): string => text.replace(INVISIBLE, '');
