/** What bash, zsh and fish make of `agents-plane completion`: the shells themselves, asked for each line. */

import { execFile } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { CLI } from '../../contracts/names.ts';

const ROOT = join(import.meta.dirname, '../..');
const run = promisify(execFile);

/** In it: files whose names begin like a verb, and one to import. */
let directory: string;
beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'completion-'));
  for (const name of ['list.txt', 'people.csv']) await writeFile(join(directory, name), '');
});
afterAll(() => rm(directory, { recursive: true }));

const LINES: ReadonlyArray<readonly [string, readonly string[]]> = [
  ['li', ['list']],
  ['depr', ['deprovision']],
  ['local ph', ['phone']],
  ['deprovision allison --pu', ['--purge']],
  ['list ', ['--help', '--json', '--output', '--state']],
  ['list --state fa', ['failed']],
  ['list --state=fa', ['failed']],
  ['provision --mode ', ['cloud-api', 'dedicated', 'kapso', 'linked']],
];
// The word may be a path, as contracts/names.ts says it.
const typed = ['agents-plane', CLI].flatMap((cli) => LINES.map(([line]) => `${cli} ${line}`));
const offered = [...LINES, ...LINES].map(([, words]) => words);
/** bash's own fallback: nothing of ours is asked for it. */
const FILE = ['agents-plane import pe', ['people.csv']] as const;

async function scriptFor(shell: string): Promise<string> {
  const cli = [join(ROOT, 'scripts/cli.ts'), 'completion', shell];
  const file = join(directory, `.completion.${shell}`);
  await writeFile(file, (await run(process.execPath, cli)).stdout);
  return file;
}

async function ask(shell: string, ...args: readonly string[]): Promise<string> {
  const env = { PATH: process.env.PATH, HOME: directory, TERM: 'dumb' };
  return (await run(shell, args, { cwd: directory, env })).stdout;
}
const sorted = (words: readonly string[]): readonly string[] => [...new Set(words)].sort();
const linesOf = (text: string): readonly string[] => text.split('\n').slice(0, -1);

test('bash', async () => {
  const file = await scriptFor('bash');
  const answer = `COMP_CWORD=$((\${#COMP_WORDS[@]} - 1)); _agents_plane; echo "\${COMPREPLY[*]}"`;
  const asked = typed.map((line) => {
    const words = line.split(/ |(=)/).filter((word) => word !== undefined);
    return `COMP_WORDS=(${words.map((word) => `'${word}'`).join(' ')}); ${answer}`;
  });
  const lines = linesOf(await ask('bash', '-c', `source '${file}'\n${asked.join('\n')}`));
  expect(lines.map((line) => sorted(line.split(' ')))).toEqual(offered);
});

test('zsh, interactive, with Tab', async () => {
  const press = join(import.meta.dirname, 'support/press-tab.zsh');
  const all = [...typed, FILE[0]];
  const lines = linesOf(await ask('zsh', '-f', press, await scriptFor('zsh'), ...all));
  const answers = lines.map((line) => line.split('\t'));
  expect(answers.map(([, words = '']) => sorted(words.split(' ')))).toEqual([...offered, FILE[1]]);
  // The one word there is to offer is on the line, and a space after it.
  const first = answers.map(([line]) => line);
  expect(first.slice(0, 4)).toEqual([
    'agents-plane list ',
    'agents-plane deprovision ',
    'agents-plane local phone ',
    'agents-plane deprovision allison --purge ',
  ]);
});

test('fish', async () => {
  const file = await scriptFor('fish');
  const all = [...typed, FILE[0]];
  const asked = all.map((line) => `complete -C '${line}'; echo .`).join('\n');
  const text = await ask('fish', '--no-config', '-c', `source '${file}'\n${asked}`);
  const answers = text.split('.\n').slice(0, -1);
  // fish replaces `--state=fa` as a whole.
  const words = answers.map((answer) => linesOf(answer).map((line) => line.replace(/^--\w+=/, '')));
  expect(words.map(sorted)).toEqual([...offered, FILE[1]]);
});
