/**
 * The bridge's durable state: inbox, outbox, cursors of the polls, allowances of the senders.
 * It knows nothing of WhatsApp or of agents; payloads are the caller's.
 */

import type { DatabaseSync } from 'node:sqlite';
import { type Commits, createCommits } from './commits.ts';
import { lockFolder, openDatabase, PATIENCE } from './database.ts';
import { createQueue, type Queue } from './queue.ts';
import { createQuotes, type Quotes } from './quotes.ts';

export interface Store<In, Out> extends Pick<Commits, 'commit' | 'ride'> {
  readonly inbox: Queue<In>;
  readonly outbox: Queue<Out>;
  readonly quotes: Quotes;
  cursor(name: string): string | undefined;
  /** Inside `commit()`, like everything below that changes rows. */
  setCursor(name: string, value: string): void;
  /**
   * One more of `limit` in the fixed window that `now` lies in.
   * @param windowMs length of a window
   * @returns false when the window's allowance is used up; nothing is counted then.
   */
  allow(name: string, now: number, windowMs: number, limit: number): boolean;
  /** Inside `commit()`: forgets up to `limit` allowances whose window began before. @returns how many */
  pruneAllowances(windowBefore: number, limit: number): number;
  /** True when another process has changed the file since this was asked last (`bridge send`). */
  changedOutside(): boolean;
  /** Empties SQLite's log, where answered texts still stand; not while another process reads. */
  emptyLog(): void;
  /** Commits what is waiting and closes the file. */
  close(): void;
}

export interface StoreOptions {
  readonly dir: string;
  /** True for the process that runs the queues; commands that look beside it take no lock. */
  readonly exclusive: boolean;
}

function allowances(database: DatabaseSync) {
  const read = database.prepare('SELECT window_start, used FROM allowance WHERE name = ?');
  const write = database.prepare(
    `INSERT INTO allowance (name, window_start, used) VALUES (?, ?, ?)
     ON CONFLICT (name) DO UPDATE SET window_start = excluded.window_start, used = excluded.used`,
  );
  const forget = database.prepare(
    'DELETE FROM allowance WHERE name IN (SELECT name FROM allowance WHERE window_start < ? LIMIT ?)',
  );
  return {
    allow(name: string, now: number, windowMs: number, limit: number): boolean {
      const start = now - (now % windowMs);
      const row = read.get(name) as { window_start: number; used: number } | undefined;
      const used = row?.window_start === start ? row.used : 0;
      if (used >= limit) return false;
      write.run(name, start, used + 1);
      return true;
    },
    pruneAllowances: (windowBefore: number, limit: number): number =>
      Number(forget.run(windowBefore, limit).changes),
  };
}

/** SQLite counts the commits of other connections: asking costs microseconds. */
function changes(database: DatabaseSync): () => boolean {
  const read = database.prepare('PRAGMA data_version');
  const version = (): number => (read.get() as { data_version: number }).data_version;
  let seen = version();
  return () => {
    const before = seen;
    seen = version();
    return seen !== before;
  };
}

/**
 * Opens or creates the state in `dir`. Exclusively opened, what a killed process left running is
 * ready again.
 * @throws PlaneError FAILED_PRECONDITION when another process runs it, or a newer bridge wrote it.
 */
export function openStore<In, Out>(options: StoreOptions): Store<In, Out> {
  const unlock = options.exclusive ? lockFolder(options.dir) : () => {};
  let database: DatabaseSync;
  try {
    database = openDatabase(options.dir);
  } catch (error) {
    unlock();
    throw error;
  }
  const { commit, ride, flush } = createCommits(database);
  const inbox = createQueue<In>(database, 'inbox');
  const outbox = createQueue<Out>(database, 'outbox');
  if (options.exclusive) {
    inbox.recover();
    outbox.recover();
  }
  const readCursor = database.prepare('SELECT value FROM cursor WHERE name = ?');
  const writeCursor = database.prepare(
    `INSERT INTO cursor (name, value) VALUES (?, ?)
     ON CONFLICT (name) DO UPDATE SET value = excluded.value`,
  );
  return {
    commit,
    ride,
    inbox,
    outbox,
    quotes: createQuotes(database),
    cursor: (name) => (readCursor.get(name) as { value: string } | undefined)?.value,
    setCursor: (name, value) => {
      writeCursor.run(name, value);
    },
    ...allowances(database),
    changedOutside: changes(database),
    emptyLog() {
      // Without patience: a command that reads beside the service must not stop it.
      database.exec(`PRAGMA busy_timeout = 0; PRAGMA wal_checkpoint(TRUNCATE); ${PATIENCE}`);
    },
    close() {
      flush();
      database.close();
      unlock();
    },
  };
}
