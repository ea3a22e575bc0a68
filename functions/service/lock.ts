/** One at a time: a record that names who is at work, until when. */

import { z } from 'zod';
import { PlaneError } from '../../contracts/errors.ts';
import type { Clock, Records } from './ports.ts';

const lease = z.object({ by: z.string(), until: z.number() });

export interface Locker {
  readonly records: Records;
  readonly clock: Clock;
  readonly newId: () => string;
}

/**
 * @param ms after which whoever holds it counts as dead
 * @throws PlaneError ABORTED while somebody else is at work, or was a moment faster
 */
export async function alone<T>(
  { records, clock, newId }: Locker,
  name: string,
  ms: number,
  run: () => Promise<T>,
): Promise<T> {
  const held = await records.get(name);
  const until = lease.safeParse(held?.value).data?.until ?? 0;
  if (until > clock.now()) throw busy();
  const mine = { by: newId(), until: clock.now() + ms };
  const generation = await records.put(name, mine, held?.generation);
  try {
    return await run();
  } finally {
    // Who took over from us after our time goes on undisturbed.
    await records.remove(name, generation).catch(() => undefined);
  }
}

const busy = (): PlaneError =>
  new PlaneError('ABORTED', 'The same is being done right now. Send it again in a minute.');
