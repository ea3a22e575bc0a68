/** Every argument in infra/ is one that Google's provider has, and every required one is there. */

import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { infraFiles } from '../../local/plane/infra.ts';
import { COMPUTED } from '../../local/terraform/computed.ts';
import { readBlocks } from '../../local/terraform/module.ts';
import { META } from '../../local/terraform/resources.ts';
import type { Block, Body } from '../../local/terraform/syntax.ts';

interface Arguments {
  readonly [name: string]: { readonly required: boolean; readonly block?: Arguments };
}
interface Schema {
  readonly provider: string;
  readonly resources: Readonly<
    Record<string, { readonly arguments: Arguments; readonly attributes: readonly string[] }>
  >;
}

const SCHEMA = JSON.parse(
  readFileSync(join(import.meta.dirname, 'provider-schema.json'), 'utf8'),
) as Schema;

const contentOf = (block: Block): Block => {
  const content = block.body.blocks.find(({ type }) => type === 'content');
  if (block.type !== 'dynamic' || !content) return block;
  return { type: block.labels[0] ?? '', labels: [], body: content.body };
};

function problems(body: Body, known: Arguments, at: string): string[] {
  const blocks = body.blocks.map(contentOf);
  const used = [...body.attributes.keys()].filter((name) => !META.has(name));
  const given = new Set([...used, ...blocks.map(({ type }) => type)]);
  return [
    ...used.filter((name) => !known[name]).map((name) => `${at}.${name}: no such argument`),
    ...blocks.flatMap(({ type, body: inner }) => {
      const block = known[type]?.block;
      return block ? problems(inner, block, `${at}.${type}`) : [`${at}.${type}: no such block`];
    }),
    ...Object.entries(known)
      .filter(([name, { required }]) => required && !given.has(name))
      .map(([name]) => `${at}.${name}: missing`),
  ];
}

const declared = (files: Record<string, string>): readonly Block[] =>
  readBlocks(files).filter(({ type }) => type === 'resource' || type === 'data');
const typeOf = ({ type, labels: [name = ''] }: Block): string =>
  type === 'data' ? `data.${name}` : name;
const check = (files: Record<string, string>): string[] =>
  declared(files).flatMap((block) => {
    const schema = SCHEMA.resources[typeOf(block)];
    if (!schema) return [`${typeOf(block)}: run scripts/provider-schema.ts again`];
    return problems(block.body, schema.arguments, block.labels.join('.'));
  });

test('the schema is of the provider version that infra/ asks for, and has no type too many', () => {
  const files = infraFiles();
  const wanted = /source +=.*\n +version = "~> (\d+\.\d+)"/.exec(files['versions.tf'] ?? '')?.[1];
  expect(SCHEMA.provider.startsWith(`${wanted}.`)).toBe(true);
  expect(Object.keys(SCHEMA.resources)).toEqual([...new Set(declared(files).map(typeOf))].sort());
});

test('no argument is unknown, none is missing', () => {
  expect(check(infraFiles())).toEqual([]);
});

test.each([
  ['a wrong name', 'source_ranges', 'source_range', /source_range: no such argument/],
  ['a missing one', 'location                    = var.region', '', /location: missing/],
  ['a wrong name in a block', 'protocol = "tcp"', 'proto = "tcp"', /allow.proto: no such argument/],
])('it sees %s', (_what, from, to, message) => {
  const files = Object.fromEntries(
    Object.entries(infraFiles()).map(([name, text]) => [name, text.replace(from, to)]),
  );
  expect(check(files).join('\n')).toMatch(message);
});

test("the attributes that are worked out here are the provider's", () => {
  const facts = { project: 'p', projectNumber: '1', uniqueIdOf: () => '1' };
  for (const [type, compute] of Object.entries(COMPUTED)) {
    const schema = SCHEMA.resources[type] ?? SCHEMA.resources[`data.${type}`];
    expect(schema?.attributes).toEqual(expect.arrayContaining(Object.keys(compute({}, facts))));
  }
});
