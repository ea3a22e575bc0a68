/**
 * The beginnings of what was said lately, by WhatsApp's ids: somebody who answers "yes" to a message
 * names that message, and nothing else. Ended messages keep no text; this keeps a little, for a while.
 */

import type { DatabaseSync } from 'node:sqlite';
import { withoutKeys } from '../../contracts/find-keys.ts';
import { withoutTokens } from '../../contracts/find-tokens.ts';

/** Characters: enough to know which message is meant. */
const LENGTH = 300;

const NO_KEY = '[API key removed]';
const NO_TOKEN = '[bot token removed]';

export interface Quotes {
  /** Inside `commit()`; a key or a bot token in it is left out. @param at milliseconds since the epoch */
  keep(id: string, text: string, at: number): void;
  find(id: string): string | undefined;
  /** Inside `commit()`: forgets up to `limit`. @returns how many */
  prune(before: number, limit: number): number;
}

const shortened = (text: string): string => {
  const characters = [...text];
  return characters.length > LENGTH ? `${characters.slice(0, LENGTH).join('')}…` : text;
};

export function createQuotes(database: DatabaseSync): Quotes {
  const write = database.prepare(
    'INSERT INTO quote (id, text, at) VALUES (?, ?, ?) ON CONFLICT (id) DO NOTHING',
  );
  const read = database.prepare('SELECT text FROM quote WHERE id = ?');
  const forget = database.prepare(
    'DELETE FROM quote WHERE id IN (SELECT id FROM quote WHERE at < ? ORDER BY at LIMIT ?)',
  );
  return {
    keep(id, text, at) {
      write.run(id, shortened(withoutKeys(withoutTokens(text, NO_TOKEN), NO_KEY)), at);
    },
    find: (id) => (read.get(id) as { text: string } | undefined)?.text,
    prune: (before, limit) => Number(forget.run(before, limit).changes),
  };
}
