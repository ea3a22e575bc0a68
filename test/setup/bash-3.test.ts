/** macOS has bash 3.2: what came with 4 and 5 must not be in the scripts that an admin runs there. */

import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

const ROOT = join(import.meta.dirname, '../..');
/** https://git.savannah.gnu.org/cgit/bash.git/tree/NEWS, from 4.0 on: what people use. */
const NEWER: Readonly<Record<string, RegExp>> = {
  'mapfile, readarray': /\b(mapfile|readarray)\b/,
  'associative arrays, name references': /\b(declare|local|typeset) -[a-z]*[An]/,
  'case changes': /\$\{\w+(\^|,,)/,
  '|& and &>>': /\|&|&>>/,
  'negative subscripts': /\$\{\w+\[-/,
  'wait -n': /\bwait -n\b/,
  '@Q and the like': /\$\{\w+@/,
  EPOCHSECONDS: /\bEPOCH(SECONDS|REALTIME)\b/,
  'fallthrough in case': /;;?&/,
};

const scripts = [
  'scripts/setup.sh',
  'scripts/teardown.sh',
  'scripts/prepare.sh',
  ...readdirSync(join(ROOT, 'scripts/setup'), { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.sh'))
    .map((name) => join('scripts/setup', name)),
];

const newer = (text: string): string[] =>
  Object.entries(NEWER).flatMap(([name, pattern]) => (pattern.test(text) ? [name] : []));

test.each(scripts)('%s', (file) => {
  expect(newer(readFileSync(join(ROOT, file), 'utf8'))).toEqual([]);
});

test('it would be seen', () => {
  expect(newer('mapfile -t x < f; declare -A y; wait -n; ls |& cat')).toHaveLength(4);
});
