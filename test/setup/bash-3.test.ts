/**
 * macOS has bash 3.2: what came with 4 and 5 must not be in the scripts that an admin runs there. By
 * their text alone: no bash 3.2 is to be had here, so that nothing of them was ever run on one.
 */

import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

const ROOT = join(import.meta.dirname, '../..');
/** https://git.savannah.gnu.org/cgit/bash.git/tree/NEWS, from 4.0 on: what people use. */
const NEWER: Readonly<Record<string, RegExp>> = {
  'mapfile, readarray': /\b(mapfile|readarray)\b/,
  'associative arrays, name references, -g':
    /\b(declare|local|typeset|readonly|export) -[a-z]*[Ang]/,
  'case changes': /\$\{\w+(\[[^\]]*\])?(\^|,)/,
  'printf %(…)T': /printf .*%(-?\d+)?\([^)]*\)T/,
  'negative length of a substring': /\$\{\w+:[^}:]*: *-/,
  'is a variable set (-v), is it a reference (-R)': /\[\[? +(! +)?-[vR] /,
  coproc: /\bcoproc\b/,
  globstar: /\bglobstar\b|\blastpipe\b|\binherit_errexit\b/,
  'a file descriptor by name': /(^|\s)\{\w+\}[<>]/,
  // Unbound before 4.4. Those that are left out are never empty where they are used.
  'an array that may be empty, under set -u': /"\$\{(?!steps|names|arguments|missing)\w+\[@\]\}"/,
  'read -i, -N': /\bread -[a-z]*[iN]\b/,
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

test.each([
  'declare -A seen',
  'local -n target=$1',
  // biome-ignore lint/suspicious/noTemplateCurlyInString: it is a shell's text
  'echo ${name,,}',
  'mapfile -t lines',
  'make &>> log',
  'make |& tee log',
  "printf '%(%F)T' -1",
  // biome-ignore lint/suspicious/noTemplateCurlyInString: it is a shell's text
  'echo ${name:0:-1}',
  'wait -n',
  // biome-ignore lint/suspicious/noTemplateCurlyInString: it is a shell's text
  'run "${options[@]}"',
  '[[ -v name ]]',
  'exec {lock}>file',
])('%s would be seen', (line) => {
  expect(newer(line)).toHaveLength(1);
});
