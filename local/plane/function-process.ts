/**
 * A Cloud Function on this machine: the deployed bundle in a process of its own, started
 * by the functions framework as Google's runtime does.
 */

import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createWriteStream } from 'node:fs';
import type { AddressInfo } from 'node:net';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { PlaneError } from '../../contracts/errors.ts';
import { runtime } from './infra.ts';

/** Milliseconds. A cold start takes a third of a second; a loaded machine may take longer. */
const START_TIMEOUT_MS = 30_000;
const POLL_MS = 15;

export interface FunctionOptions {
  /** What `functions.http()` registered. */
  readonly target: string;
  /** Directory with the bundle and its package.json. */
  readonly source: string;
  /** Where `node_modules/.bin/functions-framework` is. */
  readonly root: string;
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Standard output and error (structured log lines) go here. */
  readonly logFile: string;
  /** Must be free. */
  readonly port: number;
  /** Takes every line of standard output, as Cloud Logging does. */
  readonly onLine?: (line: string) => void;
}

export interface FunctionProcess {
  readonly url: string;
  readonly pid: number;
  /** SIGTERM, then the hard way after `graceMs`. */
  stop(graceMs?: number): Promise<void>;
}

/** A loopback port that was free a moment ago. */
export async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, 'close');
  return port;
}

async function untilListening(url: string, child: ChildProcess, logFile: string): Promise<void> {
  const deadline = performance.now() + START_TIMEOUT_MS;
  while (child.exitCode === null && performance.now() < deadline) {
    const answer = await fetch(`${url}/healthz`).catch(() => undefined);
    await answer?.body?.cancel();
    if (answer?.ok) return;
    await new Promise((resolve) => setTimeout(resolve, POLL_MS));
  }
  child.kill('SIGKILL');
  throw new PlaneError('UNAVAILABLE', `The function did not start; its log is ${logFile}`);
}

/** Resolves when the function answers `/healthz`. Throws PlaneError UNAVAILABLE when it never does. */
export async function startFunction(options: FunctionOptions): Promise<FunctionProcess> {
  const log = createWriteStream(options.logFile, { flags: 'a', mode: 0o600 });
  const bin = join(options.root, 'node_modules/.bin/functions-framework');
  const { target, source, port, env } = options;
  const child = spawn(
    process.execPath,
    [bin, `--target=${target}`, `--source=${source}`, `--port=${port}`],
    {
      stdio: ['ignore', 'pipe', 'pipe'],
      env: {
        NODE_OPTIONS: runtime().nodeOptions,
        ...env,
        FUNCTION_TARGET: target,
        PORT: `${port}`,
      },
    },
  );
  child.stdout.pipe(log);
  child.stderr.pipe(log);
  if (options.onLine) createInterface({ input: child.stdout }).on('line', options.onLine);
  const exited = once(child, 'exit');
  const url = `http://127.0.0.1:${port}`;
  await untilListening(url, child, options.logFile);

  return {
    url,
    pid: child.pid ?? 0,
    async stop(graceMs = 5000) {
      if (child.exitCode !== null || child.signalCode !== null) return;
      child.kill('SIGTERM');
      const hard = setTimeout(() => child.kill('SIGKILL'), graceMs);
      await exited;
      clearTimeout(hard);
      log.end();
    },
  };
}
