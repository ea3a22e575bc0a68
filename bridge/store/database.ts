/** Opening the one SQLite file: who may, which pragmas, which tables. */

import { chmodSync, existsSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { PlaneError } from '../../contracts/plane-error.ts';
import { MIGRATIONS } from './migrations.ts';

const FILE = 'bridge.db';
const LOCK_FILE = 'bridge.lock';
/** How long a writer waits for another process (`bridge dead retry` beside the service). */
export const PATIENCE = 'PRAGMA busy_timeout = 5000';

/** Files of a bridge before this version have old texts on free pages (see openDatabase). */
const CLEAN_VERSION = 5;

/** @throws PlaneError FAILED_PRECONDITION when a newer bridge wrote the file. */
function migrate(database: DatabaseSync): void {
  const { user_version: version } = database.prepare('PRAGMA user_version').get() as {
    user_version: number;
  };
  if (version > MIGRATIONS.length) {
    throw new PlaneError(
      'FAILED_PRECONDITION',
      `The state was written by a newer bridge (version ${version} of its tables, this one knows ${MIGRATIONS.length}). Update the bridge.`,
    );
  }
  // Outside a transaction, as SQLite wants it; before the version says that it was done.
  if (version > 0 && version < CLEAN_VERSION) {
    database.exec('VACUUM; PRAGMA wal_checkpoint(TRUNCATE)');
  }
  for (const [index, step] of MIGRATIONS.entries()) {
    if (index < version) continue;
    database.exec(`BEGIN IMMEDIATE; ${step}; PRAGMA user_version = ${index + 1}; COMMIT`);
  }
}

/** Whether a bridge has ever kept anything there. */
export const hasDatabase = (dir: string): boolean => existsSync(join(dir, FILE));

/**
 * What a message said is emptied when it is answered: `secure_delete` makes zeros of it. It may have been
 * somebody's API key. Not FAST, which leaves pages that became free as they were: where a text of more than
 * 4 KB lies but for its beginning.
 *
 * WAL, so that the commands can read beside the service; `synchronous=FULL`, so that a commit
 * is on the disk when it returns, a power cut included.
 */
export function openDatabase(dir: string): DatabaseSync {
  mkdirSync(dir, { recursive: true, mode: 0o700 });
  const file = join(dir, FILE);
  const database = new DatabaseSync(file);
  // The folder may be the user's own, and open to others; the log's files get what this one has.
  chmodSync(file, 0o600);
  database.exec(
    `${PATIENCE}; PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA temp_store = MEMORY; PRAGMA secure_delete = ON`,
  );
  migrate(database);
  return database;
}

/**
 * Only one process may run the queues of a folder. SQLite's own lock on a file of its own: the
 * kernel gives it back however the process ends, kill -9 included, so nothing has to expire.
 *
 * @returns gives the lock back
 * @throws PlaneError FAILED_PRECONDITION when another process has it.
 */
export function lockFolder(dir: string): () => void {
  mkdirSync(dir, { recursive: true, mode: 0o700 });
  const lock = new DatabaseSync(join(dir, LOCK_FILE));
  try {
    lock.exec('PRAGMA busy_timeout = 0; BEGIN EXCLUSIVE');
  } catch (cause) {
    lock.close();
    throw new PlaneError(
      'FAILED_PRECONDITION',
      `Another bridge is running with the state in ${dir}. Stop it, or give this one another state.dir.`,
      { cause },
    );
  }
  return () => lock.close();
}
