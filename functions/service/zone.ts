/** Which zone of the region an agent's VM and disk are in: what is on record, and what is there. */

import { PlaneError } from '../../contracts/errors.ts';
import { type AgentName, configSecretId, labelsOf } from '../../contracts/names.ts';
import { LEASE_MS, recordedIntent } from '../core/intent.ts';
import type { Observed, SecretState } from '../core/observed.ts';
import { isNowhere, leftoversIn, zonesWith } from '../core/zone.ts';
import type { Guest, Machines, Secrets } from './ports.ts';
import type { Run } from './run.ts';

/** Those of the zone that is on record. */
export function machinesOf<T extends Pick<Machines, 'zone' | 'at'>>(
  machines: T,
  secret: SecretState | undefined,
): T | Machines {
  const { zone = machines.zone } = recordedIntent(secret) ?? {};
  return zone === machines.zone ? machines : machines.at(zone);
}

/** An agent's machine, as one zone has it. */
export type Machine = Pick<Observed, 'instance' | 'dataDisk' | 'operation' | 'zone'> & {
  readonly guest: Guest;
};

/** Elsewhere than in the plane's zone, where everybody's is looked for first: none of those calls is made twice. */
export async function machineOf(
  machines: Machines,
  name: AgentName,
  secret: SecretState | undefined,
  seen: Machine,
  read: (machines: Machines) => Promise<Machine>,
): Promise<Machine & Pick<Observed, 'zones' | 'leftovers' | 'scattered'>> {
  const recorded = machinesOf(machines, secret);
  const here = recorded === machines ? seen : await read(recorded);
  if (!isNowhere(here) || here.operation?.done === false) return here;
  return search(machines, name, here, read);
}

/**
 * An agent that is on record and in its zone is not: before it is made there, every zone is
 * looked at, for somebody may have moved its disk, or the plane been set to another zone.
 */
async function search(
  machines: Machines,
  name: AgentName,
  here: Machine,
  read: (machines: Machines) => Promise<Machine>,
): Promise<Machine & Pick<Observed, 'zones' | 'leftovers' | 'scattered'>> {
  const spread = await machines.labelled(labelsOf(name));
  const { zone = machines.zone } = here;
  const [other, ...more] = zonesWith(name, spread, zone);
  const found = other === undefined ? here : await read(machines.at(other));
  return {
    ...found,
    ...(isNowhere(found) ? { dataDisk: undefined } : {}),
    zones: spread.zones,
    leftovers: leftoversIn(found.zone ?? zone, spread, found),
    ...(other !== undefined && more.length > 0 ? { scattered: [other, ...more] } : {}),
  };
}

/**
 * A VM is made where the record has it, and the record is never older than half the lease when
 * Google is told: whoever sends the agent to another zone waits for the whole of it (core/zone.ts).
 * The record is there by now: the instance needs its config version.
 * @throws PlaneError ABORTED when the record says something else meanwhile, or is gone
 */
export function sureOfZone({ tools, desired }: Run): () => Promise<void> {
  const read = { at: desired.since };
  return async () => {
    const now = tools.clock.now();
    if (now - read.at <= LEASE_MS / 2) return;
    const secret = await tools.secrets.get(configSecretId(desired.name));
    read.at = now;
    // An agent of before there were records has a secret without one; one without a secret was purged.
    const { zone, life } = recordedIntent(secret) ?? desired.intent;
    if (secret && zone === desired.intent.zone && life === desired.intent.life) return;
    throw new PlaneError('ABORTED', 'Somebody changed the same agent meanwhile. Send it again.');
  };
}

/** @throws PlaneError of the read of the record */
export const zoneOnRecord = async (
  { secrets, machines }: { readonly secrets: Pick<Secrets, 'get'>; readonly machines: Machines },
  name: AgentName,
): Promise<string> => machinesOf(machines, await secrets.get(configSecretId(name))).zone;
