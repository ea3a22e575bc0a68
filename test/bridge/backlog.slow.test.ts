/** Backpressure: what waits lies in SQLite and not in memory. */

import { execFile } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';

const TOTAL = 100_000;
/** Of the queue's own doing, beside V8's moods. */
const MAX_GROWTH_MB = 60;
const MAX_MB = 150;
const CHILD = join(import.meta.dirname, 'support/backlog-child.ts');
const UNIT = join(import.meta.dirname, '../../templates/vm/units/agents-plane-bridge.service');

/** What the unit gives V8 to live in. */
const heapLimits = (): readonly string[] =>
  readFileSync(UNIT, 'utf8').match(/--max-[a-z-]+=\d+/g) ?? [];

test('100,000 queued messages: memory stays flat, and all are answered in order', async () => {
  const dir = mkdtempSync(join(tmpdir(), 'bridge-backlog-'));
  try {
    const args = [...heapLimits(), CHILD, dir, String(TOTAL)];
    expect(args).toHaveLength(5);
    const { stdout } = await promisify(execFile)(process.execPath, args);
    process.stdout.write(stdout);
    const seen = JSON.parse(stdout) as Record<
      'before' | 'queued' | 'after' | 'open' | 'sent' | 'wrong',
      number
    >;
    expect(seen).toMatchObject({ open: TOTAL, sent: TOTAL, wrong: 0 });
    expect(seen.queued - seen.before).toBeLessThan(MAX_GROWTH_MB);
    expect(seen.after).toBeLessThan(MAX_MB);
  } finally {
    rmSync(dir, { recursive: true, force: true });
  }
}, 300_000);
