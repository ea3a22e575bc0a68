/** The real gcloud, whose modules Python reads once for all the calls of a test (gcloud-forks.py). */

import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, realpathSync } from 'node:fs';
import { mkdir, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

const PROGRAM = join(import.meta.dirname, 'gcloud-forks.py');
const POLL_MS = 50;

export interface GcloudForks {
  /** The folder that has this `gcloud`, first, and what was given. */
  readonly path: string;
  close(): Promise<void>;
}

/** Google's own folder, if it is one that brings its Python along. */
function sdkWithPython(): { sdk: string; python: string } | undefined {
  const found = spawnSync('bash', ['-c', 'command -v gcloud'], { encoding: 'utf8' }).stdout.trim();
  if (found === '') return undefined;
  const sdk = dirname(dirname(realpathSync(found)));
  const python = join(sdk, 'platform/bundledpythonunix/bin/python3');
  return existsSync(python) ? { sdk, python } : undefined;
}

/** @param folder for the socket and the command; gcloud is called as it is where it cannot be loaded like this */
export async function forkGcloud(folder: string, path: string): Promise<GcloudForks> {
  const found = sdkWithPython();
  const plain = { path, close: async () => {} };
  if (!found) return plain;
  const { sdk, python } = found;
  const bin = join(folder, 'bin-of-gcloud');
  const socket = join(bin, 'socket');
  await mkdir(bin);
  const line = [python, '-S', PROGRAM, 'call', socket].map((each) => `'${each}'`).join(' ');
  await writeFile(join(bin, 'gcloud'), `#!/bin/sh\nexec ${line} "$@"\n`, { mode: 0o755 });
  // As gcloud's own start script does.
  const env = { PATH: path, PYTHONIOENCODING: 'UTF-8', CLOUDSDK_PYTHON_SITEPACKAGES: '1' };
  const served = spawn(python, [PROGRAM, sdk, socket], { env, stdio: 'ignore' });
  const ended = once(served, 'exit');
  while (!existsSync(socket)) {
    if (served.exitCode !== null) return plain;
    await sleep(POLL_MS);
  }
  return {
    path: `${bin}:${path}`,
    close: async () => {
      served.kill('SIGKILL');
      await ended;
    },
  };
}
