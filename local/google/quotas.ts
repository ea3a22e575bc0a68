/**
 * The rates that a project has by default, and the refusal above them: 429 (Compute: 403) with a Retry-After.
 * Switched on where asked for; a fault hook like any other.
 *
 * https://cloud.google.com/secret-manager/quotas (reads, writes and accesses a minute)
 * https://cloud.google.com/compute/api-quota (mutations; a minute's 1,200 are enforced by the second)
 */

import type { FaultHook } from './gate.ts';

export interface Quota {
  readonly name: string;
  readonly counts: (method: string) => boolean;
  /** So many calls in a window of so many milliseconds. */
  readonly limit: number;
  readonly windowMs: number;
}

const SECRETS = 'google.cloud.secretmanager.v1.SecretManagerService.';
const secrets =
  (pattern: RegExp) =>
  (method: string): boolean =>
    method.startsWith(SECRETS) && pattern.test(method.slice(SECRETS.length));

export const DEFAULT_QUOTAS: readonly Quota[] = [
  {
    name: 'Secret Manager writes',
    counts: secrets(/^(Create|Add|Update|Delete|Set|Destroy|Disable|Enable)/),
    limit: 600,
    windowMs: 60_000,
  },
  {
    name: 'Secret Manager reads',
    counts: secrets(/^(Get|List|Test)/),
    limit: 600,
    windowMs: 60_000,
  },
  {
    name: 'Secret Manager accesses',
    counts: secrets(/^Access/),
    limit: 90_000,
    windowMs: 60_000,
  },
  {
    name: 'Compute Engine mutations',
    counts: (method) =>
      /^google\.cloud\.compute\.v1\.(Instances|Disks)\.(Insert|Delete|Start|Stop|Set|Attach|Detach)/.test(
        method,
      ),
    limit: 20,
    windowMs: 1000,
  },
];

/** The same rates on a clock that runs so many times as fast. */
export const faster = (quotas: readonly Quota[], times: number): readonly Quota[] =>
  quotas.map((quota) => ({ ...quota, windowMs: quota.windowMs / times }));

/** @param now milliseconds */
export function quotaHook(quotas: readonly Quota[], now: () => number): FaultHook {
  const windows = new Map<string, { readonly since: number; used: number }>();
  return ({ method }) => {
    const quota = quotas.find(({ counts }) => counts(method));
    if (!quota) return undefined;
    const { name, limit, windowMs } = quota;
    const last = windows.get(name);
    const current = last && now() - last.since < windowMs ? last : { since: now(), used: 0 };
    windows.set(name, current);
    if (current.used >= limit) {
      const retryAfterS = Math.ceil((current.since + windowMs - now()) / 1000);
      const message = `Quota exceeded for quota metric '${name}'.`;
      return { when: 'before', status: 'RESOURCE_EXHAUSTED', message, retryAfterS };
    }
    current.used += 1;
    return undefined;
  };
}
