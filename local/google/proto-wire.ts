/**
 * Between protobufjs' plain objects and proto3 JSON: the well-known types that have a
 * JSON form of their own. Everything else is the same in both.
 */

import { lookup, type ProtoField, type ProtoNode, resolve } from './proto-json.ts';
import type { Json } from './proto-schema.ts';

type Convert = (value: unknown) => unknown;

const NANOS_PER_S = 1_000_000_000;
const fraction = (nanos: number): string =>
  nanos === 0 ? '' : `.${String(nanos).padStart(9, '0').replace(/0+$/, '')}`;
const parts = (value: unknown): { seconds: number; nanos: number } => {
  const { seconds = 0, nanos = 0 } = value as { seconds?: number | string; nanos?: number };
  return { seconds: Number(seconds), nanos };
};
const split = (text: string): { seconds: string; nanos: number } => {
  const [seconds = '0', digits = ''] = text.split('.');
  return { seconds, nanos: Number(digits.padEnd(9, '0').slice(0, 9)) % NANOS_PER_S };
};

const TO_JSON: Readonly<Record<string, Convert>> = {
  'google.protobuf.Timestamp': (value) => {
    const { seconds, nanos } = parts(value);
    return `${new Date(seconds * 1000).toISOString().slice(0, 19)}${fraction(nanos)}Z`;
  },
  'google.protobuf.Duration': (value) => {
    const { seconds, nanos } = parts(value);
    return `${seconds}${fraction(nanos)}s`;
  },
  'google.protobuf.FieldMask': (value) => ((value as { paths?: string[] }).paths ?? []).join(','),
};

const TO_WIRE: Readonly<Record<string, Convert>> = {
  'google.protobuf.Timestamp': (value) => {
    const text = String(value);
    const seconds = String(Math.floor(Date.parse(text) / 1000));
    return { seconds, nanos: split(text.replace(/^.*T[\d:]*|Z$/g, '')).nanos };
  },
  'google.protobuf.Duration': (value) => split(String(value).slice(0, -1)),
  'google.protobuf.FieldMask': (value) => ({ paths: String(value).split(',').filter(Boolean) }),
};

/** Rebuilds a message, converting the well-known types in it with `table`. */
function convert(
  root: ProtoNode,
  type: string,
  value: unknown,
  table: Readonly<Record<string, Convert>>,
): unknown {
  const wellKnown = table[type];
  if (wellKnown) return wellKnown(value);
  const fields = lookup(root, type)?.fields;
  if (!fields || typeof value !== 'object' || value === null) return value;

  const each = (field: ProtoField, v: unknown): unknown => {
    const inner = resolve(root, type, field.type);
    if (!inner) return v;
    if (Array.isArray(v)) return v.map((item) => convert(root, inner, item, table));
    if (!field.keyType) return convert(root, inner, v, table);
    const entries = Object.entries(v as Json);
    return Object.fromEntries(entries.map(([k, item]) => [k, convert(root, inner, item, table)]));
  };
  return Object.fromEntries(
    Object.entries(value).map(([name, v]) => {
      const field = fields[name];
      return [name, field ? each(field, v) : v];
    }),
  );
}

/** @param value what `Type.toObject` gave, longs, enums and bytes as strings */
export const toJson = (root: ProtoNode, type: string, value: object): Json =>
  convert(root, type, value, TO_JSON) as Json;

/** @returns what `Type.fromObject` takes */
export const toWire = (root: ProtoNode, type: string, value: object): Json =>
  convert(root, type, value, TO_WIRE) as Json;
