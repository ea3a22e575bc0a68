/** What is left of a secret: a search through the raw bytes of files. */

import { spawnSync } from 'node:child_process';

/** grep's exit codes: found, not found, and found or not while a file went away. */
const SEARCHED: ReadonlySet<number | null> = new Set([0, 1, 2]);

/**
 * Paths of the files below a directory that hold one of the texts, SQLite's free pages included.
 * By grep: OpenClaw's plugins are tens of thousands of files.
 */
export function tracesOf(texts: readonly string[], ...directories: readonly string[]): string[] {
  const patterns = texts.flatMap((text) => ['-e', text]);
  const { status, stdout } = spawnSync(
    'grep',
    ['-rlaFs', '--devices=skip', ...patterns, '--', ...directories],
    { encoding: 'utf8', maxBuffer: 1 << 24 },
  );
  if (!SEARCHED.has(status)) throw new Error(`grep ended with ${status}`);
  return stdout.split('\n').filter(Boolean);
}
