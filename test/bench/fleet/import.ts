/** `import` of many people under the quotas of a real project. */

import { importRows, type Outcome } from '../../../scripts/cli/bulk.ts';
import { boundOf, isRefused, openStage, phoneAt, type Stage } from './stage.ts';

/** What the function held when so many people were done. */
export interface Sample {
  readonly people: number;
  readonly megabytes: number;
}

export interface Imported {
  readonly outcomes: readonly Outcome[];
  readonly ms: number;
  readonly bound: { readonly name: string; readonly ms: number };
  /** Calls that Google refused for its quotas. */
  readonly refused: number;
  readonly memory: readonly Sample[];
  /** Per agent, by method. */
  readonly calls: ReadonlyMap<string, number>;
  /** Things that there are more than one of, or that nobody asked for. */
  readonly machines: number;
}

const rowsOf = (count: number) =>
  Array.from({ length: count }, (_, index) => {
    const user = `person-${String(index).padStart(5, '0')}@nine30.com`;
    return { at: `line ${index + 2}`, person: { user, userPhone: phoneAt(index) } };
  });

async function sampled(
  { stage, people }: { readonly stage: Stage; readonly people: () => number },
  everyMs: number,
  work: () => Promise<void>,
): Promise<readonly Sample[]> {
  const samples: Sample[] = [];
  const take = async () => {
    samples.push({ people: people(), megabytes: await stage.memory() });
  };
  await take();
  const timer = setInterval(take, everyMs);
  try {
    await work();
  } finally {
    clearInterval(timer);
  }
  await take();
  return samples;
}

/** The most that was held up to each of these shares of the people, from the share before. */
export function peaks(
  samples: readonly Sample[],
  people: number,
  shares: readonly number[],
): readonly Sample[] {
  return shares.map((share, index) => {
    const [from, to] = [shares[index - 1] ?? -1, share].map((part) => part * people);
    const within = samples.filter((each) => each.people > (from ?? 0) && each.people <= (to ?? 0));
    const megabytes = Math.max(0, ...within.map((each) => each.megabytes));
    return { people: Math.round(share * people), megabytes };
  });
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
    let people = 0;
    const show = (done: number, note: string): void => {
      people = done;
      say(`${done}/${count} ${note}`);
    };
    const bar = { show, end() {} };
    const memory = await sampled({ stage, people: () => people }, 1000, async () => {
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
      refused: made.filter(isRefused).length,
      machines: [...machines].length,
    };
  } finally {
    await stage.close();
  }
}
