/** What the pairing service works with: its settings, its directory, and the gateway with its token. */

import { PlaneError } from '../../contracts/plane-error.ts';
import type { Facts } from '../core/facts.ts';
import { parseFacts } from '../core/facts.ts';
import type { Layout } from '../core/layout.ts';
import { type PairingSettings, parsePairingSettings } from '../core/pairing-settings.ts';
import { type Gateway, withGateway } from '../gateway.ts';
import type { Host } from '../host.ts';

export interface Surroundings {
  readonly host: Host;
  readonly layout: Layout;
  readonly facts: Facts;
  readonly settings: PairingSettings;
  /** One connection to the gateway. @throws PlaneError UNAVAILABLE, FAILED_PRECONDITION */
  gateway<T>(work: (gateway: Gateway) => Promise<T>, timeoutMs?: number): Promise<T>;
}

/** Names under which the unit passes root's files on (LoadCredential=). */
const TOKEN = 'gateway-token';
const SETTINGS = 'pairing-settings';

/**
 * @param credentials $CREDENTIALS_DIRECTORY (systemd.exec(5)); undefined where there is no
 *   systemd and one user, who then reads the files themselves
 * @throws PlaneError FAILED_PRECONDITION when the machine was never bootstrapped
 */
export function surroundingsOf(
  host: Host,
  layout: Layout,
  credentials: string | undefined,
): Surroundings {
  const secret = (name: string, path: string): string | undefined =>
    host.read(credentials === undefined ? path : `${credentials}/${name}`);
  const settings = parsePairingSettings(secret(SETTINGS, layout.pairingSettings));
  const token = secret(TOKEN, layout.gatewayToken)?.trim();
  if (token === undefined)
    throw new PlaneError('FAILED_PRECONDITION', 'The gateway has no token yet.');
  return {
    host,
    layout,
    settings,
    facts: parseFacts(host.read(layout.facts)),
    gateway: (work, timeoutMs) => withGateway({ port: settings.port, token }, work, timeoutMs),
  };
}
