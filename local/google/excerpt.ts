/**
 * Protos of the APIs whose clients are generated from discovery documents and carry
 * none: an excerpt, written down in a short form, of Google's published ones
 * (https://github.com/googleapis/googleapis). Paths and field names are Google's.
 */

import type { ProtoField, ProtoMethod, ProtoNode } from './proto-json.ts';
import { loadProtos } from './proto-json.ts';

/** Field name -> type: `string`, `string[]`, `map<string>`, or the full name of a message. */
export type MessageExcerpt = Readonly<Record<string, string>>;

/** Request type, HTTP verb, path template, and what the body is (`*`, a field, or nothing). */
export type MethodExcerpt = readonly [
  request: string,
  verb: 'get' | 'post' | 'put' | 'patch' | 'delete',
  template: string,
  body?: string,
];

export interface PackageExcerpt {
  /** `google.iam.admin.v1` */
  readonly name: string;
  readonly messages: Readonly<Record<string, MessageExcerpt>>;
  readonly enums?: Readonly<Record<string, readonly string[]>>;
  readonly service: string;
  readonly methods: Readonly<Record<string, MethodExcerpt>>;
}

function fieldOf(type: string): ProtoField {
  if (type.endsWith('[]')) return { type: type.slice(0, -2), rule: 'repeated' };
  const value = /^map<(.*)>$/.exec(type)?.[1];
  return value ? { type: value, keyType: 'string' } : { type };
}

function methodOf([requestType, verb, template, body]: MethodExcerpt): ProtoMethod {
  const http = { [verb]: template, ...(body ? { body } : {}) };
  return {
    requestType,
    responseType: 'google.protobuf.Empty',
    parsedOptions: [{ '(google.api.http)': http }],
  };
}

const mapValues = <A, B>(record: Readonly<Record<string, A>>, to: (value: A) => B) =>
  Object.fromEntries(Object.entries(record).map(([key, value]) => [key, to(value)]));

function packageNode(excerpt: PackageExcerpt): ProtoNode {
  const messages = mapValues(excerpt.messages, (fields) => ({
    fields: mapValues(fields, fieldOf),
  }));
  const enums = mapValues(excerpt.enums ?? {}, (names) => ({
    values: Object.fromEntries(names.map((name, number) => [name, number])),
  }));
  const service = { methods: mapValues(excerpt.methods, methodOf) };
  return { nested: { ...messages, ...enums, [excerpt.service]: service } };
}

/** Reflection JSON of the excerpt, with `google.iam.v1` (taken from a client that carries it) beside it. */
export function excerptProtos(excerpt: PackageExcerpt): ProtoNode {
  const base = loadProtos('@google-cloud/secret-manager').nested?.google?.nested ?? {};
  const [, ...path] = excerpt.name.split('.');
  const graft = (
    siblings: Readonly<Record<string, ProtoNode>>,
    names: readonly string[],
  ): ProtoNode => {
    const [head = '', ...rest] = names;
    if (names.length === 0) return packageNode(excerpt);
    return { nested: { ...siblings, [head]: graft(siblings[head]?.nested ?? {}, rest) } };
  };
  return { nested: { google: graft(base, path) } };
}
