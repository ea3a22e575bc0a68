/** Tells the plane what became of the channel; it takes the same words any number of times. */

import { codeOf } from '../contracts/plane-error.ts';
import { type ChannelHealth, reportOf, told } from './core/channel-watch.ts';
import { callPlane } from './google/plane.ts';
import type { Host } from './host.ts';

/** VM_API_PATHS.channel of the contract, which would bring the schema library along. */
const PATH = '/v1/self/channel';

/**
 * @param who says so in the journal
 * @returns the health after it: what the plane did not take is owed still
 */
export async function tellChannel(
  host: Host,
  planeUrl: string,
  health: ChannelHealth,
  who: string,
): Promise<ChannelHealth> {
  const body = reportOf(health);
  if (!body) return health;
  try {
    await callPlane(host, planeUrl, PATH, body);
    host.log(`${who}: told the plane that the channel is ${body.state}`);
    return told(health);
  } catch (error) {
    host.log(`${who}: the plane does not know yet that it is ${body.state} (${codeOf(error)})`);
    return health;
  }
}
