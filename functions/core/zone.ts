/**
 * The zone of an agent. Its data disk decides; what has no data disk yet is made in the plane's
 * zone or, where that is out of stock, in the next one of the region (docs/decisions/082).
 */

import { type AgentName, dataDiskName, instanceName } from '../../contracts/names.ts';
import { type Intent, LEASE_MS, recordedIntent } from './intent.ts';
import type { LabelledDisk, Observed, OperationState, SecretState, Spread } from './observed.ts';

/**
 * What an operation ends with when the zone has no room for the machine.
 * https://cloud.google.com/compute/docs/troubleshooting/troubleshooting-resource-availability
 */
export const STOCKOUTS: ReadonlySet<string> = new Set([
  'ZONE_RESOURCE_POOL_EXHAUSTED',
  'ZONE_RESOURCE_POOL_EXHAUSTED_WITH_DETAILS',
  'RESOURCE_POOL_EXHAUSTED',
  'RESOURCE_POOL_EXHAUSTED_WITH_DETAILS',
  'STOCKOUT',
]);

/** Milliseconds; of what Google did not say: the beginning of time. */
const timeOf = (text: string | undefined): number => Date.parse(text ?? '') || 0;

/** The newest thing that happened to the VM is that it could not be made for want of room. */
const ranOut = (operation: OperationState | undefined): operation is OperationState =>
  operation?.kind === 'insert' &&
  operation.done &&
  operation.errors.some(({ code }) => STOCKOUTS.has(code));

/**
 * Whether that very try made the disk, between its begin and its end: then no VM ever ran on it,
 * and nothing is lost with it. All times are Google's own.
 */
function isLeftover(
  { createdAt, inUse }: Omit<LabelledDisk, 'name' | 'zone'>,
  operation: OperationState | undefined,
): boolean {
  if (!ranOut(operation) || inUse || !createdAt || !operation.at || !operation.endedAt)
    return false;
  const made = timeOf(createdAt);
  return made >= timeOf(operation.at) && made <= timeOf(operation.endedAt);
}

export type Machine = Pick<Observed, 'instance' | 'dataDisk' | 'operation'>;

/** Without what ended before the agent was put on record: that was an earlier one's of the same name. */
export function ofThisLife<M extends Machine>(machine: M, record: SecretState | undefined): M {
  const { operation } = machine;
  const isOld = operation?.done && timeOf(operation.at) < timeOf(record?.createdAt);
  return isOld ? { ...machine, operation: undefined } : machine;
}

/** No VM, and no data disk but what a try without success left behind. */
export const isNowhere = ({ instance, dataDisk, operation }: Machine): boolean =>
  !instance && (!dataDisk || isLeftover(dataDisk, operation));

/** What of the agent's in that zone a try without success left behind there. */
export const leftoversIn = (
  zone: string,
  { disks }: Spread,
  { operation }: Machine,
): readonly LabelledDisk[] =>
  disks.filter((disk) => disk.zone === zone && isLeftover(disk, operation));

/** Zones with a data disk of the agent's or, where there is none, with its VM; of `zone` it is known already. */
export function zonesWith(
  name: AgentName,
  { instances, disks }: Spread,
  zone: string,
): readonly string[] {
  const elsewhere = <T extends { readonly name: string; readonly zone: string }>(
    all: readonly T[],
    wanted: string,
  ) => all.filter((it) => it.name === wanted && it.zone !== zone).map((it) => it.zone);
  const withDisk = elsewhere(disks, dataDiskName(name));
  return (withDisk.length > 0 ? withDisk : elsewhere(instances, instanceName(name))).toSorted();
}

export const regionOf = (zone: string): string => zone.replace(/-[a-z]$/, '');

/** The zones of the plane's region, its own first: the order in which they are tried. */
export function orderOf(zones: readonly string[], home: string): readonly string[] {
  const region = zones.filter((zone) => /-[a-z]$/.test(zone) && regionOf(zone) === regionOf(home));
  const sorted = [...new Set([home, ...region])].toSorted();
  const at = sorted.indexOf(home);
  return [...sorted.slice(at), ...sorted.slice(0, at)];
}

/**
 * The intent, with the zone that the agent is in or is to be tried in next.
 * @param home the plane's zone
 * @param begins whether a request may begin with the first zone again when all of them were tried
 */
export function placed(intent: Intent, observed: Observed, home: string, begins: boolean): Intent {
  const { zone = home, zones, operation } = observed;
  const stays = at(intent, zone, home);
  if (intent.life !== 'running' || !zones || !isNowhere(observed)) return stays;
  if ((observed.leftovers ?? []).length > 0) return stays;
  if (!ranOut(operation) || timeOf(operation.at) <= timeOf(intent.after)) return stays;
  const order = orderOf(zones, home);
  const next = order[order.indexOf(zone) + 1];
  if (next === undefined && !begins) return stays;
  return { ...at(intent, next ?? home, home), after: operation.at };
}

/** An agent in the plane's zone says nothing of it. */
function at(intent: Intent, zone: string, home: string): Intent {
  const { zone: _, ...rest } = intent;
  return zone === home ? rest : { ...rest, zone };
}

/**
 * Milliseconds until it is sure that nobody is still making an agent in the zone that it was sent
 * away from: whoever makes a VM has read the record within the first half of the lease before.
 */
export function moveLeft(observed: Observed, now: number): number {
  const recorded = recordedIntent(observed.configSecret);
  if (!recorded?.after || recorded.life !== 'running' || !isNowhere(observed)) return 0;
  // Somebody has waited, and tried.
  if (timeOf(observed.operation?.at) > timeOf(recorded.after)) return 0;
  return Math.max(0, Math.min(LEASE_MS, recorded.at + LEASE_MS - now));
}
