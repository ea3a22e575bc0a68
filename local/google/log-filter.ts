/**
 * Filters of Cloud Logging, as far as they are used: comparisons of a dotted path with a
 * value or a regular expression, joined by OR, which binds closer, and AND (or lines), and in parentheses.
 *
 * https://cloud.google.com/logging/docs/view/logging-query-language
 */

import type { Json } from './proto-schema.ts';
import { GoogleError } from './service.ts';

export const SEVERITIES = [
  'DEFAULT',
  'DEBUG',
  'INFO',
  'NOTICE',
  'WARNING',
  'ERROR',
  'CRITICAL',
  'ALERT',
  'EMERGENCY',
] as const;

const TERM =
  /^([A-Za-z][\w./-]*(?:\."[^"]+")?)\s*(=~|!~|=|!=|>=|<=|>|<|:)\s*(?:"((?:[^"\\]|\\.)*)"|(\S+))$/;

function valueAt(entry: Json, path: string): unknown {
  const keys = path.match(/"[^"]+"|[^."]+/g) ?? [];
  return keys.reduce<unknown>(
    (value, key) => (value as Json | undefined)?.[key.replaceAll('"', '')],
    entry,
  );
}

/** Order of two values: severities by rank, everything else as numbers or text (RFC 3339 sorts as text). */
function compare(path: string, actual: string, wanted: string): number {
  if (path === 'severity') {
    const rank = (name: string): number => (SEVERITIES as readonly string[]).indexOf(name);
    return rank(actual) - rank(wanted);
  }
  const difference = Number(actual) - Number(wanted);
  if (!Number.isNaN(difference)) return difference;
  return actual === wanted ? 0 : actual < wanted ? -1 : 1;
}

const OPERATORS: Readonly<Record<string, (order: number) => boolean>> = {
  '=': (order) => order === 0,
  '!=': (order) => order !== 0,
  '>=': (order) => order >= 0,
  '<=': (order) => order <= 0,
  '>': (order) => order > 0,
  '<': (order) => order < 0,
};

function parseTerm(term: string): (entry: Json) => boolean {
  const [, path = '', operator = '', quoted, bare = ''] = TERM.exec(term.trim()) ?? [];
  if (path === '') throw new GoogleError('INVALID_ARGUMENT', `Unparseable filter: ${term}`);
  const wanted = quoted?.replace(/\\(.)/g, '$1') ?? bare;
  return (entry) => {
    const value = valueAt(entry, path);
    if (value === undefined) return operator.startsWith('!');
    // `field:*` asks whether there is one.
    if (operator === ':' && quoted === undefined && bare === '*') return true;
    if (operator === '=~') return new RegExp(wanted).test(String(value));
    if (operator === '!~') return !new RegExp(wanted).test(String(value));
    if (operator === ':') return String(value).toLowerCase().includes(wanted.toLowerCase());
    return OPERATORS[operator]?.(compare(path, String(value), wanted)) === true;
  };
}

type Matches = (entry: Json) => boolean;

/** Cuts where `joint` stands outside of quotes and parentheses. */
function cut(text: string, joint: RegExp): string[] {
  const parts = [''];
  let depth = 0;
  for (const [piece] of text.matchAll(
    /"(?:[^"\\]|\\.)*"|[()]|\s+(?:AND|OR)\s+|\n+|[^"()\s]+|\s+/g,
  )) {
    if (piece === '(') depth += 1;
    if (piece === ')') depth -= 1;
    if (depth === 0 && joint.test(piece)) parts.push('');
    else parts[parts.length - 1] += piece;
  }
  return parts.map((part) => part.trim()).filter(Boolean);
}

const IN_PARENTHESES = /^\(([\s\S]*)\)$/;

const alternatives = (text: string): readonly Matches[] =>
  cut(text, /^\s+OR\s+$/).map((term) => {
    const inner = IN_PARENTHESES.exec(term)?.[1];
    return inner === undefined ? parseTerm(term) : logFilter(inner);
  });

/** @throws GoogleError INVALID_ARGUMENT */
export function logFilter(filter: string): Matches {
  const all = cut(filter, /^(?:\s+AND\s+|\n+)$/).map(alternatives);
  return (entry) => all.every((some) => some.some((matches) => matches(entry)));
}
