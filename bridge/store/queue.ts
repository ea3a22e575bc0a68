/**
 * A durable queue with lanes. Every method that changes rows is to be called inside
 * `commit()`; none of them waits for anything.
 */

import type { DatabaseSync } from 'node:sqlite';

export interface Item<T> {
  readonly seq: number;
  readonly key: string;
  readonly lane: string;
  readonly payload: T;
  /** This attempt included. */
  readonly attempts: number;
  /** An earlier attempt began, and nobody knows how it went. */
  readonly interrupted: boolean;
  /** Attempts before this one whose answer was lost. */
  readonly unsure: number;
  /** How often the bridge ended during an attempt. */
  readonly interruptions: number;
  /** How often it was a dead letter that was tried again. */
  readonly revived: number;
  /** Milliseconds since the epoch. */
  readonly createdAt: number;
}

export interface DeadItem<T> extends Item<T> {
  readonly note: string;
  readonly endedAt: number;
}

export interface NewItem<T> {
  readonly key: string;
  readonly lane: string;
  readonly payload: T;
  readonly at: number;
}

export interface Again {
  readonly dueAt: number;
  /** Why, for the operator. No message text, no whole number. */
  readonly note: string;
  /** An attempt that is not charged does not count. */
  readonly charged: boolean;
  /** The attempt may have had its effect: the next one is told (`interrupted`). */
  readonly begun: boolean;
  /** The attempt's answer was lost; such attempts are counted by themselves too. */
  readonly unsure?: boolean;
}

export interface Depth {
  readonly open: number;
  readonly dead: number;
  /** When the oldest open item came; undefined when nothing is open. */
  readonly oldestAt: number | undefined;
}

export interface Queue<T> {
  /** Open, ended or dead: the key was taken before. */
  knows(key: string): boolean;
  /** @returns false when the key is known already: nothing is changed then. */
  add(item: NewItem<T>): boolean;
  /** Remembers a key without anything to do, so that the same message is not taken again. */
  remember(key: string, lane: string, at: number): boolean;
  /** Up to `limit` items that are due, each the head of its lane; they are running afterwards. */
  claim(now: number, limit: number): Item<T>[];
  /** When the next item is due; undefined when none is ready. */
  nextDue(): number | undefined;
  finish(seq: number, at: number): void;
  /** Stays the head of its lane and comes again at `dueAt`. */
  retry(seq: number, again: Again): void;
  /** To the dead letters; the lane goes on. */
  bury(seq: number, at: number, note: string): void;
  /** After a crash, which is no message's fault: what was running is ready again, marked as interrupted. */
  recover(): number;
  dead(limit: number, afterSeq?: number): DeadItem<T>[];
  /** A dead letter starts over, in its old place of its lane. @returns false when there is none, or no payload of it. */
  revive(seq: number, at: number): boolean;
  drop(seq: number): boolean;
  /** Ends an open item by its key, wherever it stands (an outside confirmation). */
  confirm(key: string, at: number): boolean;
  /**
   * To the dead letters by its key, an ended one as well (an outside failure): its payload is gone then.
   * @returns its lane; undefined when nobody knows it, or it was a dead letter before
   */
  fail(key: string, at: number, note: string): string | undefined;
  depth(): Depth;
  /** Forgets up to `limit` ended items; their keys are unknown afterwards. */
  prune(endedBefore: number, limit: number): number;
}

interface Row {
  readonly seq: number;
  readonly key: string;
  readonly lane: string;
  readonly payload: string;
  readonly attempts: number;
  readonly interrupted: number;
  readonly unsure: number;
  readonly interruptions: number;
  readonly revived: number;
  readonly created_at: number;
  readonly ended_at: number | null;
  readonly note: string | null;
}

const OPEN = "('waiting', 'ready', 'running')";

const toItem = <T>(row: Row): Item<T> => ({
  seq: row.seq,
  key: row.key,
  lane: row.lane,
  payload: JSON.parse(row.payload) as T,
  attempts: row.attempts,
  interrupted: row.interrupted === 1,
  unsure: row.unsure,
  interruptions: row.interruptions,
  revived: row.revived,
  createdAt: row.created_at,
});

