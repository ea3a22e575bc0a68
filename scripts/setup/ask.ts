/** Asks a person for the settings that the file lacks, and keeps the answers in it: a later run asks nothing. */

import { readFile, writeFile } from 'node:fs/promises';
import { createInterface } from 'node:readline/promises';
import { parse, stringify } from 'smol-toml';
import { PlaneError } from '../../contracts/errors.ts';

type Table = Record<string, unknown>;
type Env = Readonly<Record<string, string | undefined>>;

interface Question {
  readonly key: string;
  readonly text: string;
  readonly fallback: (answers: Table, env: Env) => string;
  readonly list?: boolean;
}

const first = (value: unknown): string => (Array.isArray(value) ? String(value[0]) : '');

const QUESTIONS: readonly Question[] = [
  {
    key: 'project',
    text: 'Google Cloud project',
    fallback: (_, env) => env.CLOUDSDK_CORE_PROJECT ?? '',
  },
  { key: 'zone', text: 'Zone of the VMs', fallback: () => 'europe-west1-b' },
  { key: 'domains', text: 'Google Workspace domain', fallback: () => '', list: true },
  {
    key: 'admins',
    text: 'Who may provision',
    fallback: (_, env) => env.CLOUDSDK_CORE_ACCOUNT ?? '',
    list: true,
  },
  {
    key: 'mail_from',
    text: 'Mailbox that the plane writes from',
    fallback: ({ domains }) => `agents@${first(domains)}`,
  },
];

async function existing(file: string): Promise<Table> {
  const text = await readFile(file, 'utf8').catch(() => '');
  try {
    return parse(text) as Table;
  } catch (cause) {
    throw new PlaneError('INVALID_ARGUMENT', `${file} is not TOML`, { cause });
  }
}

/** @throws PlaneError INVALID_ARGUMENT when nobody is there to answer */
export async function askForSettings(file: string, env: Env): Promise<void> {
  const before = await existing(file);
  const open = QUESTIONS.filter(({ key }) => before[key] === undefined);
  if (open.length === 0) return;
  if (!process.stdin.isTTY) {
    const missing = open.map(({ key }) => key).join(', ');
    throw new PlaneError(
      'INVALID_ARGUMENT',
      `${file} lacks ${missing}, and there is no terminal to ask`,
    );
  }
  const terminal = createInterface({ input: process.stdin, output: process.stderr });
  const answers: Table = { ...before };
  for (const { key, text, fallback, list } of open) {
    const suggestion = fallback(answers, env);
    const typed = (await terminal.question(`${text} [${suggestion}]: `)).trim() || suggestion;
    answers[key] = list ? typed.split(/[ ,]+/) : typed;
  }
  terminal.close();
  await writeFile(file, `${stringify(answers)}\n`);
}
