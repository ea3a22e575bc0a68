/**
 * List filters: `labels.k=v AND (status != "RUNNING" OR name eq .*x)`, `labels.k:*`.
 * https://cloud.google.com/compute/docs/reference/rest/v1/instances/list (filter)
 */

import { invalidField } from './errors.ts';

export type Predicate = (resource: unknown) => boolean;

/** Every value at a dotted path; a list on the way means any of its elements. */
function valuesAt(resource: unknown, path: readonly string[]): unknown[] {
  if (Array.isArray(resource)) return resource.flatMap((element) => valuesAt(element, path));
  const [head, ...rest] = path;
  if (head === undefined) return resource === undefined ? [] : [resource];
  if (typeof resource !== 'object' || resource === null) return [];
  return valuesAt((resource as Record<string, unknown>)[head], rest);
}

const wholeMatch = (pattern: string): RegExp => new RegExp(`^(?:${pattern})$`);

/** How one operator compares a field's value, as text, with the filter's. */
function comparer(operator: string, wanted: string): (value: string) => boolean {
  if (operator === '=') return (value) => value === wanted;
  if (operator === ':') return (value) => wanted === '*' || value.includes(wanted);
  if (operator === 'eq' || operator === 'ne' || operator === '~') {
    const pattern = wholeMatch(wanted);
    return (value) => pattern.test(value);
  }
  const [number] = [Number(wanted)];
  if (operator === '>') return (value) => Number(value) > number;
  if (operator === '<') return (value) => Number(value) < number;
  if (operator === '>=') return (value) => Number(value) >= number;
  return (value) => Number(value) <= number;
}

const NEGATED: Readonly<Record<string, string>> = { '!=': '=', ne: 'eq', '!~': '~' };

function comparison(field: string, operator: string, wanted: string): Predicate {
  const positive = NEGATED[operator];
  const matches = comparer(positive ?? operator, wanted);
  const path = field.split('.');
  const found: Predicate = (resource) =>
    valuesAt(resource, path).some((value) => matches(String(value)));
  return positive === undefined ? found : (resource) => !found(resource);
}

const unquote = (text: string): string =>
  /^["']/.test(text) ? text.slice(1, -1).replace(/\\(.)/g, '$1') : text;

class Reader {
  readonly #text: string;
  #at = 0;

  constructor(text: string) {
    this.#text = text;
  }

  /** Takes what the (sticky) pattern matches here, white space skipped. */
  take(pattern: RegExp): string | undefined {
    const sticky = new RegExp(`\\s*(${pattern.source})`, 'y');
    sticky.lastIndex = this.#at;
    const found = sticky.exec(this.#text);
    if (!found) return undefined;
    this.#at = sticky.lastIndex;
    return found[1];
  }

  need(pattern: RegExp): string {
    const token = this.take(pattern);
    if (token !== undefined) return token;
    throw invalidField('filter', this.#text, 'Invalid list filter expression.');
  }

  get done(): boolean {
    return this.#text.slice(this.#at).trim() === '';
  }
}

function term(reader: Reader): Predicate {
  if (reader.take(/NOT\b|-(?=\()/) !== undefined) {
    const inner = term(reader);
    return (resource) => !inner(resource);
  }
  if (reader.take(/\(/) !== undefined) {
    const inner = either(reader);
    reader.need(/\)/);
    return inner;
  }
  const field = reader.need(/[A-Za-z][\w.-]*/);
  const operator = reader.need(/!=|!~|>=|<=|=|:|~|>|<|eq\b|ne\b/);
  const value = reader.need(/"(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*'|[^\s()]+/);
  return comparison(field, operator, unquote(value));
}

function both(reader: Reader): Predicate {
  const terms = [term(reader)];
  while (!reader.done) {
    if (reader.take(/(?=OR\b|\))/) !== undefined) break;
    reader.take(/AND\b/);
    terms.push(term(reader));
  }
  return (resource) => terms.every((one) => one(resource));
}

function either(reader: Reader): Predicate {
  const branches = [both(reader)];
  while (reader.take(/OR\b/) !== undefined) branches.push(both(reader));
  return (resource) => branches.some((one) => one(resource));
}

/** @throws GoogleError INVALID_ARGUMENT */
export function parseFilter(text: string | null): Predicate {
  if (text === null || text.trim() === '') return () => true;
  const reader = new Reader(text);
  const predicate = either(reader);
  reader.need(/$/);
  return predicate;
}
