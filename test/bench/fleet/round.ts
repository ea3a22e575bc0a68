/** A round of reconcile over a fleet under the quotas of a real project, at the pace that is deployed. */

import { setTimeout as sleep } from 'node:timers/promises';
import { QUEUE } from '../../../local/plane/settings.ts';
import { isRefused, openStage, phoneAt, type Stage } from './stage.ts';

export interface Round {
  readonly ms: number;
  /** Most of a minute's quota of reads of Secret Manager that any minute took. */
  readonly reads: number;
  /** Calls that Google refused for its quotas. */
  readonly refused: number;
  readonly calls: number;
  /** Of the pages, as the queue called for them. */
  readonly pages: number;
}

const AT_ONCE = 20;
const MINUTE_MS = 60_000;

/** Provisioned as people are, before the quotas count. */
async function provisioned({ client, harness }: Stage, count: number, say: Say): Promise<void> {
  for (let start = 0; start < count; start += AT_ONCE) {
    const some = Array.from({ length: Math.min(AT_ONCE, count - start) }, (_, i) => start + i);
    await Promise.all(
      some.map((index) => {
        const user = `person-${String(index).padStart(5, '0')}@nine30.com`;
        return client.call('POST', '/v1/agents', { user, userPhone: phoneAt(index) });
      }),
    );
    say(`${start + some.length}/${count} agents are made`);
  }
  await harness.google.compute.operations.idle();
}

type Say = (line: string) => void;

/** The most that any window of that length held. */
function most(times: readonly number[], windowMs: number): number {
  let from = 0;
  return Math.max(
    0,
    ...times.map((time, index) => {
      while ((times[from] ?? time) <= time - windowMs) from += 1;
      return index - from + 1;
    }),
  );
}

export async function benchRound(count: number, speed: number, say: Say): Promise<Round> {
  const stage = await openStage(speed, count);
  try {
    await provisioned(stage, count, say);
    stage.switchOn();
    const { recording, tasks } = stage.harness.google;
    const dispatcher = tasks.queues.get(QUEUE)?.dispatcher;
    if (!dispatcher) throw new Error('there is no queue');
    const mark = recording.length;
    const startedAt = performance.now();
    await stage.client.call('POST', '/v1/reconcile/begin');
    while (dispatcher.tasks.size > 0) {
      say(`a round, ${((performance.now() - startedAt) / 1000).toFixed(0)} s`);
      await sleep(200);
    }
    const ms = performance.now() - startedAt;
    const made = recording.slice(mark);
    const quota = stage.quotas.find(({ name }) => name === 'Secret Manager reads');
    const reads = made.filter((call) => !isRefused(call) && quota?.counts(call.method));
    const times = reads.map((call) => call.startedAt).sort((a, b) => a - b);
    return {
      ms,
      reads: most(times, MINUTE_MS / speed),
      refused: made.filter(isRefused).length,
      calls: made.length,
      pages: made.filter(({ method }) => method.endsWith('CreateTask')).length,
    };
  } finally {
    await stage.close();
  }
}
