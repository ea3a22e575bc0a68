/**
 * The metadata tree as a value, and its two renderings: text and JSON.
 * https://cloud.google.com/compute/docs/metadata/querying-metadata
 *
 * In JSON names are camelCase (`machine-type` -> `machineType`), but custom attributes
 * and service accounts keep theirs; numbered directories become arrays.
 */

/** The answer to what cannot be said before somebody asks: tokens. */
export interface DynamicAnswer {
  readonly status: number;
  readonly type: string;
  readonly body: string;
}

export type Node =
  | { readonly kind: 'text'; readonly value: string }
  | { readonly kind: 'number'; readonly value: string }
  /** One entry a line; an array in JSON. */
  | { readonly kind: 'lines'; readonly values: readonly string[] }
  /** A JSON array even as text (`tags`). */
  | { readonly kind: 'array'; readonly values: readonly string[] }
  /** Directories `0/`, `1/`, ... */
  | { readonly kind: 'numbered'; readonly children: readonly Node[] }
  | { readonly kind: 'directory'; readonly children: Children; readonly verbatim: boolean }
  /** Not part of recursive answers. */
  | {
      readonly kind: 'dynamic';
      readonly ask: (query: URLSearchParams) => Promise<DynamicAnswer>;
    };

export type Children = Readonly<Record<string, Node>>;

export const text = (value: string): Node => ({ kind: 'text', value });
/** @param value decimal digits: ids are larger than a JavaScript number */
export const number = (value: string): Node => ({ kind: 'number', value });
export const lines = (values: readonly string[]): Node => ({ kind: 'lines', values });
export const array = (values: readonly string[]): Node => ({ kind: 'array', values });
export const numbered = (children: readonly Node[]): Node => ({ kind: 'numbered', children });
export const directory = (children: Children): Node => ({
  kind: 'directory',
  children,
  verbatim: false,
});
export const verbatim = (children: Children): Node => ({
  kind: 'directory',
  children,
  verbatim: true,
});
export const dynamic = (ask: (query: URLSearchParams) => Promise<DynamicAnswer>): Node => ({
  kind: 'dynamic',
  ask,
});

export const isDirectory = (node: Node): boolean =>
  node.kind === 'directory' || node.kind === 'numbered';

function childOf(node: Node, name: string): Node | undefined {
  if (node.kind === 'numbered') return /^\d+$/.test(name) ? node.children[Number(name)] : undefined;
  if (node.kind !== 'directory') return undefined;
  return Object.hasOwn(node.children, name) ? node.children[name] : undefined;
}

/** The node at a path of names, or undefined. */
export function descend(root: Node, names: readonly string[]): Node | undefined {
  let node: Node | undefined = root;
  for (const name of names) node = node && childOf(node, name);
  return node;
}

const camel = (name: string): string => name.replace(/-(\w)/g, (_, c: string) => c.toUpperCase());

/** JSON text; digits of large numbers stay exact. */
export function toJson(node: Node): string {
  switch (node.kind) {
    case 'text':
      return JSON.stringify(node.value);
    case 'number':
      return node.value;
    case 'lines':
    case 'array':
      return JSON.stringify(node.values);
    case 'numbered':
      return `[${node.children.map(toJson).join(',')}]`;
    case 'dynamic':
      return 'null';
    case 'directory': {
      const shown = Object.entries(node.children).filter(([, child]) => child.kind !== 'dynamic');
      const pairs = shown.map(
        ([name, child]) => `${JSON.stringify(node.verbatim ? name : camel(name))}:${toJson(child)}`,
      );
      return `{${pairs.join(',')}}`;
    }
  }
}

/** Names of a directory, one a line; directories end in a slash. */
function listing(node: Node): string {
  const entries: readonly (readonly [string, Node])[] =
    node.kind === 'numbered'
      ? node.children.map((child, index) => [String(index), child] as const)
      : node.kind === 'directory'
        ? Object.entries(node.children)
        : [];
  return entries.map(([name, child]) => `${name}${isDirectory(child) ? '/' : ''}\n`).join('');
}

/** All leaves below, as `path value` lines: `recursive=true&alt=text`. */
function flat(node: Node, path: string): string {
  if (node.kind === 'dynamic') return '';
  if (node.kind === 'directory') {
    return Object.entries(node.children)
      .map(([name, child]) => flat(child, `${path}/${name}`))
      .join('');
  }
  if (node.kind === 'numbered') {
    return node.children.map((child, index) => flat(child, `${path}/${index}`)).join('');
  }
  return `${path.slice(1)} ${toText(node, false)}\n`;
}

export function toText(node: Node, recursive: boolean): string {
  switch (node.kind) {
    case 'text':
    case 'number':
      return node.value;
    case 'lines':
      return node.values.map((value) => `${value}\n`).join('');
    case 'array':
      return JSON.stringify(node.values);
    default:
      return recursive ? flat(node, '') : listing(node);
  }
}
