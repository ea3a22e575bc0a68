/** A person at a terminal who answers setup's questions, wrongly at first; and one who goes away. */

import { spawn } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { readSettings } from '../../scripts/setup/settings.ts';

const TOOL = join(import.meta.dirname, '../../scripts/setup/tool.ts');
const CTRL_C = '\u0003';
const CTRL_D = '\u0004';

let folder: string;
let file: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'agents-plane-ask-'));
  file = join(folder, 'plane.toml');
});
afterEach(() => rmSync(folder, { recursive: true }));

/** Types the next of `answers` whenever it is asked something, on a terminal of its own (script(1)). */
async function converse(
  answers: readonly string[],
): Promise<{ code: number | null; said: string }> {
  const command = `${process.execPath} --disable-warning=ExperimentalWarning ${TOOL} settings ${file}`;
  const child = spawn(
    'script',
    ['--quiet', '--return', '--flush', '--command', command, '/dev/null'],
    {
      env: { PATH: process.env.PATH, CLOUDSDK_CORE_ACCOUNT: 'ada@nine30.com', TERM: 'dumb' },
    },
  );
  const left = [...answers];
  let said = '';
  let asked = 0;
  child.stdout.setEncoding('utf8').on('data', (chunk: string) => {
    said += chunk;
    const questions = said.match(/^(?! {2}).*(\]|domain|project): /gm)?.length ?? 0;
    if (questions <= asked) return;
    asked = questions;
    child.stdin.write(left.shift() ?? CTRL_C);
  });
  const code = await new Promise<number | null>((resolve) => child.on('close', resolve));
  return { code, said };
}

test('wrong answers are asked for again, an empty one takes the suggestion, the file has them all', async () => {
  const { code, said } = await converse([
    'My Project\r',
    'nine30-plane\r',
    'Europe\r',
    '\r',
    'nine30\r',
    'nine30.com, nine30.org\r',
    '\r',
    '\r',
    'Vienna\r',
    'Europe/Vienna\r',
  ]);
  expect({ code, said }).toMatchObject({ code: 0 });
  expect(said).toContain('not a project id');
  expect(said).toContain('not a zone');
  expect(said).toContain('not a domain name');
  expect(said).toContain('not an IANA time zone');
  expect(readSettings(readFileSync(file, 'utf8'), file)).toMatchObject({
    project: 'nine30-plane',
    zone: 'europe-west1-b',
    domains: ['nine30.com', 'nine30.org'],
    admins: ['ada@nine30.com'],
    mail_from: 'agents@nine30.com',
    timezone: 'Europe/Vienna',
  });
});

test.each([
  ['Ctrl-C', CTRL_C],
  ['Ctrl-D', CTRL_D],
])('%s in the middle: nothing is written', async (_key, key) => {
  const { code, said } = await converse(['nine30-plane\r', key]);
  expect({ code, said }).toMatchObject({ code: 1, said: expect.stringContaining('Stopped') });
  expect(existsSync(file)).toBe(false);
});

test("an admin's file gets what it lacks at its top: their own lines are as they were", async () => {
  const theirs = `# Ours: ask Ada first.
project   = "nine30-plane" # billed to 0171
zone = "europe-west1-b"
timezone = "Europe/Vienna"
admins = [
  "ada@nine30.com", # on leave in May
]
domains = ["nine30.com"]

[[cells]]
project = "nine30-two"
`;
  writeFileSync(file, theirs);
  const { code, said } = await converse(['\r']);
  expect({ code, said }).toMatchObject({ code: 0 });
  const text = readFileSync(file, 'utf8');
  expect(text).toBe(`mail_from = "agents@nine30.com"\n\n${theirs}`);
  expect(readSettings(text, file)).toMatchObject({
    mail_from: 'agents@nine30.com',
    cells: [{ project: 'nine30-two' }],
  });
});

test('what is there and cannot be read is not taken for an empty file', async () => {
  mkdirSync(file);
  const { code, said } = await converse([]);
  expect({ code, said }).toMatchObject({ code: 1, said: expect.stringContaining('EISDIR') });
  expect(said).not.toContain('Google Cloud project');
});
