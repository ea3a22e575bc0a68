/**
 * Wipes what a key left in OpenClaw's databases. The inbound journal holds a message until it
 * is handled, and then empties its row; the bytes stay in SQLite's free pages and write-ahead
 * log (seen, 2026.9.6: `secure_delete` is off). VACUUM rewrites a database without them. What the
 * bridge asks (`agent`) is a task as well, whose row keeps the text for a week: there it is replaced.
 */

import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';

/**
 * The row is emptied after the hook has answered (of a quoted key: after the turn, which may take long), a
 * task's is written once more at its end, and the log stays while somebody reads: often at first, then
 * later and later.
 */
const LOOKS_AFTER_MS = [
  ...[500, 2_000, 3_000, 5_000, 5_000, 5_000],
  ...[10_000, 30_000, 60_000, 300_000, 900_000, 900_000],
] as const;
const BUSY_MS = 5_000;

export interface Soil {
  /** The parts of a key as they stood in the message. */
  readonly needles: readonly string[];
  /** What stands in their place where a row is kept. */
  readonly instead: string;
}

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

/** Rows that OpenClaw keeps, with what somebody wrote (seen, 2026.9.6). */
const KEPT = { table: 'task_runs', column: 'task' } as const;

function replaceKept(database: DatabaseSync, { needles, instead }: Soil): void {
  const tables = database.prepare("SELECT 1 FROM sqlite_master WHERE type = 'table' AND name = ?");
  if (!tables.get(KEPT.table)) return;
  const { table, column } = KEPT;
  const replace = database.prepare(
    `UPDATE ${table} SET ${column} = replace(${column}, ?1, ?2) WHERE instr(${column}, ?1) > 0`,
  );
  for (const needle of needles) replace.run(needle, instead);
}

function rewrite(path: string, soil: Soil): void {
  const database = new DatabaseSync(path);
  try {
    database.exec(`PRAGMA busy_timeout = ${BUSY_MS}`);
    replaceKept(database, soil);
    database.exec('VACUUM');
    database.exec('PRAGMA wal_checkpoint(TRUNCATE)');
  } finally {
    database.close();
  }
}

/** One look. @returns whether nothing of the needles is left in any database below. */
export function scrubOnce(directory: string, soil: Soil): boolean {
  const { needles } = soil;
  const soiled = (): string[] =>
    databasesBelow(directory).filter((path) =>
      [path, `${path}-wal`].some((file) => holds(file, needles)),
    );
  for (const path of soiled()) rewrite(path, soil);
  return soiled().length === 0;
}

/** Looks again and again until two looks in a row found nothing. */
export async function scrub(
  directory: string,
  soil: Soil,
  log: (line: string) => void,
): Promise<void> {
  let clean = 0;
  for (const after of LOOKS_AFTER_MS) {
    await new Promise((resolve) => setTimeout(resolve, after));
    try {
      clean = scrubOnce(directory, soil) ? clean + 1 : 0;
    } catch (error) {
      clean = 0;
      log(`a database could not be rewritten: ${(error as Error).message}`);
    }
    if (clean === 2) return;
  }
  log('a database may still hold a key that was sent');
}
