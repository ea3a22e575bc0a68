/**
 * `agent fetch-key` (ExecStartPre of the gateway, as root): the agent's own key, else the
 * organisation's, into a tmpfs file that only the gateway's user can read; beside it, the
 * tokens of added channels. A key of another provider than the model's goes nowhere.
 *
 * Everything it imports is loaded before each start of the gateway: keep it small.
 */

import { PlaneError } from '../../contracts/plane-error.ts';
import { type Facts, parseFacts } from '../core/facts.ts';
import { fits, type Keyless, type KeyOrigin } from '../core/key-origin.ts';
import { GATEWAY_USER, type Layout } from '../core/layout.ts';
import { readSecret, type SecretsAccess, secretsAccess } from '../google/secrets.ts';
import type { Host } from '../host.ts';
import { publishStatus } from '../status.ts';

/** Stands where a key would; no provider takes it, so a turn that slips through costs nothing. */
const NO_KEY = 'no-key';

/**
 * What the plane said last, as `core/meter.ts` has it. What cannot be read was never said: the next report
 * brings it again, and a gateway that does not start would be worse.
 */
function isWithdrawn(host: Host, layout: Layout): boolean {
  try {
    const text = host.read(layout.budgetAside) ?? host.read(layout.budget);
    const said = JSON.parse(text ?? '{}') as { withdrawn?: boolean } | null;
    return said?.withdrawn === true;
  } catch {
    return false;
  }
}

interface FoundKey {
  readonly origin: KeyOrigin;
  /** Of its secret. */
  readonly version: string;
  readonly key: string;
}

/** What a secret holds, and whether that may go to the model's provider. */
async function keyIn(access: SecretsAccess, secret: string, { provider }: Facts) {
  const found = await readSecret(access, secret);
  const key = found?.value.trim();
  if (!found || !key) return undefined;
  return { version: found.version, key, fits: fits(key, provider) };
}

const keyless = (origin: Keyless): FoundKey => ({ origin, version: '', key: NO_KEY });

/** @returns undefined where no secret that we may read holds anything */
export async function findKey(
  access: SecretsAccess,
  facts: Facts,
  withdrawn: boolean,
): Promise<FoundKey | undefined> {
  const own = await keyIn(access, facts.keySecret, facts);
  if (own?.fits) return { ...own, origin: 'own' };
  // Not asked for: Google's IAM takes minutes to forget a binding.
  if (withdrawn) return keyless('withdrawn');
  const shared = await keyIn(access, facts.sharedKeySecret, facts);
  if (shared?.fits) return { ...shared, origin: own ? 'stand-in' : 'shared' };
  return own || shared ? keyless('misfit') : undefined;
}

/**
 * Writes key and tokens for the gateway to resolve. Most agents have no channel to read the
 * tokens of; asking at the same time as for the key costs them no round trip.
 * @throws PlaneError NOT_FOUND without a key; whenever it throws, no file of its own is left
 */
export async function fetchSecrets(host: Host, layout: Layout, facts: Facts): Promise<KeyOrigin> {
  const access = await secretsAccess(host, facts);
  // Facts of an older bundle name no such secret.
  const [found, channels] = await Promise.all([
    findKey(access, facts, isWithdrawn(host, layout)),
    facts.channelsSecret ? readSecret(access, facts.channelsSecret) : undefined,
  ]);
  if (found === undefined) {
    throw new PlaneError(
      'NOT_FOUND',
      `No API key: neither secret ${facts.keySecret} nor ${facts.sharedKeySecret} has an ` +
        'enabled version. Add a version to one of them; the gateway tries again by itself.',
    );
  }
  // The directory is the gateway's, too.
  const gateway = host.as(GATEWAY_USER);
  try {
    gateway.write(layout.keyFile, found.key, { mode: 0o400 });
    if (channels) gateway.write(layout.channelsFile, channels.value, { mode: 0o400 });
  } catch (error) {
    forgetSecrets(host, layout);
    throw error;
  }
  host.write(layout.keyOrigin, found.origin, { mode: 0o644 });
  host.write(layout.keyVersion, found.version, { mode: 0o644 });
  return found.origin;
}

/** Deletes what `fetchSecrets` wrote; from here on it is in the gateway's memory alone. */
export function forgetSecrets(host: Host, layout: Layout): void {
  host.remove(layout.keyFile);
  host.remove(layout.channelsFile);
}

const ON_KEY: Readonly<Record<KeyOrigin, string>> = {
  own: "on the agent's own key",
  shared: 'on the shared key',
  'stand-in': "on the shared key: the agent's own is another provider's",
  withdrawn: "without a key: this month's budget is used up",
  misfit: "without a key: there is none of the model's provider",
};

/** @returns the exit code. One line in the journal either way, without the key. */
export async function fetchKeyCommand(host: Host, layout: Layout): Promise<number> {
  const facts = parseFacts(host.read(layout.facts));
  forgetSecrets(host, layout);
  try {
    const origin = await fetchSecrets(host, layout, facts);
    host.log(`agent: the gateway starts ${ON_KEY[origin]}`);
    return 0;
  } catch (error) {
    const reason = (error as Error).message;
    host.remove(layout.keyOrigin);
    host.log(`agent: ${reason}`);
    await publishStatus(host, layout, {
      state: 'failed',
      reason,
      configVersion: facts.configVersion,
      ...(facts.bundleSha256 !== undefined && { bundleSha256: facts.bundleSha256 }),
      key: 'none',
    });
    return 1;
  }
}
