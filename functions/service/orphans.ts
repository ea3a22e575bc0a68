/** Agents of which something is there, and no config secret: nothing says what they should be. */

import {
  type AgentName,
  agentOfId,
  idsOf,
  LABEL_MANAGED_BY,
  MANAGED_BY,
} from '../../contracts/names.ts';
import type { Tools } from './steps.ts';

const LABELS = { [LABEL_MANAGED_BY]: MANAGED_BY };

/**
 * By what carries our labels: secrets, VMs and disks.
 * @param known agents that have a config secret
 */
export async function orphansBeside(
  { secrets, machines }: Tools,
  known: readonly AgentName[],
): Promise<readonly AgentName[]> {
  const [ids, { instances, disks }] = await Promise.all([
    secrets.list(LABELS),
    machines.labelled(LABELS),
  ]);
  const explained = new Set(known.flatMap(idsOf));
  const names = [...ids, ...[...instances, ...disks].map(({ name }) => name)]
    .filter((id) => !explained.has(id))
    .map(agentOfId)
    .filter((name) => name !== undefined);
  return [...new Set(names)].sort();
}
