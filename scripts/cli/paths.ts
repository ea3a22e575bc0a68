/** Where things lie on the machine of whoever types the commands. */

import { homedir } from 'node:os';
import { join } from 'node:path';

export const ROOT = join(import.meta.dirname, '../..');

type Env = Readonly<Record<string, string | undefined>>;

/** Image, OpenClaw, runs: outside the checkout, so that a fresh clone finds them again. */
export const cacheDir = (env: Env): string =>
  env.AGENTS_PLANE_CACHE ||
  join(env.XDG_CACHE_HOME ?? join(env.HOME ?? homedir(), '.cache'), 'agents-plane');

export const controlSocket = (env: Env): string => join(cacheDir(env), 'local.sock');
