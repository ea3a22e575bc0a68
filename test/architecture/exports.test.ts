import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { unusedExports } from './exports.ts';

const ROOT = join(import.meta.dirname, '../..');

/** What git tracks and what is new, without what it ignores. */
const sources = execFileSync(
  'git',
  ['ls-files', '--cached', '--others', '--exclude-standard', '*.ts', '*.js', '*.mjs'],
  { cwd: ROOT, encoding: 'utf8' },
)
  .split('\n')
  .filter((file) => file !== '')
  .map((file) => ({ file, text: readFileSync(join(ROOT, file), 'utf8') }));

test('what a file exports another one imports', () => {
  expect(unusedExports(sources)).toEqual([]);
});

test.each([
  ['nobody imports it', "import { a } from './x.ts';", ['x.ts b']],
  ['another name', "import { a, c as b } from './x.ts';", ['x.ts b']],
  ['a namespace', "import * as x from './x.ts'; x.a(x.b);", []],
  ['handed on', "export { a, b } from './x.ts';", []],
  ['read later, by name', "const { a, b } = await import('./x.ts');", []],
  ['read later, one of them', "const { a } = await import('./x.ts');", ['x.ts b']],
  ['a module of a type', "type X = typeof import('./x.ts'); declare const x: X; x.a(x.b);", []],
  ['a file that something else begins', '', []],
])('%s', (_what, text, unused) => {
  const exporting = 'export const a = 1; export function b() {} export type C = string;';
  const all = [
    { file: 'x.ts', text: exporting },
    { file: 'y.ts', text },
  ];
  expect(unusedExports(all)).toEqual(unused);
});
