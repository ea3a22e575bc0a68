/** What the bridge of a business number is started with. Pure. */

import { type AgentName, webhookQueueId } from '../../contracts/names.ts';
import type { NumberCredentials } from '../../contracts/whatsapp-number.ts';
import type { Facts } from './facts.ts';
import type { TextValues } from './render-text.ts';

/** Loopback, where the bridge says how it is. */
export const BRIDGE_HEALTH = '127.0.0.1:18791';

/** Placeholders of templates/vm/bridge.toml. */
export function bridgeValues(facts: Facts, mode: string, stateDir: string): TextValues {
  const queue = webhookQueueId(facts.agent as AgentName);
  return {
    numberVersion: facts.numberVersion ?? 'none yet',
    bridgeDelivery: mode === 'kapso' ? 'polling' : 'queue',
    subscription: `projects/${facts.project}/subscriptions/${queue}`,
    bridgeState: stateDir,
    bridgeHealth: BRIDGE_HEALTH,
  };
}

/** Kapso posts; asking it every minute is what is left for the case that it gave up. */
const BY_WEBHOOK = {
  KAPSO_MODE: 'queue',
  KAPSO_POLL_FALLBACK: 'true',
  KAPSO_POLL_INTERVAL: '60',
};

/** The bridge's own variables (bridge/config/schema.ts). */
function variables(credentials: NumberCredentials): Readonly<Record<string, string>> {
  const { phoneNumberId } = credentials;
  if (credentials.mode === 'kapso') {
    const { apiKey, webhookSecret } = credentials;
    return {
      KAPSO_API_KEY: apiKey,
      KAPSO_PHONE_NUMBER_ID: phoneNumberId,
      ...(webhookSecret && { ...BY_WEBHOOK, KAPSO_WEBHOOK_SECRET: webhookSecret }),
    };
  }
  return {
    WHATSAPP_ACCESS_TOKEN: credentials.accessToken,
    WHATSAPP_PHONE_NUMBER_ID: phoneNumberId,
    WHATSAPP_APP_SECRET: credentials.appSecret,
    KAPSO_WEBHOOK_VERIFY_TOKEN: credentials.verifyToken,
  };
}

/**
 * The service's environment file (systemd.exec(5), EnvironmentFile=). No value has a character
 * that would have to be quoted: contracts/whatsapp-number.ts; the token is of our own making.
 */
export const bridgeEnvironment = (credentials: NumberCredentials, gatewayToken: string): string =>
  Object.entries({ ...variables(credentials), OPENCLAW_TOKEN: gatewayToken })
    .map(([name, value]) => `${name}=${value}\n`)
    .join('');
