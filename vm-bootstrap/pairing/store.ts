/** What outlives a restart of the pairing service, in files of its own user on the data disk. */

import { type Layout, PAIRING_USER } from '../core/layout.ts';
import { FRESH_MEMORY, type PairingMemory } from '../core/pairing.ts';
import type { Host } from '../host.ts';
import { readState } from '../state-file.ts';

/** The first message: `sending` is written before anything is sent, `sent` when it surely was. */
export interface GreetingRecord {
  readonly phase: 'sending' | 'sent';
  /** RFC 3339. */
  readonly at: string;
}

export interface PairingStore {
  readMemory(): PairingMemory;
  writeMemory(memory: PairingMemory): void;
  readGreeting(): GreetingRecord | undefined;
  writeGreeting(phase: GreetingRecord['phase']): void;
}

/** For root: with the rights of the service's own user, whose directory it is. */
export const pairingStoreAsUser = (host: Host, layout: Layout): PairingStore =>
  pairingStore({ ...host, ...host.as(PAIRING_USER) }, layout);

export function pairingStore(host: Host, layout: Layout): PairingStore {
  const read = <T>(path: string, unreadable: T): T | undefined =>
    readState(host, path, 'agent pair', unreadable);
  const write = (path: string, value: object): void =>
    host.write(path, `${JSON.stringify(value)}\n`, { mode: 0o600 });
  const memory = `${layout.pairingState}/pairing.json`;
  const greeting = `${layout.pairingState}/greeting.json`;
  return {
    readMemory: () => read<PairingMemory>(memory, FRESH_MEMORY) ?? FRESH_MEMORY,
    writeMemory: (value) => write(memory, value),
    // It may have gone out: whoever finds `sending` looks for it first.
    readGreeting: () =>
      read<GreetingRecord>(greeting, { phase: 'sending', at: host.now().toISOString() }),
    writeGreeting: (phase) => write(greeting, { phase, at: host.now().toISOString() }),
  };
}
