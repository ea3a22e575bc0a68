/**
 * Partial responses: the `fields` parameter that every Google API takes.
 * `items/*\/instances(name,status),nextPageToken`
 * https://cloud.google.com/compute/docs/api/how-tos/performance#partial-response
 */

import { GoogleError } from './service.ts';

/** What is kept, by name; `*` is any name. An empty one keeps all. */
interface Mask {
  readonly [name: string]: Mask;
}

const invalid = (fields: string): GoogleError =>
  new GoogleError('INVALID_ARGUMENT', `Invalid field selection ${fields}`, 'invalidParameter');

/** Commas and parentheses alone have a meaning; `a/b` is `a(b)`. */
function parse(fields: string): Mask {
  const tokens = fields.match(/[\w*]+|[(),/]/g) ?? [];
  if (tokens.join('') !== fields) throw invalid(fields);
  let at = 0;
  const one = (): Mask => {
    const name = tokens[at++];
    if (name === undefined || !/^[\w*]+$/.test(name)) throw invalid(fields);
    if (tokens[at] === '/') {
      at += 1;
      return { [name]: one() };
    }
    if (tokens[at] !== '(') return { [name]: {} };
    at += 1;
    const inner = many();
    if (tokens[at++] !== ')') throw invalid(fields);
    return { [name]: inner };
  };
  const many = (): Mask => {
    let all = one();
    while (tokens[at] === ',') {
      at += 1;
      all = { ...all, ...one() };
    }
    return all;
  };
  const mask = many();
  if (at !== tokens.length) throw invalid(fields);
  return mask;
}

function keep(value: unknown, mask: Mask): unknown {
  if (Object.keys(mask).length === 0 || typeof value !== 'object' || value === null) return value;
  if (Array.isArray(value)) return value.map((each) => keep(each, mask));
  const kept = Object.entries(value).flatMap(([name, inner]) => {
    const of = mask[name] ?? mask['*'];
    return of ? [[name, keep(inner, of)]] : [];
  });
  return Object.fromEntries(kept);
}

/** @throws GoogleError INVALID_ARGUMENT when it cannot be read */
export const partial = (answer: object, fields: string | null): object =>
  fields ? (keep(answer, parse(fields)) as object) : answer;
