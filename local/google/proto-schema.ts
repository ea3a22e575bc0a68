/**
 * Strict reading of JSON request bodies against the protos that the official clients
 * carry: a field that Google does not know is refused here too, in Google's words.
 *
 * https://protobuf.dev/programming-guides/json/
 */

import type { ProtoField, ProtoNode } from './proto-json.ts';
import { lookup, resolve } from './proto-json.ts';
import { isMessage, SCALARS, WELL_KNOWN } from './proto-scalars.ts';
import { GoogleError } from './service.ts';

export type Json = Record<string, unknown>;

export interface Schema {
  readonly root: ProtoNode;
  /**
   * Reads a body as a message.
   * @param type full name, `google.cloud.secretmanager.v1.Secret`
   * @param at path of the body inside the request, for the error text (`secret`); empty for the root
   * @returns a normal form: camelCase names, 64-bit integers as strings, nulls left out
   * @throws GoogleError INVALID_ARGUMENT with one line for each thing that is wrong
   */
  read(type: string, body: unknown, at?: string): Json;
  /** `read`, for its errors alone. */
  validateBody(type: string, body: unknown, at?: string): void;
}

const camel = (name: string): string =>
  name.replace(/_([a-z0-9])/g, (_, c: string) => c.toUpperCase());

const join = (at: string, name: string): string => (at === '' ? name : `${at}.${name}`);
const quote = (value: unknown): string => JSON.stringify(value) ?? 'undefined';

/** The value is left out for bytes: it may be a secret. */
const badValue = (at: string, type: string, value: unknown): string =>
  type === 'TYPE_BYTES'
    ? `Invalid value at '${at}' (TYPE_BYTES), Base64 decoding failed`
    : `Invalid value at '${at}' (${type}), ${quote(value)}`;

/** One reading in progress. */
interface Reading {
  readonly root: ProtoNode;
  /** Lines of the error message so far. */
  readonly problems: string[];
}

function scalar(reading: Reading, type: string, value: unknown, at: string): unknown {
  const read = SCALARS[type] ?? WELL_KNOWN[type];
  const result = read?.(value);
  const label = SCALARS[type] ? `TYPE_${type.toUpperCase()}` : `type.googleapis.com/${type}`;
  if (result === undefined) reading.problems.push(badValue(at, label, value));
  return result;
}

function enumeration(
  reading: Reading,
  type: string,
  values: Readonly<Record<string, number>>,
  value: unknown,
  at: string,
): unknown {
  if (typeof value === 'string' && Object.hasOwn(values, value)) return value;
  const name = Object.keys(values).find((key) => values[key] === value);
  if (name === undefined) reading.problems.push(badValue(at, `type.googleapis.com/${type}`, value));
  return name;
}

function single(reading: Reading, type: string, value: unknown, at: string): unknown {
  if (SCALARS[type] || WELL_KNOWN[type]) return scalar(reading, type, value, at);
  const values = lookup(reading.root, type)?.values;
  return values ? enumeration(reading, type, values, value, at) : message(reading, type, value, at);
}

function list(reading: Reading, type: string, value: unknown, at: string): unknown {
  if (Array.isArray(value)) return value.map((v, i) => single(reading, type, v, `${at}[${i}]`));
  reading.problems.push(badValue(at, `type.googleapis.com/${type}`, value));
  return undefined;
}

function map(reading: Reading, type: string, value: unknown, at: string): unknown {
  if (!isMessage(value)) {
    reading.problems.push(badValue(at, 'Map', value));
    return undefined;
  }
  const entries = Object.entries(value).map(
    ([key, v], i) => [key, single(reading, type, v, `${at}[${i}].value`)] as const,
  );
  return Object.fromEntries(entries);
}

function field(
  reading: Reading,
  owner: string,
  definition: ProtoField,
  value: unknown,
  at: string,
): unknown {
  const { type: name, keyType, rule } = definition;
  const type = name in SCALARS ? name : (resolve(reading.root, owner, name) ?? name);
  if (keyType) return map(reading, type, value, at);
  return rule === 'repeated' ? list(reading, type, value, at) : single(reading, type, value, at);
}

function checkOneofs(reading: Reading, node: ProtoNode, result: Json, at: string): void {
  for (const [name, { oneof }] of Object.entries(node.oneofs ?? {})) {
    const [, second] = oneof.filter((member) => Object.hasOwn(result, member));
    if (second === undefined) continue;
    const set = `oneof field '${name}' is already set. Cannot set '${second}'`;
    reading.problems.push(`Invalid value at '${at}' (oneof), ${set}`);
  }
}

function message(reading: Reading, type: string, value: unknown, at: string): unknown {
  const node = lookup(reading.root, type) ?? {};
  const fields = node.fields ?? {};
  if (!isMessage(value)) {
    reading.problems.push(badValue(at, `type.googleapis.com/${type}`, value));
    return undefined;
  }
  const result: Json = {};
  for (const [key, v] of Object.entries(value)) {
    const name = Object.hasOwn(fields, key) ? key : camel(key);
    const definition = Object.hasOwn(fields, name) ? fields[name] : undefined;
    if (definition && v !== null) {
      result[name] = field(reading, type, definition, v, join(at, name));
    } else if (!definition) {
      const where = at === '' ? '' : ` at '${at}'`;
      reading.problems.push(
        `Invalid JSON payload received. Unknown name ${quote(key)}${where}: Cannot find field.`,
      );
    }
  }
  checkOneofs(reading, node, result, at);
  return result;
}

/** @param root reflection JSON of a client (`loadProtos`), or a hand-written excerpt of a discovery document */
export function createSchema(root: ProtoNode): Schema {
  const read: Schema['read'] = (type, body, at = '') => {
    const problems: string[] = [];
    const result = single({ root, problems }, type, body, at);
    if (problems.length === 0) return result as Json;
    const fieldViolations = problems.map((description) => ({ field: at, description }));
    throw new GoogleError('INVALID_ARGUMENT', problems.join('\n'), 'badRequest', [
      { '@type': 'type.googleapis.com/google.rpc.BadRequest', fieldViolations },
    ]);
  };
  return { root, read, validateBody: (type, body, at) => void read(type, body, at) };
}
