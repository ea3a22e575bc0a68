/** Waits until the gateway is ready with its key; says at once when there is no key to wait for. */

import { PlaneError } from '../../contracts/plane-error.ts';
import { UNITS } from '../core/layout.ts';
import { gatewayAddress, gatewayAnswers, secretsResolved, withGateway } from '../gateway.ts';
import { readyStatus } from '../ready-status.ts';
import { lastStatus, publishStatus } from '../status.ts';
import type { Context, Step } from './step.ts';

/** A gateway that ends is seen at once; this is for one that hangs (openclaw-gateway.service, TimeoutStartSec=). */
const READY_WITHIN_MS = 600_000;
const POLL_MS = 300;

async function isReady({ host, layout }: Context): Promise<boolean> {
  const address = gatewayAddress(host, layout);
  if (!(await gatewayAnswers(host, address.port))) return false;
  try {
    return await withGateway(address, secretsResolved, 5_000);
  } catch {
    return false;
  }
}

/** Systemd has given the gateway up: exit code 78, a configuration that no restart mends. */
async function isGivenUp({ host }: Context): Promise<boolean> {
  return (await host.exec(['systemctl', 'is-failed', '--quiet', UNITS.gateway])).code === 0;
}

/** The key file goes only after the gateway resolved it (forget-key), so ready means: no file, an origin. */
const keyIsIn = ({ host, layout }: Context): boolean =>
  host.exists(layout.keyOrigin) && !host.exists(layout.keyFile);

export const ready: Step<Context> = {
  name: 'gateway ready',
  check: async (context) => keyIsIn(context) && (await isReady(context)),
  async apply(context) {
    const { host, layout } = context;
    const since = host.now();
    const deadline = since.getTime() + READY_WITHIN_MS;
    while (!(keyIsIn(context) && (await isReady(context)))) {
      const last = lastStatus(host, layout);
      // Of an earlier attempt: nothing to give up for.
      const news = last !== undefined && new Date(last.at) >= since;
      if (news && last.state === 'failed' && last.reason !== undefined) {
        throw new PlaneError('UNAVAILABLE', last.reason);
      }
      if (await isGivenUp(context)) {
        throw new PlaneError('UNAVAILABLE', 'The gateway refuses to start; its journal says why.');
      }
      if (host.now().getTime() > deadline) {
        throw new PlaneError('DEADLINE_EXCEEDED', 'The gateway did not become ready.');
      }
      await host.sleep(POLL_MS);
    }
  },
};

/** What is published once everything is in place. */
export async function publishReady({ host, layout, facts }: Context): Promise<void> {
  await publishStatus(host, layout, readyStatus(host, layout, facts));
}
