/** How many calls to Google follow one another when an agent is provisioned; counted, not timed. */

import { sequentialDepth } from '../../local/google/recording.ts';
import type { Plane } from '../../local/plane/plane.ts';
import { provisionAgent } from '../../scripts/stage/agent.ts';
import { renderTable, verdict } from './measure.ts';

const TARGET = 4;

/**
 * Provisions one agent on a plane that has none of that name.
 * @param slow makes every call to Google take as long as it does in the real one, so that
 *   calls made at the same time are seen to overlap
 */
export async function benchRoundTrips(plane: Plane, slow: (on: boolean) => void): Promise<string> {
  slow(true);
  const before = plane.google.recording.length;
  await provisionAgent(plane, { user: 'allison@nine30.com', userPhone: '+15551234567' });
  slow(false);
  // What admins, functions and emulator exchange for tokens and certificates is not on the path.
  const calls = plane.google.recording.slice(before).filter((call) => call.principal !== undefined);
  const depth = sequentialDepth(calls);
  const rows = [
    { what: 'POST /v1/agents, nothing there yet', figures: [`${calls.length}`, `${depth}`] },
  ];
  const table = renderTable(
    'Calls to Google while provisioning',
    ['calls', 'one after the other'],
    rows,
  );
  return `${table}  target: at most ${TARGET} one after the other: ${verdict(depth <= TARGET)}\n`;
}
