/** Cold start of a function: process start to first answer, and memory then. */

import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { build } from 'esbuild';
import { inBothHeaders } from '../../local/google/cloud-run.ts';
import { freePort } from '../../local/plane/function-process.ts';
import type { Plane } from '../../local/plane/plane.ts';
import { LOCAL } from '../../local/plane/settings.ts';
import { functionBundle } from '../../scripts/build/bundles.ts';
import { interleave, median, ms, ratio, renderTable, verdict } from './measure.ts';

const ROOT = join(import.meta.dirname, '../..');
const EMPTY = join(import.meta.dirname, 'functions/empty');
const NAIVE = join(import.meta.dirname, 'functions/naive');
const OURS = join(ROOT, 'dist/functions');
/** Built for this benchmark alone. */
const CLIENTS = join(ROOT, 'dist/bench/clients');
const FRAMEWORK = join(ROOT, 'node_modules/.bin/functions-framework');

interface Sample {
  readonly timeMs: number;
  readonly rssMb: number;
}

interface Contender {
  readonly source: string;
  readonly path: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly env: Readonly<Record<string, string>>;
  /** The answer that counts. */
  readonly status: number;
}

const rssMb = (pid: number): number =>
  Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1]) / 1024;

async function firstAnswer(
  url: string,
  headers: Readonly<Record<string, string>>,
): Promise<number> {
  for (;;) {
    const answer = await fetch(url, { headers }).catch(() => undefined);
    if (answer) {
      await answer.arrayBuffer();
      return answer.status;
    }
    await sleep(2);
  }
}

/** One cold start, in a process of its own that is ended again. */
async function coldStart(contender: Contender): Promise<Sample> {
  const port = await freePort();
  const startedAt = performance.now();
  const child = spawn(
    process.execPath,
    [FRAMEWORK, '--target=api', `--source=${contender.source}`, `--port=${port}`],
    { stdio: 'ignore', env: { ...contender.env } },
  );
  const status = await firstAnswer(
    `http://127.0.0.1:${port}${contender.path}`,
    contender.headers ?? {},
  );
  const timeMs = performance.now() - startedAt;
  const sample = { timeMs, rssMb: rssMb(child.pid ?? 0) };
  child.kill('SIGKILL');
  await once(child, 'exit');
  if (status !== contender.status)
    throw new Error(`${contender.path} answered ${status}, not ${contender.status}`);
  return sample;
}

/** A function that only constructs the clients, out of our own drivers and bundled as ours is. */
async function buildClients(): Promise<void> {
  await build(functionBundle(join(import.meta.dirname, 'functions/clients/index.ts'), CLIENTS));
  await writeFile(join(CLIENTS, 'package.json'), '{ "type": "module", "main": "index.mjs" }\n');
}

const TARGETS = { time: 2.5, memory: 1.6, lazyTime: 1.5 };

/** @returns the table, with the targets of issue 2 */
export async function benchColdStart(plane: Plane): Promise<string> {
  const bearer = inBothHeaders(await plane.idToken(LOCAL.admin));
  const env = { ...plane.functionsEnv };
  const contenders: Record<string, Contender> = {
    'empty function (the floor)': { source: EMPTY, path: '/', env, status: 200 },
    'ours, answer without Google': { source: OURS, path: '/v1/openapi.json', env, status: 200 },
    'ours, official clients constructed': { source: CLIENTS, path: '/', env, status: 200 },
    'ours, 12 calls to Google answered': {
      source: OURS,
      path: '/v1/agents/nobody',
      headers: bearer,
      env,
      status: 404,
    },
    'naive: whole packages, constructed': { source: NAIVE, path: '/', env, status: 200 },
  };
  await buildClients();
  const samples = await interleave(
    Object.fromEntries(
      Object.entries(contenders).map(([name, each]) => [name, () => coldStart(each)]),
    ),
  );
  const figures = Object.entries(samples).map(([what, list]) => ({
    what,
    timeMs: median(list.map((sample) => sample.timeMs)),
    rssMb: median(list.map((sample) => sample.rssMb)),
  }));
  const [floor, lazy, ours] = figures;
  if (!floor || !lazy || !ours) throw new Error('nothing measured');
  const rows = figures.map(({ what, timeMs, rssMb: memory }) => ({
    what,
    figures: [
      ms(timeMs),
      ratio(timeMs, floor.timeMs),
      `${memory.toFixed(0)} MB`,
      ratio(memory, floor.rssMb),
    ],
  }));
  const holds =
    ours.timeMs <= TARGETS.time * floor.timeMs && ours.rssMb <= TARGETS.memory * floor.rssMb;
  return [
    renderTable(
      'Cold start of function api',
      ['first answer', 'of floor', 'memory', 'of floor'],
      rows,
    ),
    `  target: official clients at most ${TARGETS.time} x time, ${TARGETS.memory} x memory: ${verdict(holds)}`,
    `  target: without Google at most ${TARGETS.lazyTime} x time: ${verdict(lazy.timeMs <= TARGETS.lazyTime * floor.timeMs)}`,
    '',
  ].join('\n');
}
