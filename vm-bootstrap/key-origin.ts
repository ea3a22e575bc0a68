/** Whose key the gateway holds, as fetch-key wrote it down. */

import type { VmStatus } from '../contracts/instance-metadata.ts';
import type { Layout } from './core/layout.ts';
import type { Host } from './host.ts';

/** `none`: the shared key was withdrawn and there is no other. */
export function keyForStatus(host: Host, layout: Layout): NonNullable<VmStatus['key']> {
  const origin = host.read(layout.keyOrigin);
  if (origin === 'own') return 'own';
  return origin === 'withdrawn' ? 'none' : 'shared';
}
