/** What expressions and the bodies of blocks come to, in a scope. */

import { callBuiltIn, entriesOf, type Files } from './functions.ts';
import type { Block, Body, Expression } from './syntax.ts';
import { asText, isList, member, TerraformError, type Value } from './value.ts';

export interface Scope {
  /** What a root name means (`var`, `local`, `each`, a resource type). @throws TerraformError */
  lookup(name: string): Value;
  readonly files: Files;
}

/** @throws TerraformError */
export function evaluate(expression: Expression, scope: Scope): Value {
  const of = (inner: Expression): Value => evaluate(inner, scope);
  switch (expression.kind) {
    case 'literal':
      return expression.value;
    case 'template':
      return expression.parts
        .map((part) => (typeof part === 'string' ? part : asText(of(part))))
        .join('');
    case 'list':
      return expression.items.map(of);
    case 'object':
      return Object.fromEntries(
        expression.entries.map(([key, value]) => [asText(of(key)), of(value)]),
      );
    case 'name':
      return scope.lookup(expression.name);
    case 'attribute':
      return member(of(expression.of), expression.name);
    case 'index':
      return member(of(expression.of), keyOf(of(expression.key)));
    case 'splat':
      return splat(of(expression.of), expression.names);
    case 'call':
      return callBuiltIn(expression.name, expression.args.map(of), scope.files);
    case 'conditional':
      return of(expression.test) === true ? of(expression.yes) : of(expression.no);
    case 'equality':
      return (of(expression.left) === of(expression.right)) !== expression.negated;
  }
}

function keyOf(value: Value): string | number {
  if (typeof value === 'string' || typeof value === 'number') return value;
  throw new TerraformError(`${JSON.stringify(value)} is no index`);
}

function splat(value: Value, names: readonly string[]): Value {
  if (!isList(value)) throw new TerraformError('[*] takes a list');
  return value.map((item) => names.reduce<Value>(member, item));
}

const within = (scope: Scope, name: string, value: Value): Scope => ({
  ...scope,
  lookup: (wanted) => (wanted === name ? value : scope.lookup(wanted)),
});

/** A `dynamic "x"` block: one `x` for each. */
function dynamicBlocks(block: Block, scope: Scope): readonly Value[] {
  const [name = ''] = block.labels;
  const each = block.body.attributes.get('for_each');
  const content = block.body.blocks.find(({ type }) => type === 'content');
  if (!each || !content) throw new TerraformError(`dynamic "${name}" lacks for_each or content`);
  return entriesOf(evaluate(each, scope)).map(([key, value]) =>
    evaluateBody(content.body, within(scope, name, { key, value })),
  );
}

/**
 * @param without attributes that are Terraform's own (`count`, `depends_on`, ...)
 * @returns attributes by name; nested blocks as lists under their type
 */
export function evaluateBody(
  body: Body,
  scope: Scope,
  without: ReadonlySet<string> = new Set(),
): Readonly<Record<string, Value>> {
  const values: Record<string, Value> = {};
  for (const [name, expression] of body.attributes) {
    if (!without.has(name)) values[name] = evaluate(expression, scope);
  }
  for (const block of body.blocks) {
    const dynamic = block.type === 'dynamic';
    const name = dynamic ? (block.labels[0] ?? '') : block.type;
    const before = values[name] ?? [];
    if (!isList(before)) throw new TerraformError(`${name} is an attribute and a block`);
    const more = dynamic ? dynamicBlocks(block, scope) : [evaluateBody(block.body, scope)];
    values[name] = [...before, ...more];
  }
  return values;
}
