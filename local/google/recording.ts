/** What the emulator saw: for tests, and for counting the round trips of a flow. */

import type { RecordedCall } from './service.ts';

/**
 * How many of the calls had to wait for one another: the length of the longest chain of
 * calls that do not overlap in time.
 *
 * Greedy by end time is exact here: pairwise disjoint intervals always form a chain.
 */
export function sequentialDepth(
  calls: readonly Pick<RecordedCall, 'startedAt' | 'endedAt'>[],
): number {
  let depth = 0;
  let lastEnd = Number.NEGATIVE_INFINITY;
  for (const call of [...calls].sort((a, b) => a.endedAt - b.endedAt)) {
    if (call.startedAt < lastEnd) continue;
    depth += 1;
    lastEnd = call.endedAt;
  }
  return depth;
}
