/** What is known of the way to the other side, call by call. Pure. */

import type { CallState, Contact } from '../ports.ts';

/** @param state of the call that just ended; undefined when it says nothing */
export function contactAfter(before: Contact, state: CallState | undefined, now: number): Contact {
  if (state === undefined) return before;
  if (state === 'ok') return { wellAt: now };
  const { since = now, times = 0 } = before.failing ?? {};
  return { ...before, failing: { since, times: times + 1, how: state } };
}
