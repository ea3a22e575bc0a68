/**
 * A policy that was set is in force a while later: on Google typically after two minutes, seven and more at
 * times (https://cloud.google.com/iam/docs/access-change-propagation).
 */

import type { Policy } from './iam-policy.ts';

export interface Propagation {
  /** The policy of a resource is replaced now. */
  replaced(resource: string, policy: Policy): void;
  /** The policy of before, as long as the one that is stored is not in force. */
  stillInForce(resource: string): Policy | undefined;
  drop(resource: string): void;
}

/** @param delayMs 0: a change is in force at once */
export function createPropagation(now: () => number, delayMs: number): Propagation {
  const before = new Map<string, readonly { readonly policy: Policy; readonly until: number }[]>();
  const live = (resource: string) =>
    (before.get(resource) ?? []).filter(({ until }) => until > now());
  return {
    replaced(resource, policy) {
      if (delayMs === 0) return;
      before.set(resource, [...live(resource), { policy, until: now() + delayMs }]);
    },
    // Oldest first: of two changes in a row the first is in force first.
    stillInForce: (resource) => live(resource)[0]?.policy,
    drop: (resource) => void before.delete(resource),
  };
}
