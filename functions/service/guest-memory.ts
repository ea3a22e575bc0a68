/** Looks at a VM's guest attributes, shared by everybody who looks at the same moment. */

import type { AgentName } from '../../contracts/names.ts';
import type { Clock, Guest, Machines } from './ports.ts';

/**
 * Google answers ten questions a minute about a VM. Opening the pairing page and asking for a
 * code are two within a second; so are two visitors.
 */
const FRESH_MS = 1200;

/** @returns `guest` with the memory of one process */
export function sharedGuest(
  machines: Pick<Machines, 'guest'>,
  clock: Pick<Clock, 'now'>,
): Machines['guest'] {
  const looks = new Map<AgentName, { readonly at: number; readonly answer: Promise<Guest> }>();
  return (name) => {
    const last = looks.get(name);
    if (last && clock.now() - last.at < FRESH_MS) return last.answer;
    const look = { at: clock.now(), answer: machines.guest(name) };
    looks.set(name, look);
    // A failure is nobody's answer but its own asker's.
    look.answer.catch(() => looks.get(name) === look && looks.delete(name));
    return look.answer;
  };
}
