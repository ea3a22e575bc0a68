/** A plane in a process of its own against a Google with the quotas and the distance of a real one. */

import { readFile } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import { DEFAULT_QUOTAS, faster, type Quota, quotaHook } from '../../../local/google/quotas.ts';
import { QUEUE } from '../../../local/plane/settings.ts';
import { type Client, connect } from '../../../scripts/cli/client.ts';
import { ENVIRONMENT } from '../../functions/fixtures.ts';
import { type Harness, startHarness } from '../../functions/harness.ts';

export interface Stage {
  readonly harness: Harness;
  readonly client: Client;
  readonly quotas: readonly Quota[];
  /** From here on calls take their time and are counted against the quotas. */
  switchOn(): void;
  /** Megabytes that the function holds. */
  memory(): Promise<number>;
  close(): Promise<void>;
}

/** Milliseconds of every call to Google. */
const LATENCY_MS = 100;

/** @param speed how many times as fast quotas, queue and distances are as real ones */
export async function openStage(speed: number, accounts: number): Promise<Stage> {
  const quotas = faster(DEFAULT_QUOTAS, speed);
  const quota = quotaHook(quotas, () => performance.now());
  let on = false;
  const at = { api: '' };
  const harness = await startHarness({
    target: 'api',
    built: true,
    accountsPerProject: accounts + 20,
    reach: (url) => url.replace(ENVIRONMENT.AGENTS_PLANE_AUDIENCE, at.api),
    fault: async (call) => {
      if (!on || call.method.startsWith('oauth2.')) return undefined;
      await sleep(LATENCY_MS / speed);
      return quota(call);
    },
  });
  at.api = harness.plane.url;
  const { tasks } = harness.google;
  const settings = tasks.queues.get(QUEUE)?.settings;
  tasks.removeQueue(QUEUE);
  tasks.createQueue(QUEUE, {
    ...settings,
    maxDispatchesPerSecond: (settings?.maxDispatchesPerSecond ?? 1) * speed,
  });
  // As an admin's own: what the plane says about a quota is waited for.
  const client = await connect({
    AGENTS_PLANE_URL: at.api,
    AGENTS_PLANE_ID_TOKEN: await harness.idToken(undefined, undefined, 86_400),
  });
  return {
    harness,
    quotas,
    client,
    switchOn() {
      on = true;
    },
    async memory() {
      const text = await readFile(`/proc/${harness.plane.pid}/status`, 'utf8');
      return Number(/VmRSS:\s+(\d+) kB/.exec(text)?.[1] ?? Number.NaN) / 1024;
    },
    close: () => harness.close(),
  };
}

/** Above a rate: 429, and 403 of Compute. */
export const isRefused = ({ status }: { readonly status: number }): boolean =>
  status === 429 || status === 403;

/** What the quotas allow at the least: calls that were let through, over the tightest rate. */
export function boundOf(
  stage: Stage,
  mark: number,
): { readonly name: string; readonly ms: number } {
  const calls = stage.harness.google.recording.slice(mark).filter((call) => !isRefused(call));
  const bounds = stage.quotas.map(({ name, counts, limit, windowMs }) => {
    const used = calls.filter(({ method }) => counts(method)).length;
    return { name: `${used} ${name}`, ms: (used / limit) * windowMs };
  });
  return bounds.reduce((a, b) => (b.ms > a.ms ? b : a));
}

/** A phone of one's own: two agents are never linked to the same one. */
export const phoneAt = (index: number): string => `+1555${String(index).padStart(7, '0')}`;
