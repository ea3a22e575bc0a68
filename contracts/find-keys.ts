/**
 * API keys in what people write: pasted bare, quoted, in a sentence, broken over lines,
 * several at once. Pure.
 *
 * Rather one too many than one missed: what is found goes to no model. What only looks like
 * a key (a placeholder, a hyphenated name) is told apart by what it is made of.
 */

import { tokenStartsIn } from './find-tokens.ts';
import type { Provider } from './models.ts';
import { visible } from './visible.ts';

export interface FoundKey {
  readonly provider: Provider;
  /**
   * What the key may be, likeliest first: where it was broken over lines, only its provider
   * can say where it ends.
   */
  readonly readings: readonly string[];
  /** The pieces as they stand in the text, for whoever looks for what is left of them. */
  readonly parts: readonly string[];
  /** Where it stands in the text, UTF-16 units, end exclusive; all that any reading covers. */
  readonly start: number;
  readonly end: number;
}

interface Shape {
  readonly provider: Provider;
  /** Where a key of this shape starts. */
  readonly prefix: RegExp;
  /** The whole key. */
  readonly whole: RegExp;
  /** A run of so many characters may be the whole key: no word behind it is taken for its rest. */
  readonly complete: number;
  /** No key is longer, as far as known. */
  readonly longest?: number;
}

/**
 * In this order, the first that fits wins. Lengths as seen in the providers' consoles:
 * Anthropic 108, OpenAI 51 (old) to 164 (project) and 167 (service account), OpenRouter 73, Google 39. In front
 * there may be a `_`: italics, or `KEY_`.
 */
const SHAPES: readonly Shape[] = [
  {
    provider: 'anthropic',
    prefix: /sk-ant-/y,
    whole: /^sk-ant-[\w-]{10,}$/,
    complete: 108,
    longest: 108,
  },
  {
    provider: 'openai',
    prefix: /sk-(?:proj|svcacct|admin|None)-/y,
    whole: /^sk-\w+-[\w-]{16,}$/,
    complete: 150,
    longest: 167,
  },
  // Other companies use the same prefix: claimed as well, and refused by the provider.
  {
    provider: 'openai',
    prefix: /(?<![A-Za-z0-9-])sk-(?!(?:ant|proj|svcacct|admin|None)-)/y,
    whole: /^sk-[\w-]*[A-Za-z0-9]{20,}[\w-]*$/,
    complete: 51,
  },
  {
    provider: 'google',
    prefix: /(?<![A-Za-z0-9])AIza/y,
    whole: /^AIza[\w-]{35}$/,
    complete: 39,
    longest: 39,
  },
  { provider: 'google', prefix: /(?<![A-Za-z0-9])AQ\./y, whole: /^AQ\.[\w-]{30,}$/, complete: 50 },
];

const RUN = /[\w-]*/y;
/** What may stand between two parts of one key, and the next part. */
const NEXT_PART = /\s+([\w-]{4,})(?![\w-])/y;
/** The same, alone on the very next line. */
const NEXT_LINE = /[^\S\n]*\n[^\S\n]*([\w-]{4,})(?=["'`”’*)\]}]*[^\S\n]*(?:\n|$))/y;
const PARTS_MAX = 8;
/** `sk-ant-api03-XXXXXXXX` and `sk-proj-...` are placeholders: a key is made of more. */
const KINDS_MIN = 6;

const at = (pattern: RegExp, text: string, index: number): RegExpExecArray | null => {
  pattern.lastIndex = index;
  return pattern.exec(text);
};

const looksRandom = (part: string): boolean =>
  /\d/.test(part)
    ? /[A-Za-z]/.test(part) || part.length > 6
    : /[a-z][A-Z]|[A-Z]{2}[a-z]/.test(part);

/** Made of enough, with a digit: no placeholder and no hyphenated name. */
const isMaterial = (key: string, prefix: string): boolean => {
  const body = key.slice(prefix.length).replace(/^api\d\d-/, '');
  return /\d/.test(body) && new Set(body).size >= KINDS_MIN;
};

interface Parts {
  readonly parts: readonly string[];
  /** Where each part ends in the text. */
  readonly ends: readonly number[];
}

const isOther = (text: string, start: number, end: number): boolean =>
  SHAPES.some(({ prefix }) => at(prefix, text, start)) || tokenStartsIn(text, start, end);

/**
 * The run of key characters that starts here, and what follows it that may belong to it: where it may be
 * complete only what stands alone on its line, or the next word ("WhatsApp") would be taken for a part of it.
 */
function partsAt(text: string, start: number, prefix: string, shape: Shape): Parts {
  const head = prefix + (at(RUN, text, start + prefix.length)?.[0] ?? '');
  const mayBeWhole = head.length >= shape.complete;
  const longest = mayBeWhole ? (shape.longest ?? Infinity) : Infinity;
  let length = head.length;
  const parts = [head];
  const ends = [start + head.length];
  while (parts.length < PARTS_MAX) {
    const next = at(mayBeWhole ? NEXT_LINE : NEXT_PART, text, ends.at(-1) ?? 0);
    const part = next?.[1];
    if (!next || part === undefined || !looksRandom(part)) break;
    length += withoutMarkup(part).at(-1)?.length ?? 0;
    const end = next.index + next[0].length;
    if (length > longest || isOther(text, end - part.length, end)) break;
    parts.push(part);
    ends.push(end);
  }
  return { parts, ends };
}

/** `_key_` is italics on WhatsApp; a key may end in `_` all the same. */
const withoutMarkup = (key: string): readonly string[] => {
  const bare = key.replace(/[_-]+$/, '');
  return bare === key ? [key] : [key, bare];
};

function keyAt(text: string, start: number): FoundKey | undefined {
  for (const shape of SHAPES) {
    const prefix = at(shape.prefix, text, start)?.[0];
    if (prefix === undefined) continue;
    const { parts, ends } = partsAt(text, start, prefix, shape);
    const joined = parts.map((_, index) => parts.slice(0, index + 1).join(''));
    const readings = joined
      .toReversed()
      .flatMap((reading) =>
        shape.complete === 39 ? [reading.slice(0, 39)] : withoutMarkup(reading),
      )
      .filter((reading) => shape.whole.test(reading) && isMaterial(reading, prefix));
    if (readings.length === 0) continue;
    return {
      provider: shape.provider,
      readings: [...new Set(readings)],
      parts,
      start,
      end: ends.at(-1) ?? start,
    };
  }
  return undefined;
}

/** Every key in a text, in order; one that stands there twice is found twice. */
export function findKeys(text: string): FoundKey[] {
  const found: FoundKey[] = [];
  const seen = visible(text);
  const starts = /sk-|AIza|AQ\./g;
  for (let hit = starts.exec(seen); hit; hit = starts.exec(seen)) {
    const key = keyAt(seen, hit.index);
    if (key === undefined) continue;
    found.push(key);
    starts.lastIndex = key.end;
  }
  return found;
}

/** The text without its keys (and without invisible characters, should there be any). */
export function withoutKeys(text: string, instead: string): string {
  const found = findKeys(text);
  if (found.length === 0) return text;
  const seen = visible(text);
  const kept = found.map(({ start }, index) => seen.slice(found[index - 1]?.end ?? 0, start));
  return [...kept, seen.slice(found.at(-1)?.end)].join(instead);
}
