/**
 * Wipes what a key left in OpenClaw's databases. The inbound journal holds a message until it
 * is handled, and then empties its row; the bytes stay in SQLite's free pages and write-ahead
 * log (seen, 2026.9.6: `secure_delete` is off). VACUUM rewrites a database without them.
 */

import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';

/** The row is emptied after the hook has answered; each look is later than the one before. */
const LOOKS_AFTER_MS = [500, 2_000, 5_000, 15_000, 60_000] as const;
const BUSY_MS = 5_000;

function databasesBelow(directory: string): string[] {
  return readdirSync(directory, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && entry.name.endsWith('.sqlite'))
    .map((entry) => join(entry.parentPath, entry.name));
}

function holds(path: string, needles: readonly string[]): boolean {
  try {
    const bytes = readFileSync(path);
    return needles.some((needle) => bytes.includes(needle));
  } catch {
    return false;
  }
}

function rewrite(path: string): void {
  const database = new DatabaseSync(path);
  try {
    database.exec(`PRAGMA busy_timeout = ${BUSY_MS}`);
    database.exec('VACUUM');
    database.exec('PRAGMA wal_checkpoint(TRUNCATE)');
  } finally {
    database.close();
  }
}

/** One look. @returns whether nothing of the needles is left in any database below. */
export function scrubOnce(directory: string, needles: readonly string[]): boolean {
  const soiled = (): string[] =>
    databasesBelow(directory).filter((path) =>
      [path, `${path}-wal`].some((file) => holds(file, needles)),
    );
  for (const path of soiled()) rewrite(path);
  return soiled().length === 0;
}

/**
 * Looks again and again until two looks in a row found nothing.
 * @param needles the parts of a key as they stood in the message
 */
export async function scrub(
  directory: string,
  needles: readonly string[],
  log: (line: string) => void,
): Promise<void> {
  let clean = 0;
  for (const after of LOOKS_AFTER_MS) {
    await new Promise((resolve) => setTimeout(resolve, after));
    try {
      clean = scrubOnce(directory, needles) ? clean + 1 : 0;
    } catch (error) {
      clean = 0;
      log(`a database could not be rewritten: ${(error as Error).message}`);
    }
    if (clean === 2) return;
  }
  log('a database may still hold a key that was sent');
}
