/** The real OpenClaw for the slow tests: the local plane's cache (installed once, about 30 s). */

import { homedir } from 'node:os';
import { join } from 'node:path';
import { ensureOpenclaw } from '../../../local/machines/image.ts';

export const findOpenclaw = () =>
  ensureOpenclaw({
    cacheDir: process.env.AGENTS_PLANE_CACHE ?? join(homedir(), '.cache/agents-plane'),
    env: process.env,
  });
