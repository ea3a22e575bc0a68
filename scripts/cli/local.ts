/** `agents-plane local start`: the emulated Google APIs alone, for clients of one's own. */

import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PlaneError } from '../../contracts/errors.ts';
import { exportLines, gcloudEnv, nodeEnv } from '../../local/google/env.ts';
import { startLocalGoogle } from '../../local/plane/local-google.ts';
import { LOCAL } from '../../local/plane/settings.ts';

export interface LocalStartOptions {
  readonly port?: string;
  readonly env?: boolean;
}

const MAX_PORT = 65_535;

/** @throws PlaneError INVALID_ARGUMENT */
function readPort(text: string | undefined): number | undefined {
  if (text === undefined) return undefined;
  const port = Number(text);
  if (Number.isInteger(port) && port > 0 && port <= MAX_PORT) return port;
  throw new PlaneError(
    'INVALID_ARGUMENT',
    `--port takes a number from 1 to ${MAX_PORT}, not ${text}`,
  );
}

/**
 * Runs until a signal. Standard output gets the environment (with `env`, as lines for `eval`);
 * the project's owner is whoever holds the access token in the named file.
 */
export async function startLocal(
  options: LocalStartOptions,
  interrupted: Promise<void>,
): Promise<void> {
  await using stack = new AsyncDisposableStack();
  const port = readPort(options.port);
  const folder = await mkdtemp(join(tmpdir(), 'agents-plane-local-'));
  stack.defer(() => rm(folder, { recursive: true, force: true }));
  const local = await startLocalGoogle({ mailDir: join(folder, 'mail'), ...(port && { port }) });
  stack.defer(local.close);

  const { google } = local;
  const tokenFile = join(folder, 'access-token');
  const { accessToken } = google.tokens.access(`user:${LOCAL.admin}`);
  await writeFile(tokenFile, accessToken, { mode: 0o600 });
  const settings = {
    restUrl: google.restUrl,
    grpcPort: google.grpcPort,
    project: LOCAL.project.id,
    tokenFile,
    gcloudConfig: join(folder, 'gcloud'),
    metadataHost: local.planeMetadataHost,
  };
  const lines = exportLines({ ...nodeEnv(settings), ...gcloudEnv(settings) });
  process.stdout.write(options.env ? lines : `Google is at ${google.restUrl}\n\n${lines}\n`);
  process.stderr.write('Runs until Ctrl-C.\n');
  await interrupted;
}
