/** What is left of a key in OpenClaw's databases: rows that it keeps, free pages, the log. */

import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { scrubOnce } from '../../vm-bootstrap/plugin/scrub.ts';
import { tracesOf } from './support/traces.ts';

const KEY = 'sk-ant-api03-a7d2e8c4b6Zx9Cv5Bn1Mq3Lw7';

test('a row that is kept loses the key alone, an emptied one its bytes; other databases stay', () => {
  const folder = mkdtempSync(join(tmpdir(), 'scrub-'));
  const open = (name: string) => new DatabaseSync(join(folder, name));
  const state = open('openclaw.sqlite');
  state.exec(
    'PRAGMA journal_mode = WAL; CREATE TABLE task_runs (task TEXT); CREATE TABLE journal (text TEXT)',
  );
  state.prepare('INSERT INTO task_runs VALUES (?), (?)').run(`My key is ${KEY}`, 'Good morning');
  state.prepare('INSERT INTO journal VALUES (?)').run(KEY);
  state.exec("UPDATE journal SET text = ''");
  open('other.sqlite').exec('CREATE TABLE notes (text TEXT)');
  expect(tracesOf([KEY], folder).length).toBeGreaterThan(0);

  expect(scrubOnce(folder, { needles: [KEY], instead: '[removed]' })).toBe(true);
  expect(tracesOf([KEY], folder)).toEqual([]);
  expect(state.prepare('SELECT task FROM task_runs').all()).toEqual([
    { task: 'My key is [removed]' },
    { task: 'Good morning' },
  ]);
  state.close();
  rmSync(folder, { recursive: true });
});
