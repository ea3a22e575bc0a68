/** What the VM says about itself: only a change is worth a guest attribute (Google limits their rate). */

import type { VmStatus } from '../../contracts/instance-metadata.ts';

const REASON_MAX = 500;

/** The status to publish, or undefined when it says what was said last. */
export function statusToPublish(
  last: VmStatus | undefined,
  next: Omit<VmStatus, 'at'>,
  now: Date,
): VmStatus | undefined {
  const { reason, ...rest } = next;
  const trimmed = { ...rest, ...(reason !== undefined && { reason: reason.slice(0, REASON_MAX) }) };
  const { at: _, ...before } = last ?? { at: '' };
  const keys = new Set([...Object.keys(before), ...Object.keys(trimmed)]) as Set<keyof VmStatus>;
  const same = [...keys].every(
    (key) => (before as Partial<VmStatus>)[key] === (trimmed as Partial<VmStatus>)[key],
  );
  return last !== undefined && same ? undefined : { ...trimmed, at: now.toISOString() };
}

/** A failure keeps what it does not change: the config and program in force, whose key the gateway has. */
export function failureAfter(last: VmStatus | undefined, reason: string): Omit<VmStatus, 'at'> {
  const { at: _, ...known } = last ?? { at: '' };
  return { ...known, state: 'failed', reason };
}
