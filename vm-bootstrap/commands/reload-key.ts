/**
 * `agent reload-key` (agents-plane-key.service, as root): hands the running gateway the key
 * that is in force now. It resolves its secrets anew and stays up, so no conversation and no
 * channel is dropped. A gateway that cannot take the key is restarted, and fetches it then.
 */

import { PlaneError } from '../../contracts/plane-error.ts';
import { parseFacts } from '../core/facts.ts';
import { RESTARTING } from '../core/key-in-use.ts';
import type { KeyOrigin } from '../core/key-origin.ts';
import { type Layout, UNITS } from '../core/layout.ts';
import { degradedProviders } from '../core/reload.ts';
import { gatewayAddress, gatewayIsUp, secretsTaken, withGateway } from '../gateway.ts';
import type { Host } from '../host.ts';
import { readyStatus } from '../ready-status.ts';
import { publishStatus } from '../status.ts';
import { systemctl } from '../systemd.ts';
import { fetchSecrets, forgetSecrets } from './fetch-key.ts';
import { noteKeyInUse } from './forget-key.ts';

/** The broker's answer has to reach the owner through the gateway before that goes down. */
const LAST_WORDS_MS = 5_000;

/** @throws PlaneError when the gateway did not take the key */
async function handOver(host: Host, layout: Layout): Promise<KeyOrigin> {
  const address = gatewayAddress(host, layout);
  // One that is starting fetches the newest key itself; its key file is not ours to touch.
  if (!(await gatewayIsUp(host, address.port)))
    throw new PlaneError('UNAVAILABLE', 'The gateway is not up.');
  try {
    const origin = await fetchSecrets(host, layout, parseFacts(host.read(layout.facts)));
    await withGateway(address, (gateway) => secretsTaken(host, gateway, degradedProviders));
    return origin;
  } finally {
    forgetSecrets(host, layout);
  }
}

/** @returns the exit code. */
export async function reloadKeyCommand(host: Host, layout: Layout): Promise<number> {
  host.remove(layout.keyInUse);
  try {
    const origin = await handOver(host, layout);
    noteKeyInUse(host, layout);
    const facts = parseFacts(host.read(layout.facts));
    await publishStatus(host, layout, readyStatus(host, layout, facts));
    host.log(`agent: the gateway took the ${origin} key, without a restart`);
  } catch (error) {
    host.log(`agent: ${(error as Error).message} It is restarted to take the key.`);
    host.write(layout.keyInUse, RESTARTING, { mode: 0o644 });
    await host.sleep(LAST_WORDS_MS);
    // Not waiting: a turn in flight may take minutes to drain.
    await systemctl(host, 'restart', '--no-block', UNITS.gateway);
  }
  return 0;
}
