/** What a `resource` or `data` block comes to: one, or as many as `count` and `for_each` say. */

import { COMPUTED, type Facts } from './computed.ts';
import { evaluate, evaluateBody, type Scope } from './evaluate.ts';
import { entriesOf } from './functions.ts';
import type { Block } from './syntax.ts';
import type { Value } from './value.ts';

export interface Resource {
  /** `google_compute_network.agents`, `…["key"]`, `…[0]` */
  readonly address: string;
  readonly type: string;
  /** Arguments as written; nested blocks as lists under their type. */
  readonly values: Readonly<Record<string, Value>>;
}

export interface Evaluated {
  readonly resources: readonly Resource[];
  /** What a reference to the block sees: arguments and computed attributes; a list with `count`, a map with `for_each`. */
  readonly reference: Value;
}

/** Terraform's own arguments, which the provider never sees. */
export const META: ReadonlySet<string> = new Set(['count', 'for_each', 'depends_on']);

type Key = string | number | undefined;

function instancesOf({ body }: Block, scope: Scope): readonly (readonly [Key, Scope])[] {
  const count = body.attributes.get('count');
  if (count) {
    return Array.from({ length: Number(evaluate(count, scope)) }, (_, key) => [key, scope]);
  }
  const each = body.attributes.get('for_each');
  if (!each) return [[undefined, scope]];
  return entriesOf(evaluate(each, scope)).map(([key, value]) => {
    const lookup: Scope['lookup'] = (name) =>
      name === 'each' ? { key, value } : scope.lookup(name);
    return [key, { ...scope, lookup }];
  });
}

function referenceOf({ body }: Block, seen: readonly (readonly [Key, Value])[]): Value {
  if (body.attributes.has('count')) return seen.map(([, value]) => value);
  if (body.attributes.has('for_each')) {
    return Object.fromEntries(seen.map(([key, value]) => [String(key), value]));
  }
  return seen[0]?.[1] ?? null;
}

/** @param base `type.name` */
export function evaluateResource(
  base: string,
  block: Block,
  scope: Scope,
  facts: Facts,
): Evaluated {
  const [type = ''] = block.labels;
  const all = instancesOf(block, scope).map(([key, inner]) => ({
    key,
    address: key === undefined ? base : `${base}[${JSON.stringify(key)}]`,
    type,
    values: evaluateBody(block.body, inner, META),
  }));
  const seen = all.map(({ key, values }): readonly [Key, Value] => [
    key,
    { ...values, ...COMPUTED[type]?.(values, facts) },
  ]);
  return {
    resources: all.map(({ address, values }) => ({ address, type, values })),
    reference: referenceOf(block, seen),
  };
}
