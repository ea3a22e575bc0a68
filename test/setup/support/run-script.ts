/** Runs setup.sh or teardown.sh as an admin would, and kills it when asked. */

import { spawn } from 'node:child_process';
import { join } from 'node:path';

const ROOT = join(import.meta.dirname, '../../..');

export interface Ran {
  /** Null when it was killed. */
  readonly code: number | null;
  /** Standard error: what a person reads. */
  readonly said: string;
}

export interface RunOptions {
  readonly env: Readonly<Record<string, string>>;
  readonly stdin?: string;
  /** Kills it and all its children as soon as it has said that. */
  readonly killAt?: RegExp;
}

export async function runScript(
  script: 'setup.sh' | 'teardown.sh',
  args: readonly string[],
  { env, stdin = '', killAt }: RunOptions,
): Promise<Ran> {
  // A group of its own, so that the kill reaches gcloud too.
  const child = spawn('bash', [join(ROOT, 'scripts', script), ...args], { env, detached: true });
  let said = '';
  child.stderr.setEncoding('utf8').on('data', (chunk: string) => {
    said += chunk;
    if (killAt?.test(said) && child.pid !== undefined && child.exitCode === null) {
      process.kill(-child.pid, 'SIGKILL');
    }
  });
  child.stdout.resume();
  child.stdin.on('error', () => {});
  child.stdin.end(stdin);
  const code = await new Promise<number | null>((resolve, reject) => {
    child.on('error', reject);
    child.on('close', resolve);
  });
  return { code, said };
}
