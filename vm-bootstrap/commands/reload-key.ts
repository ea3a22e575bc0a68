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
import { withLock } from '../lock.ts';
import { readyStatus } from '../ready-status.ts';
import { publishStatus } from '../status.ts';
import { systemctl, unitStates } from '../systemd.ts';
import { fetchSecrets, forgetSecrets } from './fetch-key.ts';
import { noteKeyInUse } from './forget-key.ts';

/** The broker's answer has to reach the owner through the gateway before that goes down. */
const LAST_WORDS_MS = 5_000;
/** As long as the gateway's unit gives a start; and what bootstrap and reload-channels may take. Both are in this unit's own. */
const STARTED_WITHIN_MS = 600_000;
const PATIENCE = { waitMs: 600_000, refusal: 'Other work on this machine takes too long.' };
const START_POLL_MS = 1_000;

/**
 * One that is starting may have fetched the key before: it is not ours to interrupt, nor is its key file ours to touch.
 * Without systemd (process mode) nobody knows.
 */
async function startEnded(host: Host): Promise<void> {
  const deadline = host.now().getTime() + STARTED_WITHIN_MS;
  const isStarting = async (): Promise<boolean> => {
    const [state] = await unitStates(host, [UNITS.gateway]).catch(() => []);
    return state?.active === 'activating';
  };
  while ((await isStarting()) && host.now().getTime() < deadline) await host.sleep(START_POLL_MS);
}

/** @throws PlaneError when the gateway did not take the key */
async function handOver(host: Host, layout: Layout): Promise<KeyOrigin> {
  const address = gatewayAddress(host, layout);
  if (!(await gatewayIsUp(host, address.port)))
    throw new PlaneError('UNAVAILABLE', 'The gateway is not up.');
  const origin = await fetchSecrets(host, layout, parseFacts(host.read(layout.facts)));
  try {
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
    await startEnded(host);
    const origin = await withLock(host, layout.lock, () => handOver(host, layout), PATIENCE);
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
