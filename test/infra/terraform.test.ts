/** The reader of Terraform: what it understands it understands as HashiCorp does, the rest it refuses. */

import { createRequire } from 'node:module';
import { infraFiles } from '../../local/plane/infra.ts';
import { planModule } from '../../local/terraform/module.ts';
import { parseTerraform } from '../../local/terraform/parse.ts';
import type { Body } from '../../local/terraform/syntax.ts';

// Required, not imported: its types bring the browser's along, which are not Node's.
const { parse } = createRequire(import.meta.url)('@cdktf/hcl2json') as {
  parse(name: string, text: string): Promise<object>;
};
const FACTS = { project: 'p-1', projectNumber: '123456789012', uniqueIdOf: () => '1' };
const plan = (text: string, inputs = {}, files = {}) =>
  planModule({ files: { 'main.tf': text, ...files }, inputs, facts: FACTS });
const local = (expression: string, more = '') =>
  plan(`locals {\n x = ${expression}\n}\noutput "x" {\n value = local.x\n}\n${more}`).outputs.x;

/** `attribute` and `block.label.attribute` of all there is. */
const pathsOf = (body: Body, at = ''): string[] => [
  ...[...body.attributes.keys()].map((name) => `${at}${name}`),
  ...body.blocks.flatMap(({ type, labels, body: inner }) =>
    pathsOf(inner, `${at}${[type, ...labels].join('.')}.`),
  ),
];
const LABELS: Readonly<Record<string, number>> = {
  resource: 2,
  data: 2,
  variable: 1,
  provider: 1,
  output: 1,
  dynamic: 1,
};
/** The same of HashiCorp's parser, whose JSON has a list of bodies under type and labels. */
const jsonPaths = (body: object, at = ''): string[] =>
  Object.entries(body).flatMap(([name, value]) => {
    const depth = LABELS[name] ?? 0;
    const bodies = (inner: unknown, path: string, left: number): string[] =>
      left === 0
        ? (inner as object[]).flatMap((each) => jsonPaths(each, `${path}.`))
        : Object.entries(inner as object).flatMap(([label, deeper]) =>
            bodies(deeper, `${path}.${label}`, left - 1),
          );
    const isBlock =
      depth > 0 || (Array.isArray(value) && value.every((each) => each?.constructor === Object));
    return isBlock && value.length !== 0 ? bodies(value, `${at}${name}`, depth) : [`${at}${name}`];
  });

test("HashiCorp's parser finds the same blocks and attributes in every file of infra/", async () => {
  const files = Object.entries(infraFiles()).filter(([name]) => name.endsWith('.tf'));
  expect(files.length).toBeGreaterThan(8);
  for (const [name, text] of files) {
    const theirs = jsonPaths(await parse(name, text));
    expect({ name, paths: pathsOf(parseTerraform(text, name)).sort() }).toEqual({
      name,
      paths: theirs.sort(),
    });
  }
});

test.each([
  ['"a"', 'a'],
  ['"$5 \\"q\\" $' + '{1}"', '$5 "q" 1'],
  ['[1, 2.5, true, null]', [1, 2.5, true, null]],
  ['{ a = "b", "c" = [1] }', { a: 'b', c: [1] }],
  ['1 == 1 ? "yes" : "no"', 'yes'],
  ['"a" != "a" ? "yes" : "no"', 'no'],
  ['split(",", "a,b")', ['a', 'b']],
  ['concat(["a"], ["b"])', ['a', 'b']],
  ['toset(["a"])', { a: 'a' }],
  ['{ a = [{ b = 7 }] }["a"][0].b', 7],
  ['[{ id = 1 }, { id = 2 }][*].id', [1, 2]],
])('%s', (expression, value) => {
  expect(local(expression)).toEqual(value);
});

test.each([
  ['a function nobody needed yet', 'upper("a")', /upper/],
  ['arithmetic', '1 + 1', /end of the line/],
  ['a for expression', '[for a in [1] : a]', /expected/],
  ['a reference to nothing', 'var.nothing', /nothing/],
  ['a resource that is not declared', 'google_compute_network.none.id', /google_compute_network/],
  ['an attribute that is not known', 'data.google_project.p.colour', /colour/],
  ['a circle', 'local.x', /itself/],
  ['a file that is not there', 'file("none.json")', /none.json/],
  ['a string that does not end', '"a', /end of the string/],
])('refuses %s', (_what, expression, message) => {
  expect(() => local(expression, 'data "google_project" "p" {}')).toThrow(message);
});

test('count, for_each and dynamic blocks', () => {
  const { resources } = plan(
    `variable "on" {
      type = bool
    }
    resource "google_kms_key_ring" "r" {
      count    = var.on ? 2 : 0
      name     = "r"
      location = "l"
    }
    resource "google_storage_bucket" "b" {
      for_each = toset(["x", "y"])
      name     = each.value
      dynamic "encryption" {
        for_each = google_kms_key_ring.r
        content {
          key = encryption.value.id
        }
      }
    }`,
    { on: true },
  );
  expect(resources.map(({ address }) => address)).toEqual([
    'google_kms_key_ring.r[0]',
    'google_kms_key_ring.r[1]',
    'google_storage_bucket.b["x"]',
    'google_storage_bucket.b["y"]',
  ]);
  const key = 'projects/p-1/locations/l/keyRings/r';
  expect(resources[3]?.values).toEqual({ name: 'y', encryption: [{ key }, { key }] });
});

test('inputs: an unknown one and a missing one are errors', () => {
  const variable = 'variable "region" {\n type = string\n}';
  expect(() => plan(variable)).toThrow(/region has no value/);
  expect(() => plan(variable, { region: 'r', zone: 'z' })).toThrow(/no variable zone/);
});
