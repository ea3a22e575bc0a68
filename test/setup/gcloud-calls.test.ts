/** Every gcloud call of the scripts stands in docs/gcloud-calls.md, with whether the local plane answers it. */

import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

const ROOT = join(import.meta.dirname, '../..');
const read = (file: string): string => readFileSync(join(ROOT, file), 'utf8');
const shellFiles = (folder: string): string[] =>
  readdirSync(join(ROOT, folder), { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.sh'))
    .map((name) => join(folder, name));

/** How the scripts call gcloud: by name, through `gc`, or through what looks something up (setup/lib.sh). */
const CALL =
  /(?:^|[ \t($`"])(?:gcloud|gc|look|is (?:Q|True|TERMINATED)|listed [a-z]+)((?: +[a-z][a-z0-9-]*)+)/g;
/** Texts without a command in them are no calls, whatever they advise. */
const TEXT = /"(?:[^"\\$]|\\.|\$(?!\())*"/g;
const NO_CALL = /^\s*(#|echo |for command in )/;

export function callsIn(script: string): string[] {
  const lines = script.replaceAll('\\\n', ' ').split('\n');
  return lines
    .filter((line) => !NO_CALL.test(line))
    .map((line) => line.replace(TEXT, 'Q'))
    .flatMap((line) => [...line.matchAll(CALL)].map(([, words = '']) => words.trim()))
    .map((words) => words.replace(/ +/g, ' '));
}

const scripts = [
  'scripts/setup.sh',
  'scripts/teardown.sh',
  ...shellFiles('scripts/setup'),
  ...shellFiles('infra'),
];
const calls = new Set(scripts.flatMap((file) => callsIn(read(file))));
const listed = new Map(
  [...read('docs/gcloud-calls.md').matchAll(/^\| `([^`]+)` \| ([^|]+) \|/gm)].map(
    ([, call = '', answer = '']) => [call, answer.trim()] as const,
  ),
);

test('the scripts are read: some calls that are known to be there are found', () => {
  for (const call of ['functions deploy', 'infra-manager deployments apply', 'projects describe']) {
    expect([...calls]).toContain(call);
  }
});

test('what is called is listed, and nothing else', () => {
  expect([...listed.keys()].sort()).toEqual([...calls].sort());
});

test('every row says whether the local plane answers', () => {
  for (const [call, answer] of listed) {
    expect([call, answer]).toEqual([call, expect.stringMatching(/^(yes|no server|not emulated)/)]);
  }
});

test('a new call would be seen', () => {
  expect(
    callsIn('  gc compute networks list --format=json\nx=$(look run services describe "$1")'),
  ).toEqual(['compute networks list', 'run services describe']);
});
