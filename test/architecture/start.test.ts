/** What a command of the CLI reads before it does anything: that is all that a person waits for. */

import { readFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import { parseSync } from 'oxc-parser';

const ROOT = join(import.meta.dirname, '../..');

/** What is imported for its values, and at once. */
function readWith(file: string): readonly string[] {
  const { module } = parseSync(file, readFileSync(join(ROOT, file), 'utf8'));
  const values = module.staticImports.filter(
    ({ entries }) => entries.length === 0 || entries.some(({ isType }) => !isType),
  );
  const again = module.staticExports.flatMap(({ entries }) =>
    entries.flatMap(({ moduleRequest, isType }) => (moduleRequest && !isType ? moduleRequest : [])),
  );
  return [...values.map(({ moduleRequest }) => moduleRequest), ...again].map(({ value }) => value);
}

/** Our own files, and the packages that they name. */
function allReadWith(file: string, seen = new Set<string>()): Set<string> {
  if (seen.has(file)) return seen;
  seen.add(file);
  for (const name of readWith(file)) {
    if (name.startsWith('.')) allReadWith(relative(ROOT, join(ROOT, file, '..', name)), seen);
    else seen.add(name);
  }
  return seen;
}

test('a command reads neither the emulated Google nor what one command alone needs', () => {
  const read = [...allReadWith('scripts/cli/program.ts')];
  expect(read).toEqual(expect.arrayContaining(['commander', 'contracts/agent.ts']));
  const heavy = /^local\/(google|terraform)\/|^@grpc|^protobufjs|^jose$|^yaml$|^csv-parse/;
  expect(read.filter((name) => heavy.test(name))).toEqual([]);
});
