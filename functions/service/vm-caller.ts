/** Whether the VM that a token was made for is the one that the agent has now. */

import { PlaneError } from '../../contracts/errors.ts';
import type { AgentName } from '../../contracts/names.ts';
import type { Clock, Machines } from './ports.ts';

/** A VM, as its identity token names it. */
export interface VmCaller {
  readonly name: AgentName;
  /** Google's own number of the instance: another one after a rebuild, under the same name. */
  readonly instanceId: string;
  readonly zone: string;
}

/** A rebuild is noticed at once by the new VM's first call, and after this time in any case. */
const FRESH_MS = 5 * 60_000;

/**
 * Identity tokens live for an hour, also those of a VM that is no more.
 * Google signed in which zone the VM is, so nobody has to look for it.
 * @returns a check with the memory of one process, so that most calls cost Google nothing
 * @throws PlaneError PERMISSION_DENIED for a VM that was rebuilt or is gone
 */
export function currentVm(
  machines: (name: AgentName) => Promise<Pick<Machines, 'at'>>,
  clock: Pick<Clock, 'now'>,
): (caller: VmCaller) => Promise<void> {
  const known = new Map<AgentName, { readonly id: string | undefined; readonly at: number }>();
  return async ({ name, instanceId, zone }) => {
    const seen = known.get(name);
    if (seen?.id === instanceId && clock.now() - seen.at < FRESH_MS) return;
    const there = (await machines(name)).at(zone);
    const id = (await there.instance(name))?.id;
    known.set(name, { id, at: clock.now() });
    if (id === instanceId) return;
    throw new PlaneError('PERMISSION_DENIED', 'The token is of a VM that this agent has no more.');
  };
}
