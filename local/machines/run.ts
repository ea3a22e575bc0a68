/** Running a host command to its end. Arguments are never joined into a shell line. */

import { spawn } from 'node:child_process';
import { PlaneError } from '../../contracts/errors.ts';
import type { ExecResult } from '../machine.ts';

export interface RunOptions {
  readonly stdin?: string;
  /** Killed (SIGKILL) after this many milliseconds; the result then has code 124. */
  readonly timeoutMs?: number;
  readonly env?: Readonly<Record<string, string>>;
  readonly cwd?: string;
}

/** Runs `argv`; a command that cannot be started has code 127. Never throws. */
export function run(argv: readonly string[], options: RunOptions = {}): Promise<ExecResult> {
  const [command = '', ...args] = argv;
  return new Promise((resolve) => {
    const child = spawn(command, args, {
      stdio: ['pipe', 'pipe', 'pipe'],
      detached: options.timeoutMs !== undefined,
      ...(options.env && { env: options.env }),
      ...(options.cwd && { cwd: options.cwd }),
    });
    let stdout = '';
    let stderr = '';
    let timedOut = false;
    const timer =
      options.timeoutMs === undefined
        ? undefined
        : setTimeout(() => {
            timedOut = true;
            // nsenter has a child of its own, which would live on.
            if (child.pid !== undefined) process.kill(-child.pid, 'SIGKILL');
          }, options.timeoutMs);
    child.stdout.setEncoding('utf8').on('data', (chunk: string) => {
      stdout += chunk;
    });
    child.stderr.setEncoding('utf8').on('data', (chunk: string) => {
      stderr += chunk;
    });
    // A command may end without reading its input.
    child.stdin.on('error', () => {});
    child.stdin.end(options.stdin ?? '');
    child.on('error', (error) => {
      clearTimeout(timer);
      resolve({ code: 127, stdout, stderr: error.message });
    });
    child.on('close', (code, signal) => {
      clearTimeout(timer);
      const failed = signal === null ? 1 : 128;
      resolve({ code: timedOut ? 124 : (code ?? failed), stdout, stderr });
    });
  });
}

/** Runs `argv` and returns its standard output. Throws PlaneError INTERNAL when it fails. */
export async function must(argv: readonly string[], options: RunOptions = {}): Promise<string> {
  const result = await run(argv, options);
  if (result.code !== 0) {
    throw new PlaneError('INTERNAL', `${argv.slice(0, 3).join(' ')}: exit ${result.code}`, {
      cause: new Error(result.stderr.trim()),
    });
  }
  return result.stdout;
}
