/** Reads expressions: strings with templates, lists, objects, references, calls, `?:`, `==`, `!=`. */

import type { Cursor } from './cursor.ts';
import type { Expression } from './syntax.ts';

const NAME = /[A-Za-z_][\w-]*/;
const NUMBER = /-?\d+(\.\d+)?/;
const LITERALS: ReadonlyMap<string, boolean | null> = new Map([
  ['true', true],
  ['false', false],
  ['null', null],
]);
const ESCAPES: Readonly<Record<string, string>> = { n: '\n', t: '\t', '"': '"', '\\': '\\' };

export const readName = (cursor: Cursor): string => cursor.match(NAME) ?? cursor.fail('a name');

/** @throws TerraformError */
export function readExpression(cursor: Cursor): Expression {
  const test = readEquality(cursor);
  if (!cursor.takes('?')) return test;
  const yes = readExpression(cursor);
  cursor.needs(':');
  return { kind: 'conditional', test, yes, no: readExpression(cursor) };
}

function readEquality(cursor: Cursor): Expression {
  const left = readChain(cursor);
  for (const [operator, negated] of [
    ['==', false],
    ['!=', true],
  ] as const) {
    if (cursor.takes(operator)) {
      return { kind: 'equality', negated, left, right: readChain(cursor) };
    }
  }
  return left;
}

/** A term and what hangs on it: `.name`, `[key]`, `[*].name`. */
function readChain(cursor: Cursor): Expression {
  let term = readTerm(cursor);
  for (;;) {
    if (cursor.takes('[*]')) term = { kind: 'splat', of: term, names: readNames(cursor) };
    else if (cursor.takes('[')) {
      const of = term;
      term = cursor.acrossLines(() => {
        const key = readExpression(cursor);
        cursor.needs(']');
        return { kind: 'index', of, key };
      });
    } else if (cursor.takes('.')) {
      term = { kind: 'attribute', of: term, name: readName(cursor) };
    } else return term;
  }
}

function readNames(cursor: Cursor): readonly string[] {
  const names: string[] = [];
  while (cursor.takes('.')) names.push(readName(cursor));
  return names;
}

function readTerm(cursor: Cursor): Expression {
  if (cursor.takes('"')) return readTemplate(cursor);
  if (cursor.takes('[')) return { kind: 'list', items: readItems(cursor, ']') };
  if (cursor.takes('{')) return readObject(cursor);
  const number = cursor.match(NUMBER);
  if (number !== undefined) return { kind: 'literal', value: Number(number) };
  const name = cursor.match(NAME) ?? cursor.fail('an expression');
  const literal = LITERALS.get(name);
  if (literal !== undefined) return { kind: 'literal', value: literal };
  if (cursor.takes('(')) return { kind: 'call', name, args: readItems(cursor, ')') };
  return { kind: 'name', name };
}

/** Comma-separated expressions up to the closing bracket. */
function readItems(cursor: Cursor, close: string): readonly Expression[] {
  return cursor.acrossLines(() => {
    const items: Expression[] = [];
    while (!cursor.takes(close)) {
      items.push(readExpression(cursor));
      if (!cursor.takes(',') && !cursor.sees(close)) cursor.fail(`"," or "${close}"`);
    }
    return items;
  });
}

/** `{ key = value, "key" = value }`, entries ended by commas or line ends. */
function readObject(cursor: Cursor): Expression {
  return cursor.acrossLines(() => {
    const entries: (readonly [Expression, Expression])[] = [];
    while (!cursor.takes('}')) {
      const bare = cursor.match(NAME);
      const key: Expression =
        bare === undefined ? readTerm(cursor) : { kind: 'literal', value: bare };
      cursor.needs('=');
      entries.push([key, readExpression(cursor)]);
      cursor.takes(',');
    }
    return { kind: 'object', entries };
  });
}

/** After the opening quote. */
function readTemplate(cursor: Cursor): Expression {
  const parts: (string | Expression)[] = [];
  let text = '';
  for (;;) {
    text += cursor.match(/(?:[^"\\$\n]|\$(?!\{))*/, true) ?? '';
    const special = cursor.match(/"|\$\{|\\./, true) ?? cursor.fail('the end of the string');
    if (special === '"') break;
    if (special === '${') {
      if (text !== '') parts.push(text);
      text = '';
      parts.push(cursor.acrossLines(() => readExpression(cursor)));
      cursor.needs('}');
    } else text += ESCAPES[special[1] ?? ''] ?? cursor.fail('\\n, \\t, \\" or \\\\');
  }
  if (parts.length === 0) return { kind: 'literal', value: text };
  if (text !== '') parts.push(text);
  return { kind: 'template', parts };
}
