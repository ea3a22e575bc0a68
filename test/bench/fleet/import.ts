/** `import` of many people under the quotas of a real project. */

import { importRows, type Outcome } from '../../../scripts/cli/bulk.ts';
import { boundOf, openStage, type Stage } from './stage.ts';

export interface Imported {
  readonly outcomes: readonly Outcome[];
  readonly ms: number;
  readonly bound: { readonly name: string; readonly ms: number };
  /** Calls that Google refused for its quotas. */
  readonly refused: number;
  /** Megabytes of the function, over the run. */
  readonly memory: readonly number[];
  /** Per agent, by method. */
  readonly calls: ReadonlyMap<string, number>;
  /** Things that there are more than one of, or that nobody asked for. */
  readonly machines: number;
}

const rowsOf = (count: number) =>
  Array.from({ length: count }, (_, index) => {
    const user = `person-${String(index).padStart(5, '0')}@nine30.com`;
    return { at: `line ${index + 2}`, person: { user, userPhone: '+15551234567' } };
  });

async function sampled(stage: Stage, everyMs: number, work: () => Promise<void>) {
  const samples: number[] = [await stage.memory()];
  const timer = setInterval(async () => void samples.push(await stage.memory()), everyMs);
  try {
    await work();
  } finally {
    clearInterval(timer);
  }
  return samples;
}

export async function benchImport(
  count: number,
  speed: number,
  say: (line: string) => void,
): Promise<Imported> {
  const stage = await openStage(speed, count);
  try {
    stage.switchOn();
    const { recording } = stage.harness.google;
    const mark = recording.length;
    const startedAt = performance.now();
    let outcomes: readonly Outcome[] = [];
    const bar = { show: (done: number, note: string) => say(`${done}/${count} ${note}`), end() {} };
    const memory = await sampled(stage, 5000 / speed, async () => {
      const pollMs = 3000 / speed;
      outcomes = await importRows({ client: stage.client, bar, pollMs }, rowsOf(count));
    });
    const ms = performance.now() - startedAt;
    const made = recording.slice(mark);
    const calls = new Map<string, number>();
    for (const { method } of made) {
      const short = method.split('.').slice(-2).join('.');
      calls.set(short, (calls.get(short) ?? 0) + 1 / count);
    }
    const machines = stage.harness.google.compute.instances.list();
    return {
      ...{ outcomes, ms, memory, calls, bound: boundOf(stage, mark) },
      refused: made.filter(({ status }) => status === 429).length,
      machines: [...machines].length,
    };
  } finally {
    await stage.close();
  }
}
