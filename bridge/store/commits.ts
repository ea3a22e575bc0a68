/**
 * Group commit: everything that is asked for during one turn of the event loop shares one
 * transaction, hence one fsync. Under load that is dozens of messages to a sync; alone it
 * costs nothing, since the flush comes as soon as the loop is idle.
 */

import type { DatabaseSync } from 'node:sqlite';

export interface Commits {
  /**
   * @param work changes rows, synchronously. When it throws, its own changes alone are undone.
   * @returns what `work` returned, once it is on the disk
   */
  commit<T>(work: () => T): Promise<T>;
  /** Commits what is waiting, now. */
  flush(): void;
}

interface Waiting {
  /** Runs the work; hands back what settles its promise. */
  readonly run: () => () => void;
  readonly reject: (error: unknown) => void;
}

function runAll(database: DatabaseSync, batch: readonly Waiting[]): void {
  const begin = database.prepare('SAVEPOINT one');
  const release = database.prepare('RELEASE one');
  const settle: (() => void)[] = [];
  database.exec('BEGIN IMMEDIATE');
  try {
    for (const { run, reject } of batch) {
      begin.run();
      try {
        settle.push(run());
      } catch (error) {
        database.exec('ROLLBACK TO one');
        settle.push(() => reject(error));
      }
      release.run();
    }
    database.exec('COMMIT');
  } catch (error) {
    if (database.isTransaction) database.exec('ROLLBACK');
    throw error;
  }
  for (const each of settle) each();
}

export function createCommits(database: DatabaseSync): Commits {
  let waiting: Waiting[] = [];

  const flush = (): void => {
    const batch = waiting;
    waiting = [];
    if (batch.length === 0) return;
    try {
      runAll(database, batch);
    } catch (error) {
      // The disk is full, or the file is gone: nothing of the batch happened.
      for (const { reject } of batch) reject(error);
    }
  };

  return {
    commit<T>(work: () => T): Promise<T> {
      return new Promise<T>((resolve, reject) => {
        const run = (): (() => void) => {
          const result = work();
          return () => resolve(result);
        };
        if (waiting.push({ run, reject }) === 1) setImmediate(flush);
      });
    },
    flush,
  };
}
