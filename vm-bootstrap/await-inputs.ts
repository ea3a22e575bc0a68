/** The inputs of a bootstrap, waited for where nothing else would try again: in a machine's first boot. */

import { type ErrorCode, PlaneError } from '../contracts/plane-error.ts';
import { type Layout, UNITS } from './core/layout.ts';
import { FIRST_BOOT_MS, whenGranted } from './google/grant.ts';
import type { Host } from './host.ts';
import { type Inputs, readInputs } from './inputs.ts';
import { publishStatus } from './status.ts';

/** Of a secret that this VM may not read yet, and of a network or a service that does not answer yet. */
const PASSES: readonly ErrorCode[] = ['NOT_FOUND', 'UNAVAILABLE'];

/** Whether the unit that tries a failed bootstrap again is on this machine: `files` writes it, after the inputs. */
export const isTriedAgain = (host: Host, layout: Layout): boolean =>
  host.exists(`${layout.units}/${UNITS.bootstrap}`);

/** @returns the inputs, or why there are none yet. @throws PlaneError for what no waiting mends */
async function look(host: Host): Promise<Inputs | PlaneError> {
  try {
    return await readInputs(host);
  } catch (error) {
    if (error instanceof PlaneError && PASSES.includes(error.code)) return error;
    throw error;
  }
}

/**
 * @param prepared the machine, meanwhile: neither is left running when the other fails
 * @throws PlaneError that says what to mend
 */
export async function awaitInputs(
  host: Host,
  layout: Layout,
  prepared: Promise<unknown>,
): Promise<Inputs> {
  const [early] = await Promise.all([look(host), prepared]);
  if (!(early instanceof PlaneError)) return early;
  if (isTriedAgain(host, layout)) throw early;
  let last = early;
  host.log(`agent: ${last.message} Asking again for ${FIRST_BOOT_MS / 60_000} minutes.`);
  const late = await whenGranted(host, FIRST_BOOT_MS, async () => {
    const found = await look(host);
    if (!(found instanceof PlaneError)) return found;
    last = found;
    await publishStatus(host, layout, { state: 'bootstrapping', reason: last.message });
    return undefined;
  });
  if (late) return late;
  throw last;
}
