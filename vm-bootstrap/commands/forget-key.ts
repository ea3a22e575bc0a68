/**
 * `agent forget-key` (ExecStartPost of the gateway, as root): waits until the gateway is
 * ready and has resolved its key, then deletes the files with key and tokens. From here on
 * they are in the gateway's memory alone.
 */

import { parseFacts } from '../core/facts.ts';
import { keyName } from '../core/key-in-use.ts';
import type { Layout } from '../core/layout.ts';
import { gatewayAddress, gatewayAnswers, secretsResolved, withGateway } from '../gateway.ts';
import type { Host } from '../host.ts';
import { readyStatus } from '../ready-status.ts';
import { publishStatus } from '../status.ts';
import { forgetSecrets } from './fetch-key.ts';

/** Below the unit's TimeoutStartSec=600, so that the key is deleted by us and not left to systemd. */
const READY_WITHIN_MS = 590_000;
const POLL_MS = 200;

/**
 * True once the gateway has started and the key is resolved; a cold secret gets one reload while its file is there.
 * @param mainPid of the gateway: systemd waits for us before it looks at one that ended. Undefined: not known.
 */
async function gatewayReady(host: Host, layout: Layout, mainPid?: number): Promise<boolean> {
  const address = gatewayAddress(host, layout);
  const deadline = host.now().getTime() + READY_WITHIN_MS;
  while (!(await gatewayAnswers(host, address.port))) {
    const ended = mainPid !== undefined && !host.isRunning(mainPid);
    if (ended || host.now().getTime() > deadline) return false;
    await host.sleep(POLL_MS);
  }
  return withGateway(address, async (gateway) => {
    if (await secretsResolved(gateway)) return true;
    await gateway.call('secrets.reload', {});
    return secretsResolved(gateway);
  });
}

/** Says which key the running gateway has resolved; the broker waits for it. */
export function noteKeyInUse(host: Host, layout: Layout): void {
  const name = keyName(host.read(layout.keyOrigin) ?? '', host.read(layout.keyVersion) ?? '');
  host.write(layout.keyInUse, name, { mode: 0o644 });
}

/** @returns the exit code; systemd restarts the gateway when it is not 0. */
export async function forgetKeyCommand(
  host: Host,
  layout: Layout,
  mainPid?: number,
): Promise<number> {
  try {
    const ready = await gatewayReady(host, layout, mainPid);
    const facts = parseFacts(host.read(layout.facts));
    const status = readyStatus(host, layout, facts);
    if (ready) {
      noteKeyInUse(host, layout);
      await publishStatus(host, layout, status);
      host.log('agent: the gateway is ready; the key file is deleted');
      return 0;
    }
    const reason = 'The gateway did not become ready with its key; see its journal.';
    await publishStatus(host, layout, { ...status, state: 'failed', reason });
    host.log(`agent: ${reason}`);
    return 1;
  } finally {
    forgetSecrets(host, layout);
  }
}
