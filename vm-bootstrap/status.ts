/** Publishes the VM's state in its guest attributes, and keeps a copy for `agent status`. */

import type { VmStatus } from '../contracts/instance-metadata.ts';
import type { Layout } from './core/layout.ts';
import { statusToPublish } from './core/status.ts';
import { setGuestAttribute } from './google/metadata.ts';
import type { Host } from './host.ts';

/** GUEST_NAMESPACE and GUEST_KEY_STATUS of the contract, which would bring the schema library along. */
const NAMESPACE = 'agents-plane';
const KEY = 'status';

/** What was published last in this boot. */
export function lastStatus(host: Host, layout: Layout): VmStatus | undefined {
  const text = host.read(layout.statusCopy);
  return text === undefined ? undefined : (JSON.parse(text) as VmStatus);
}

/** Publishes on change. A metadata server that does not take it is logged, never fatal. */
export async function publishStatus(
  host: Host,
  layout: Layout,
  next: Omit<VmStatus, 'at'>,
): Promise<void> {
  const status = statusToPublish(lastStatus(host, layout), next, host.now());
  if (status === undefined) return;
  try {
    const text = JSON.stringify(status);
    await setGuestAttribute(host, NAMESPACE, KEY, text);
    host.write(layout.statusCopy, text, { mode: 0o644 });
  } catch (error) {
    host.log(`agent: the state could not be published: ${(error as Error).message}`);
  }
}
