/** `agents-plane local start`: the emulated Google APIs alone, for clients of one's own. */

import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { InvalidArgumentError } from 'commander';
import { clientEnv, gcloudEnv } from '../../local/google/env.ts';
import { startLocalGoogle } from '../../local/plane/local-google.ts';
import { LOCAL } from '../../local/plane/settings.ts';

export interface LocalStartOptions {
  readonly port?: string;
  readonly env?: boolean;
}
