/** Tells the plane how the last boot ended: guest attributes, which say it too, cannot be listed. */

import type { VmStatus } from '../contracts/instance-metadata.ts';
import type { Layout } from './core/layout.ts';
import { callPlane } from './google/plane.ts';
import type { Host } from './host.ts';
import { lastStatus } from './status.ts';

/** VM_API_PATHS.status of the contract, which would bring the schema library along. */
const PATH = '/v1/self/status';

const ENDED: ReadonlySet<VmStatus['state']> = new Set(['ready', 'failed']);

/**
 * @param told `at` of the status that this was told last
 * @returns `at` of what the plane knows now; a plane that is away is told at the next call
 */
export async function tellStatus(
  host: Host,
  layout: Layout,
  planeUrl: string,
  told: string,
): Promise<string> {
  const status = lastStatus(host, layout);
  if (!status || status.at === told || !ENDED.has(status.state)) return told;
  try {
    await callPlane(host, planeUrl, PATH, status);
    return status.at;
  } catch {
    return told;
  }
}
