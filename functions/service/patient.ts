/** The ports with reads that are tried again: Google says "not now" to one call in some thousand. */

import type { Journal, Listing, Machines, Records, Secrets, ServiceAccounts } from './ports.ts';
import { type Patience, persistently, READ_DEADLINE_MS } from './retry.ts';

type Read = (...args: never[]) => Promise<unknown>;

/** The same object, its named methods patient. */
function patient<T extends object, K extends keyof T>(
  port: T,
  reads: readonly K[],
  patience: Patience,
): T {
  const wrapped = reads.map((key) => {
    const read = port[key] as Read;
    return [
      key,
      (...args: never[]) => persistently(patience, () => read(...args), READ_DEADLINE_MS),
    ];
  });
  return { ...port, ...Object.fromEntries(wrapped) };
}

export const patientSecrets = (port: Secrets, patience: Patience): Secrets =>
  patient(port, ['get', 'latest', 'policy', 'list', 'versions', 'version'], patience);

export const patientMachines = (port: Machines, patience: Patience): Machines => ({
  ...patient(
    port,
    ['instance', 'dataDisk', 'guest', 'lastOperation', 'labelled', 'bootDisk'],
    patience,
  ),
  at: (zone) => patientMachines(port.at(zone), patience),
});

export const patientAccounts = (port: ServiceAccounts, patience: Patience): ServiceAccounts =>
  patient(port, ['get', 'policy'], patience);

export const patientListing = (port: Listing, patience: Patience): Listing =>
  patient(port, ['records', 'instances', 'failures'], patience);

export const patientJournal = (port: Journal, patience: Patience): Journal =>
  patient(port, ['serial', 'audit'], patience);

export const patientRecords = (port: Records, patience: Patience): Records =>
  patient(port, ['get', 'list'], patience);
