/** What is derived from the state of a pairing: what to keep, what to tell, when to look again. */

import type { Pairing } from '../../contracts/pairing.ts';
import type { PairingMachine, PairingMemory } from './pairing.ts';
import { isPause } from './pairing-schedule.ts';

/** What to keep on the disk. */
export function remembered(machine: PairingMachine): PairingMemory {
  const { failures, notBefore, request, attempt, wanted, linkedAt, reported, wrongPhone } = machine;
  const { numberChanged } = machine;
  return {
    failures,
    notBefore,
    request,
    ...(attempt && { attempt }),
    ...(wanted && { wanted }),
    ...(linkedAt !== undefined && { linkedAt }),
    reported,
    ...(wrongPhone && { wrongPhone }),
    ...(numberChanged && { numberChanged }),
  };
}

const iso = (at: number): string => new Date(at).toISOString();

/** What the plane is told; a difference to what it was told last is worth a guest attribute. */
export function pairingView(machine: PairingMachine, at: number): Omit<Pairing, 'at'> {
  const { failures, notBefore, request, code, link, wrongPhone } = machine;
  const common = {
    failures,
    ...(request !== '' && { request }),
    ...(wrongPhone && { wrongPhone }),
  };
  if (link === 'linked') return { state: 'linked', ...common };
  if (code) return { state: 'qr', ...common, qr: code.qr, until: iso(code.until) };
  if (machine.attempt || machine.wanted) return { state: 'starting', ...common };
  if (isPause(failures) && at < notBefore) {
    return { state: 'paused', ...common, retryAt: iso(notBefore) };
  }
  if (machine.ended) return { state: 'expired', ...common };
  return { state: link === 'logged-out' ? 'logged-out' : 'idle', ...common };
}

/** When `tick` may change something; undefined when it cannot. */
export function nextTick(machine: PairingMachine, at: number): number | undefined {
  return machine.notBefore > at ? machine.notBefore : undefined;
}
