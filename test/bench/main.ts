/** `npm run bench`: each figure beside what it is compared to. `-- --no-demo` leaves the slow part out. */

import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { startPlane } from '../../local/plane/plane.ts';
import { benchColdStart } from './cold-start.ts';
import { benchDemo } from './demo.ts';
import { benchFetchKey } from './fetch-key.ts';
import { benchRoundTrips } from './round-trips.ts';

const GOOGLE_LATENCY_MS = 60;

const say = (line: string): void => void process.stderr.write(`${line}\n`);
const print = (table: string): void => void process.stdout.write(`${table}\n`);

const runDir = await mkdtemp(join(tmpdir(), 'agents-plane-bench-'));
/** Milliseconds, while a benchmark asks for it. */
let latencyMs = 0;
const plane = await startPlane({
  fault: async () => {
    if (latencyMs > 0) await sleep(latencyMs);
    return undefined;
  },
  root: join(import.meta.dirname, '../..'),
  cacheDir: runDir,
  runDir,
  env: process.env,
  sharedKey: 'sk-ant-local-bench',
  now: Date.now,
});
try {
  say('round trips');
  print(
    await benchRoundTrips(plane, (on) => {
      latencyMs = on ? GOOGLE_LATENCY_MS : 0;
    }),
  );
  say('cold start');
  print(await benchColdStart(plane));
  say('fetch-key');
  print(await benchFetchKey(plane));
} finally {
  await plane.close();
  await rm(runDir, { recursive: true, force: true });
}
if (!process.argv.includes('--no-demo')) print(await benchDemo(say));
