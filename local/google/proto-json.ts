/** Reflection JSON as pbjs writes it (`build/protos/protos.json` of every Google client), and lookups in it. */

import { createRequire } from 'node:module';

export interface ProtoField {
  readonly type: string;
  readonly rule?: 'repeated';
  /** Present on map fields. */
  readonly keyType?: string;
  readonly options?: Readonly<Record<string, unknown>>;
}

export interface ProtoMethod {
  readonly requestType: string;
  readonly responseType: string;
  readonly parsedOptions?: readonly Readonly<Record<string, unknown>>[];
}

/** A namespace, message, enum or service: pbjs does not tell them apart but by what they have. */
export interface ProtoNode {
  readonly nested?: Readonly<Record<string, ProtoNode>>;
  readonly fields?: Readonly<Record<string, ProtoField>>;
  readonly oneofs?: Readonly<Record<string, { readonly oneof: readonly string[] }>>;
  readonly values?: Readonly<Record<string, number>>;
  readonly methods?: Readonly<Record<string, ProtoMethod>>;
}

/** Reads the protos of an installed client, e.g. `@google-cloud/compute`. */
export function loadProtos(packageName: string): ProtoNode {
  return createRequire(import.meta.url)(`${packageName}/build/protos/protos.json`) as ProtoNode;
}

/** The node of a full name, or undefined. */
export function lookup(root: ProtoNode, fullName: string): ProtoNode | undefined {
  let node: ProtoNode | undefined = root;
  for (const part of fullName.split('.')) node = node?.nested?.[part];
  return node;
}

/** Full name of what `name` means inside `scope`: the innermost scope that has it wins, as in protoc. */
export function resolve(root: ProtoNode, scope: string, name: string): string | undefined {
  const parts = scope.split('.');
  for (let depth = parts.length; depth >= 0; depth -= 1) {
    const candidate = [...parts.slice(0, depth), name].join('.');
    if (lookup(root, candidate)) return candidate;
  }
  return undefined;
}
