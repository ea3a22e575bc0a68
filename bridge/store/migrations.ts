/**
 * The tables, as steps that are applied once each and in order (`PRAGMA user_version` counts
 * them). A step that was released is never changed: append another.
 *
 * Both queues have one shape. States of an item: `waiting` behind an older one of its lane;
 * `ready`, the oldest open one of its lane; `running`; then `done` or `dead`. At most one item
 * of a lane is ready or running: that is the order per sender.
 */

const queueTable = (name: string): string => `
  CREATE TABLE ${name} (
    seq INTEGER PRIMARY KEY AUTOINCREMENT,
    key TEXT NOT NULL UNIQUE,
    lane TEXT NOT NULL,
    state TEXT NOT NULL CHECK (state IN ('waiting', 'ready', 'running', 'done', 'dead')),
    attempts INTEGER NOT NULL DEFAULT 0,
    interrupted INTEGER NOT NULL DEFAULT 0,
    created_at INTEGER NOT NULL,
    due_at INTEGER NOT NULL,
    ended_at INTEGER,
    payload TEXT,
    note TEXT
  ) STRICT;
  CREATE INDEX ${name}_lane ON ${name} (lane, state, seq) WHERE state <> 'done';
  CREATE INDEX ${name}_due ON ${name} (due_at, seq) WHERE state = 'ready';
  CREATE INDEX ${name}_running ON ${name} (seq) WHERE state = 'running';
  CREATE INDEX ${name}_dead ON ${name} (seq) WHERE state = 'dead';
  CREATE INDEX ${name}_ended ON ${name} (ended_at) WHERE state = 'done';`;

export const MIGRATIONS: readonly string[] = [
  `${queueTable('inbox')}
  ${queueTable('outbox')}
  CREATE TABLE cursor (name TEXT PRIMARY KEY, value TEXT NOT NULL) STRICT, WITHOUT ROWID;
  CREATE TABLE allowance (
    name TEXT PRIMARY KEY,
    window_start INTEGER NOT NULL,
    used INTEGER NOT NULL
  ) STRICT, WITHOUT ROWID;`,
  // What was said lately, in short: for the replies that quote it (quotes.ts).
  `CREATE TABLE quote (
    id TEXT PRIMARY KEY,
    text TEXT NOT NULL,
    at INTEGER NOT NULL
  ) STRICT, WITHOUT ROWID;
  CREATE INDEX quote_at ON quote (at);`,
  // Attempts of which nobody knows how they went, counted by themselves.
  `ALTER TABLE inbox ADD COLUMN unsure INTEGER NOT NULL DEFAULT 0;
  ALTER TABLE outbox ADD COLUMN unsure INTEGER NOT NULL DEFAULT 0;`,
  // How often a dead letter was tried again: what the agent was asked before is not what it is asked now.
  `ALTER TABLE inbox ADD COLUMN revived INTEGER NOT NULL DEFAULT 0;
  ALTER TABLE outbox ADD COLUMN revived INTEGER NOT NULL DEFAULT 0;`,
  // How often the bridge ended in the middle of it: without end, it would be sent without end.
  `ALTER TABLE inbox ADD COLUMN interruptions INTEGER NOT NULL DEFAULT 0;
  ALTER TABLE outbox ADD COLUMN interruptions INTEGER NOT NULL DEFAULT 0;`,
];
