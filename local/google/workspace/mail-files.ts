/** Writes every mail that is sent into a directory, for people (and tests) to look at. */

import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { SentMail } from '../gmail.ts';

/** `{id}-{first recipient}.eml`; ids grow, so files sort by time. */
export function mailFiles(directory: string): (mail: SentMail) => Promise<void> {
  return async ({ id, to, raw }) => {
    await mkdir(directory, { recursive: true, mode: 0o700 });
    const safe = (to[0] ?? 'nobody').replace(/[^a-z0-9@._-]/g, '_');
    await writeFile(join(directory, `${id}-${safe}.eml`), raw, { mode: 0o600 });
  };
}
