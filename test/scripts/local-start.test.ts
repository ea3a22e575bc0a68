/** `agents-plane local start --env`: what it prints is enough for clients that know nothing of us. */

import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';

const CLI = join(import.meta.dirname, '../../scripts/cli.ts');

/** The last line that it prints. */
const LAST = 'CLOUDSDK_CORE_PROJECT';

let child: ChildProcess;
let env: Record<string, string>;

beforeAll(async () => {
  child = spawn(process.execPath, [CLI, 'local', 'start', '--env'], {
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const lines: string[] = [];
  const reader = createInterface({ input: child.stdout as NodeJS.ReadableStream });
  await new Promise<void>((resolve) => {
    reader.on('line', (line) => {
      lines.push(line);
      if (line.startsWith(`export ${LAST}=`)) resolve();
    });
  });
  env = Object.fromEntries(
    lines.map((line) => /^export (\w+)='(.*)'$/.exec(line)?.slice(1) ?? ['', line]),
  );
});

afterAll(() => {
  child.kill('SIGKILL');
});

test('every line is an export', () => {
  expect(Object.keys(env)).toEqual(
    expect.arrayContaining(['GOOGLE_CLOUD_PROJECT', 'GCE_METADATA_HOST', 'CLOUDSDK_CORE_PROJECT']),
  );
  expect(env['']).toBeUndefined();
});

test('the token in the named file opens the API at the named address', async () => {
  const token = readFileSync(env.CLOUDSDK_AUTH_ACCESS_TOKEN_FILE ?? '', 'utf8');
  const url = `${env.AGENTS_PLANE_GOOGLE_ENDPOINT}/v1/projects/${env.GOOGLE_CLOUD_PROJECT}/secrets`;
  const answer = await fetch(url, { headers: { authorization: `Bearer ${token}` } });
  expect(answer.status).toBe(200);
  expect((await fetch(url)).status).toBe(401);
});

test('SIGTERM ends it, and takes the token file away', async () => {
  const file = env.CLOUDSDK_AUTH_ACCESS_TOKEN_FILE ?? '';
  expect(existsSync(file)).toBe(true);
  child.kill('SIGTERM');
  const [code] = await once(child, 'exit');
  expect(code).toBe(0);
  expect(existsSync(file)).toBe(false);
});
