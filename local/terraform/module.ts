/**
 * A Terraform module with its inputs filled in: which resources it declares, with which
 * values. Nothing is created here. What the language has and infra/ does not use is refused.
 */

import type { Facts } from './computed.ts';
import { evaluate, type Scope } from './evaluate.ts';
import { parseTerraform } from './parse.ts';
import { type Evaluated, evaluateResource, type Resource } from './resources.ts';
import { lazyObject, once } from './scope.ts';
import type { Block } from './syntax.ts';
import { TerraformError, type Value } from './value.ts';

export interface Plan {
  readonly resources: readonly Resource[];
  /** What is only read; asking for some of it makes it. */
  readonly data: readonly Resource[];
  readonly outputs: Readonly<Record<string, Value>>;
}

export interface ModuleOptions {
  /** Path below the module -> text: the `.tf` files, and what they read with `file()`. */
  readonly files: Readonly<Record<string, string>>;
  readonly inputs: Readonly<Record<string, Value>>;
  readonly facts: Facts;
}

type Values = Readonly<Record<string, Value>>;

const BLOCKS = ['terraform', 'provider', 'variable', 'locals', 'data', 'resource', 'output'];
/** What `path.module` is. */
const HERE = '.';

/** Every block of the module's own files. @throws TerraformError */
export function readBlocks(files: ModuleOptions['files']): readonly Block[] {
  const blocks = Object.keys(files)
    .filter((path) => path.endsWith('.tf') && !path.includes('/'))
    .sort()
    .flatMap((path) => parseTerraform(files[path] ?? '', path).blocks);
  const unknown = blocks.find(({ type }) => !BLOCKS.includes(type));
  if (unknown) throw new TerraformError(`block ${unknown.type} is not known here`);
  return blocks;
}

const named = (blocks: readonly Block[], type: string): ReadonlyMap<string, Block> =>
  new Map(
    blocks
      .filter((block) => block.type === type)
      .map((block) => [block.labels.join('.'), block] as const),
  );

function readInputs(blocks: readonly Block[], inputs: Values, scope: Scope): Values {
  const variables = named(blocks, 'variable');
  const unknown = Object.keys(inputs).find((name) => !variables.has(name));
  if (unknown) throw new TerraformError(`there is no variable ${unknown}`);
  const entries = [...variables].map(([name, { body }]) => {
    const fallback = body.attributes.get('default');
    const value = inputs[name] ?? (fallback && evaluate(fallback, scope));
    if (value === undefined) throw new TerraformError(`variable ${name} has no value`);
    return [name, value] as const;
  });
  return Object.fromEntries(entries);
}

/** `local.x` */
function readLocals(blocks: readonly Block[], scope: Scope): Values {
  const all = new Map(
    blocks.flatMap(({ type, body }) => (type === 'locals' ? [...body.attributes] : [])),
  );
  const read = once((name) => {
    const expression = all.get(name);
    if (!expression) throw new TerraformError(`there is no local ${name}`);
    return evaluate(expression, scope);
  });
  return lazyObject([...all.keys()], read);
}

/** `type.name` for every declared one: an object of objects. */
function references(declared: ReadonlyMap<string, Block>, read: (base: string) => Value): Values {
  const byType = Map.groupBy(declared.values(), ({ labels: [type = ''] }) => type);
  return lazyObject([...byType.keys()], (type) => {
    const names = byType.get(type)?.map(({ labels: [, name = ''] }) => name) ?? [];
    return lazyObject(names, (name) => read(`${type}.${name}`));
  });
}

/**
 * @throws TerraformError with what is not understood; never guesses
 */
export function planModule({ files, inputs, facts }: ModuleOptions): Plan {
  const blocks = readBlocks(files);
  const read = (path: string): string => {
    const text = files[path.replace(`${HERE}/`, '')];
    if (text === undefined) throw new TerraformError(`there is no file ${path}`);
    return text;
  };
  const lookup = (name: string): Value => {
    const root = roots[name] ?? resources[name];
    if (root === undefined) throw new TerraformError(`nothing is called ${name}`);
    return root;
  };
  const scope: Scope = { lookup, files: { read } };

  const evaluated = new Map<string, Evaluated>();
  const looked = new Map<string, Evaluated>();
  const readAll = (declared: ReadonlyMap<string, Block>, kept: Map<string, Evaluated>) =>
    references(
      declared,
      once((base) => {
        const block = declared.get(base) as Block;
        const result = evaluateResource(base, block, scope, facts);
        kept.set(base, result);
        return result.reference;
      }),
    );
  const declared = named(blocks, 'resource');
  const resources = readAll(declared, evaluated);
  const roots: Values = {
    var: readInputs(blocks, inputs, scope),
    local: readLocals(blocks, scope),
    data: readAll(named(blocks, 'data'), looked),
    path: { module: HERE },
  };

  for (const { labels } of declared.values()) {
    evaluate(
      { kind: 'attribute', of: { kind: 'name', name: labels[0] ?? '' }, name: labels[1] ?? '' },
      scope,
    );
  }
  const outputs = [...named(blocks, 'output')].map(([name, { body }]) => {
    const value = body.attributes.get('value');
    return [name, value ? evaluate(value, scope) : null] as const;
  });
  return {
    resources: [...declared.keys()].flatMap((base) => evaluated.get(base)?.resources ?? []),
    data: [...looked.values()].flatMap(({ resources: all }) => all),
    outputs: Object.fromEntries(outputs),
  };
}
