/** Looks at a VM's guest attributes, shared by everybody who looks at the same moment. */

import type { AgentName } from '../../contracts/names.ts';
import type { Clock, Guest, Machines } from './ports.ts';

/**
 * Google answers ten questions a minute about a VM. Opening the pairing page and asking for a
 * code are two within a second; so are two visitors.
 */
const FRESH_MS = 1200;

/**
 * @param asked whose `guest` is asked; everything else is that of `machines`
 * @returns the same, `guest` with the memory of one process
 */
export function sharedGuest(
  machines: Machines,
  asked: Machines,
  clock: Pick<Clock, 'now'>,
): Machines {
  const looks = new Map<string, { readonly at: number; readonly answer: Promise<Guest> }>();
  const guest = (zone: string) => (name: AgentName) => {
    const key = `${zone}/${name}`;
    const last = looks.get(key);
    if (last && clock.now() - last.at < FRESH_MS) return last.answer;
    const look = { at: clock.now(), answer: asked.at(zone).guest(name) };
    looks.set(key, look);
    // A failure is nobody's answer but its own asker's.
    look.answer.catch(() => looks.get(key) === look && looks.delete(key));
    return look.answer;
  };
  const at = (zone: string): Machines => ({ ...machines.at(zone), at, guest: guest(zone) });
  return at(machines.zone);
}
