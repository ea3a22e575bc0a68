/**
 * Cuts a Google client's `protos.json` down to the methods that we call.
 *
 * The clients parse that file when they are constructed (compute's has 12 MB), which is
 * most of a cold start. Kept are the named methods and every type that they reach. Options
 * (`google.api.http`) stand as plain values at what they belong to: the types and extensions
 * that declare them are not needed to read them.
 */

interface ProtoNode {
  nested?: Record<string, ProtoNode>;
  fields?: Record<string, { type: string; keyType?: string }>;
  methods?: Record<string, { requestType: string; responseType: string }>;
  values?: Record<string, number>;
  [key: string]: unknown;
}

const isNamespace = (node: ProtoNode): boolean =>
  !node.fields && !node.methods && !node.values && node.nested !== undefined;

/** All nodes by their full name. */
function indexNodes(root: ProtoNode): Map<string, ProtoNode> {
  const byName = new Map<string, ProtoNode>();
  const visit = (node: ProtoNode, path: readonly string[]): void => {
    byName.set(path.join('.'), node);
    for (const [name, child] of Object.entries(node.nested ?? {})) visit(child, [...path, name]);
  };
  visit(root, []);
  return byName;
}

/** Protobuf scoping: the innermost enclosing scope that knows the name. */
function resolve(
  byName: ReadonlyMap<string, ProtoNode>,
  scope: string,
  type: string,
): string | undefined {
  if (type.startsWith('.')) return type.slice(1);
  const path = scope.split('.');
  for (let depth = path.length; depth >= 0; depth--) {
    const candidate = [...path.slice(0, depth), type].join('.');
    if (byName.has(candidate)) return candidate;
  }
  return undefined;
}

function referencedTypes(node: ProtoNode): string[] {
  return [
    ...Object.values(node.fields ?? {}).map((field) => field.type),
    ...Object.values(node.methods ?? {}).flatMap((method) => [
      method.requestType,
      method.responseType,
    ]),
  ];
}

/** Names reachable from the given services, the services included. */
function reach(byName: ReadonlyMap<string, ProtoNode>, services: readonly string[]): Set<string> {
  const found = new Set<string>();
  const queue = [...services];
  while (queue.length > 0) {
    const name = queue.pop() as string;
    const node = byName.get(name);
    if (found.has(name) || !node || isNamespace(node)) continue;
    found.add(name);
    for (const child of Object.keys(node.nested ?? {})) queue.push(`${name}.${child}`);
    const parent = name.slice(0, name.lastIndexOf('.'));
    if (byName.get(parent)?.fields) queue.push(parent);
    for (const type of referencedTypes(node)) {
      const target = resolve(byName, name, type);
      if (target) queue.push(target);
    }
  }
  return found;
}

function prune(
  node: ProtoNode,
  path: readonly string[],
  keep: ReadonlySet<string>,
): ProtoNode | undefined {
  const name = path.join('.');
  if (keep.has(name)) return node;
  if (!isNamespace(node)) return undefined;
  const nested = Object.entries(node.nested ?? {}).flatMap(([key, child]) => {
    const kept = prune(child, [...path, key], keep);
    return kept ? [[key, kept] as const] : [];
  });
  return nested.length > 0 ? { ...node, nested: Object.fromEntries(nested) } : undefined;
}

/** Full name of a service -> names of the methods that are called, e.g. `GetSecret`. */
export type CalledMethods = Readonly<Record<string, readonly string[]>>;

/** The same tree with only the called methods in the named services. */
function withMethods(root: ProtoNode, called: CalledMethods): ProtoNode {
  const copy = structuredClone(root);
  const byName = indexNodes(copy);
  for (const [service, wanted] of Object.entries(called)) {
    const methods = byName.get(service)?.methods;
    const missing = wanted.filter((method) => !methods?.[method]);
    if (!methods || missing.length > 0) {
      throw new Error(`these protos have no ${service} with ${missing.join(', ') || 'methods'}`);
    }
    for (const method of Object.keys(methods)) if (!wanted.includes(method)) delete methods[method];
  }
  return copy;
}

/**
 * @param root the parsed `protos.json` (protobufjs reflection JSON); stays as it is
 * @returns a root of the same shape with only what the called methods need
 * @throws Error when a service or method does not exist: the client's version has changed
 */
export function trimProtos(root: ProtoNode, called: CalledMethods): ProtoNode {
  const narrowed = withMethods(root, called);
  return prune(narrowed, [], reach(indexNodes(narrowed), Object.keys(called))) ?? {};
}
