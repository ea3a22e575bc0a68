/** What a VM says of itself once its gateway is up: the configuration in force, and whose key it holds. */

import type { VmStatus } from '../contracts/instance-metadata.ts';
import type { Facts } from './core/facts.ts';
import { keyOf, keyTrouble } from './core/key-origin.ts';
import type { Layout } from './core/layout.ts';
import type { Host } from './host.ts';

export function readyStatus(
  host: Host,
  layout: Layout,
  { configVersion, bundleSha256, provider }: Facts,
): Omit<VmStatus, 'at'> {
  const origin = host.read(layout.keyOrigin);
  const reason = keyTrouble(origin, provider);
  return {
    state: 'ready',
    ...(reason !== undefined && { reason }),
    configVersion,
    ...(bundleSha256 !== undefined && { bundleSha256 }),
    key: keyOf(origin),
  };
}