function statements(database: DatabaseSync, table: string) {
  const sql = (text: string) => database.prepare(text);
  return {
    knows: sql(`SELECT 1 FROM ${table} WHERE key = ?`),
    laneBusy: sql(
      `SELECT 1 FROM ${table} WHERE lane = ? AND state IN ${OPEN} AND state <> 'done' LIMIT 1`,
    ),
    insert: sql(
      `INSERT INTO ${table} (key, lane, state, created_at, due_at, payload) VALUES (?, ?, ?, ?, ?, ?)
       ON CONFLICT (key) DO NOTHING`,
    ),
    remember: sql(
      `INSERT INTO ${table} (key, lane, state, created_at, due_at, ended_at) VALUES (?, ?, 'done', ?, ?, ?)
       ON CONFLICT (key) DO NOTHING`,
    ),
    // `? + 0`: a plain `LIMIT ?` has SQLite prepare the statement again at every call, since it plans by the
    // number. That took 80 µs, and each commit asks twice (decision 064).
    claim: sql(
      `UPDATE ${table} SET state = 'running', attempts = attempts + 1 WHERE seq IN
         (SELECT seq FROM ${table} WHERE state = 'ready' AND due_at <= ? ORDER BY due_at, seq LIMIT ? + 0)
       RETURNING seq, key, lane, payload, attempts, interrupted, unsure, interruptions, revived, created_at`,
    ),
    nextDue: sql(`SELECT min(due_at) AS due FROM ${table} WHERE state = 'ready'`),
    end: sql(
      `UPDATE ${table} SET state = 'done', ended_at = ?, payload = NULL, note = NULL
       WHERE seq = ? AND state IN ${OPEN} RETURNING lane`,
    ),
    bury: sql(
      `UPDATE ${table} SET state = 'dead', ended_at = ?, note = ?
       WHERE seq = ? AND state IN ${OPEN} RETURNING lane`,
    ),
    // Unless one is under way: a dead letter can end beside it.
    promote: sql(
      `UPDATE ${table} SET state = 'ready' WHERE seq =
         (SELECT seq FROM ${table} WHERE lane = ?1 AND state = 'waiting' AND state <> 'done' ORDER BY seq LIMIT 1)
       AND NOT EXISTS
         (SELECT 1 FROM ${table} WHERE lane = ?1 AND state IN ('ready', 'running') AND state <> 'done')`,
    ),
    retry: sql(
      `UPDATE ${table} SET state = 'ready', due_at = ?, note = ?, interrupted = ?,
         attempts = attempts - ?, unsure = unsure + ? WHERE seq = ? AND state = 'running'`,
    ),
    recover: sql(`UPDATE ${table} SET state = 'ready', interrupted = 1,
         interruptions = interruptions + 1, attempts = attempts - 1 WHERE state = 'running'`),
    dead: sql(`SELECT * FROM ${table} WHERE state = 'dead' AND seq > ? ORDER BY seq LIMIT ?`),
    revive: sql(
      `UPDATE ${table} SET state = 'waiting', attempts = 0, interrupted = 0, unsure = 0,
         interruptions = 0, revived = revived + 1, due_at = ?, created_at = ?, ended_at = NULL, note = NULL WHERE seq = ? AND state = 'dead' AND payload IS NOT NULL RETURNING lane`,
    ),
    drop: sql(
      `UPDATE ${table} SET state = 'done', payload = NULL WHERE seq = ? AND state = 'dead'`,
    ),
    // What was dropped has a note still: it is no dead letter a second time.
    fail: sql(
      `UPDATE ${table} SET state = 'dead', ended_at = ?, note = ?
       WHERE key = ? AND (state IN ${OPEN} OR (state = 'done' AND note IS NULL)) RETURNING lane`,
    ),
    bySeq: sql(`SELECT seq FROM ${table} WHERE key = ? AND state IN ${OPEN}`),
    open: sql(
      `SELECT count(*) AS n, min(created_at) AS oldest FROM ${table} WHERE state IN ${OPEN} AND state <> 'done'`,
    ),
    deadCount: sql(`SELECT count(*) AS n FROM ${table} WHERE state = 'dead'`),
    prune: sql(
      `DELETE FROM ${table} WHERE seq IN
         (SELECT seq FROM ${table} WHERE state = 'done' AND ended_at < ? ORDER BY ended_at LIMIT ?)`,
    ),
  };
}

/** @param table `inbox` or `outbox`, see migrations.ts */
export function createQueue<T>(database: DatabaseSync, table: 'inbox' | 'outbox'): Queue<T> {
  const run = statements(database, table);
  /** The lane's next item may come. */
  const promote = (lane: string | undefined): void => {
    if (lane !== undefined) run.promote.run(lane);
  };
  const laneOf = (row: unknown): string | undefined => (row as { lane: string } | undefined)?.lane;
  const finish = (seq: number, at: number): void => promote(laneOf(run.end.get(at, seq)));

  return {
    knows: (key) => run.knows.get(key) !== undefined,
    add({ key, lane, payload, at }) {
      const state = run.laneBusy.get(lane) ? 'waiting' : 'ready';
      return run.insert.run(key, lane, state, at, at, JSON.stringify(payload)).changes === 1;
    },
    remember: (key, lane, at) => run.remember.run(key, lane, at, at, at).changes === 1,
    claim: (now, limit) =>
      (run.claim.all(now, limit) as unknown as Row[])
        .sort((a, b) => a.seq - b.seq)
        .map((row) => toItem<T>(row)),
    nextDue: () => (run.nextDue.get() as { due: number | null }).due ?? undefined,
    finish,
    retry(seq, { dueAt, note, charged, begun, unsure }) {
      run.retry.run(dueAt, note, begun ? 1 : 0, charged ? 0 : 1, unsure ? 1 : 0, seq);
    },
    bury: (seq, at, note) => promote(laneOf(run.bury.get(at, note, seq))),
    recover: () => Number(run.recover.run().changes),
    dead: (limit, afterSeq = 0) =>
      (run.dead.all(afterSeq, limit) as unknown as Row[]).map((row) => ({
        ...toItem<T>(row),
        note: row.note ?? '',
        endedAt: row.ended_at ?? 0,
      })),
    revive(seq, at) {
      const lane = laneOf(run.revive.get(at, at, seq));
      promote(lane);
      return lane !== undefined;
    },
    drop: (seq) => run.drop.run(seq).changes === 1,
    confirm(key, at) {
      const row = run.bySeq.get(key) as { seq: number } | undefined;
      if (row) finish(row.seq, at);
      return row !== undefined;
    },
    fail(key, at, note) {
      const lane = laneOf(run.fail.get(at, note, key));
      promote(lane);
      return lane;
    },
    depth() {
      const { n, oldest } = run.open.get() as { n: number; oldest: number | null };
      const { n: dead } = run.deadCount.get() as { n: number };
      return { open: n, dead, oldestAt: oldest ?? undefined };
    },
    prune: (before, limit) => Number(run.prune.run(before, limit).changes),
  };
}
