/** The demo's warm time by stage: what a person waits for. */

import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { z } from 'zod';
import { median, renderTable, verdict } from './measure.ts';

const RUNS = 5;
const TARGET_S = 60;
const DEMO = join(import.meta.dirname, '../../scripts/demo');
const lastLine = z.object({ timingsMs: z.record(z.string(), z.number()) });

async function runDemo(): Promise<{ wallMs: number; stages: Record<string, number> }> {
  const startedAt = performance.now();
  const { stdout } = await promisify(execFile)(DEMO, ['--once', '--json'], { maxBuffer: 1 << 24 });
  const wallMs = performance.now() - startedAt;
  const { timingsMs } = lastLine.parse(JSON.parse(stdout.trim().split('\n').at(-1) ?? ''));
  return { wallMs, stages: timingsMs };
}

/** @param say told of each run, since one takes most of a minute */
export async function benchDemo(say: (line: string) => void): Promise<string> {
  // The first run fills the caches; it does not count.
  say('demo: warming up');
  await runDemo();
  const runs: Array<Awaited<ReturnType<typeof runDemo>>> = [];
  for (let round = 1; round <= RUNS; round++) {
    say(`demo: run ${round} of ${RUNS}`);
    runs.push(await runDemo());
  }
  const seconds = (values: readonly number[]): string => `${(median(values) / 1000).toFixed(1)} s`;
  const stages = Object.keys(runs[0]?.stages ?? {});
  const rows = [
    ...stages.map((stage) => ({
      what: stage,
      figures: [seconds(runs.map((run) => run.stages[stage] ?? 0))],
    })),
    { what: 'whole command', figures: [seconds(runs.map((run) => run.wallMs))] },
  ];
  const holds = median(runs.map((run) => run.wallMs)) < TARGET_S * 1000;
  const table = renderTable(`./scripts/demo --once, warm, median of ${RUNS}`, ['time'], rows);
  return `${table}  target: under ${TARGET_S} s: ${verdict(holds)}\n`;
}
