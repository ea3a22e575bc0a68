/**
 * Group commit: everything that is asked for during one turn of the event loop shares one
 * transaction, hence one fsync. Under load that is dozens of messages to a sync; alone it
 * costs nothing, since the flush comes as soon as the loop is idle.
 */

import type { DatabaseSync } from 'node:sqlite';

/** Changes rows in a transaction that is about to end. @returns what follows once it is on the disk */
export type Rider = () => (() => void) | undefined;

export interface Commits {
  /**
   * @param work changes rows, synchronously. When it throws, its own changes alone are undone.
   * @returns what `work` returned, once it is on the disk
   */
  commit<T>(work: () => T): Promise<T>;
  /**
   * Goes along with every commit, after its works: what follows from them (the claim of what was
   * just queued) costs no fsync of its own. @returns takes it off again
   */
  ride(rider: Rider): () => void;
  /** Commits what is waiting, now. */
  flush(): void;
}

interface Waiting {
  /** Runs the work; hands back what settles its promise. */
  readonly run: () => () => void;
  readonly reject: (error: unknown) => void;
}

/** One transaction for all of them, the riders last. @returns what follows */
function createTransaction(database: DatabaseSync) {
  const begin = database.prepare('BEGIN IMMEDIATE');
  const commit = database.prepare('COMMIT');
  const mark = database.prepare('SAVEPOINT one');
  const undo = database.prepare('ROLLBACK TO one');
  const release = database.prepare('RELEASE one');

  const runOne = ({ run, reject }: Waiting): (() => void) => {
    mark.run();
    try {
      return run();
    } catch (error) {
      undo.run();
      return () => reject(error);
    } finally {
      release.run();
    }
  };
  return (batch: readonly Waiting[], riders: Iterable<Rider>): (() => void)[] => {
    begin.run();
    try {
      const follow = batch.map(runOne);
      for (const rider of riders) {
        const then = rider();
        if (then) follow.push(then);
      }
      commit.run();
      return follow;
    } catch (error) {
      if (database.isTransaction) database.exec('ROLLBACK');
      throw error;
    }
  };
}

export function createCommits(database: DatabaseSync): Commits {
  let waiting: Waiting[] = [];
  const transact = createTransaction(database);
  const riders = new Set<Rider>();

  const flush = (): void => {
    const batch = waiting;
    waiting = [];
    if (batch.length === 0) return;
    try {
      for (const each of transact(batch, riders)) each();
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
    ride(rider) {
      riders.add(rider);
      return () => void riders.delete(rider);
    },
    flush,
  };
}
