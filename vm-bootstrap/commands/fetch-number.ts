/**
 * `agent fetch-number` (ExecStartPre of the bridge, as root): the business number's credentials
 * into a file on tmpfs, which systemd reads as the bridge's environment and removes.
 */

import { numberSecretId } from '../../contracts/names.ts';
import { numberCredentials } from '../../contracts/whatsapp-number.ts';
import { bridgeEnvironment } from '../core/bridge.ts';
import { parseFacts } from '../core/facts.ts';
import type { Layout } from '../core/layout.ts';
import { readSecret, secretsAccess } from '../google/secrets.ts';
import type { Host } from '../host.ts';
import { parseAs } from '../inputs.ts';

/**
 * @returns the exit code; systemd tries again every 30 s when it is not 0
 * @throws PlaneError INVALID_ARGUMENT when the secret is not what the plane writes; its text is not quoted
 */
export async function fetchNumberCommand(host: Host, layout: Layout): Promise<number> {
  host.remove(layout.bridgeEnv);
  const facts = parseFacts(host.read(layout.facts));
  const secret = numberSecretId(facts.agent);
  const found = await readSecret(await secretsAccess(host, facts), secret);
  const gatewayToken = host.read(layout.gatewayToken)?.trim();
  if (found === undefined || !gatewayToken) {
    host.log(`agent: no business number is connected yet (secret ${secret})`);
    return 1;
  }
  const credentials = parseAs(numberCredentials, `Secret ${secret}`, found.value);
  host.write(layout.bridgeEnv, bridgeEnvironment(credentials, gatewayToken), { mode: 0o400 });
  host.log(`agent: the bridge starts with version ${found.version} of ${secret}`);
  return 0;
}
