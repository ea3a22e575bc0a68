/** Asks a person for the settings that the file lacks, and keeps the answers in it: a later run asks nothing. */

import { readFile, writeFile } from 'node:fs/promises';
import { createInterface, type Interface } from 'node:readline/promises';
import { parse, stringify } from 'smol-toml';
import { PlaneError } from '../../contracts/errors.ts';
import { settings } from './settings.ts';

type Table = Record<string, unknown>;
type Env = Readonly<Record<string, string | undefined>>;

interface Question {
  readonly key: keyof typeof settings.shape;
  readonly text: string;
  readonly fallback: (answers: Table, env: Env) => string;
  readonly list?: boolean;
  /** Asked only of somebody who is asked something anyway: a file without it is whole. */
  readonly optional?: true;
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
  {
    key: 'timezone',
    text: 'Time zone of agents',
    fallback: () => Intl.DateTimeFormat().resolvedOptions().timeZone,
    optional: true,
  },
];

/** @throws PlaneError when it is there and cannot be read: what is in it would be written over */
async function textOf(file: string): Promise<string> {
  try {
    // A byte order mark may stand at the very beginning alone.
    return (await readFile(file, 'utf8')).replace(/^\uFEFF/, '');
  } catch (cause) {
    const { code } = cause as NodeJS.ErrnoException;
    if (code === 'ENOENT') return '';
    throw new PlaneError('FAILED_PRECONDITION', `${file} cannot be read: ${code}`, { cause });
  }
}

function tableOf(text: string, file: string): Table {
  try {
    return parse(text) as Table;
  } catch (cause) {
    throw new PlaneError('INVALID_ARGUMENT', `${file} is not TOML`, { cause });
  }
}

/** Asks until the answer is one that the settings take. Rejects when the terminal is closed: Ctrl-C, Ctrl-D. */
async function askOne(
  terminal: Interface,
  { key, text, list }: Question,
  suggestion: string,
  closed: Promise<never>,
): Promise<unknown> {
  for (;;) {
    const question = suggestion === '' ? `${text}: ` : `${text} [${suggestion}]: `;
    const typed = (await Promise.race([terminal.question(question), closed])).trim() || suggestion;
    const answer = list ? typed.split(/[ ,]+/).filter(Boolean) : typed;
    const parsed = settings.shape[key].safeParse(answer);
    if (parsed.success) return answer;
    process.stderr.write(`  ${parsed.error.issues[0]?.message}\n`);
  }
}

/** Of a terminal that is closed before everything is answered. */
const closedOf = (terminal: Interface): Promise<never> =>
  new Promise((_, reject) => {
    const gone = () => reject(new PlaneError('INVALID_ARGUMENT', 'Stopped: nothing was written'));
    terminal.once('SIGINT', gone);
    terminal.once('close', gone);
  });

/** @throws PlaneError INVALID_ARGUMENT when nobody is there to answer, or goes away; the file is as before */
export async function askForSettings(file: string, env: Env): Promise<void> {
  const theirs = await textOf(file);
  const before = tableOf(theirs, file);
  const open = QUESTIONS.filter(({ key }) => before[key] === undefined);
  const needed = open.filter(({ optional }) => !optional);
  if (needed.length === 0) return;
  if (!process.stdin.isTTY) {
    const missing = needed.map(({ key }) => key).join(', ');
    throw new PlaneError(
      'INVALID_ARGUMENT',
      `${file} lacks ${missing}, and there is no terminal to ask`,
    );
  }
  const terminal = createInterface({ input: process.stdin, output: process.stderr });
  const closed = closedOf(terminal);
  const answers: Table = {};
  try {
    for (const question of open) {
      const suggestion = question.fallback({ ...before, ...answers }, env);
      answers[question.key] = await askOne(terminal, question, suggestion, closed);
    }
  } finally {
    closed.catch(() => {});
    terminal.close();
  }
  // On top, since a table of theirs may be open at the end; their comments and layout stay.
  await writeFile(file, `${stringify(answers)}${theirs && '\n'}${theirs}`);
}
