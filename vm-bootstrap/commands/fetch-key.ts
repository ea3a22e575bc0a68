/**
 * `agent fetch-key` (ExecStartPre of the gateway, as root): the agent's own key, else the
 * organisation's, into a tmpfs file that only the gateway's user can read.
 *
 * Everything it imports is loaded before each start of the gateway: keep it small.
 */

import { PlaneError } from '../../contracts/plane-error.ts';
import { type Facts, parseFacts } from '../core/facts.ts';
import { GATEWAY_USER, type Layout } from '../core/layout.ts';
import { accessToken } from '../google/metadata.ts';
import { readSecret, type SecretsAccess } from '../google/secrets.ts';
import type { Host } from '../host.ts';
import { publishStatus } from '../status.ts';

export type KeyOrigin = 'own' | 'shared';
/** In the order in which they count. */
const SECRET_OF = { own: 'keySecret', shared: 'sharedKeySecret' } as const;

async function findKey(
  access: SecretsAccess,
  facts: Facts,
): Promise<{ origin: KeyOrigin; version: string; key: string } | undefined> {
  for (const origin of ['own', 'shared'] as const) {
    const found = await readSecret(access, facts[SECRET_OF[origin]]);
    const key = found?.value.trim();
    if (found && key) return { origin, version: found.version, key };
  }
  return undefined;
}

/**
 * Writes the key that is in force now, and which it is.
 * @throws PlaneError NOT_FOUND when there is none
 */
export async function fetchKey(host: Host, layout: Layout, facts: Facts): Promise<KeyOrigin> {
  const token = await accessToken(host);
  const endpoint = facts.endpoints.secretmanager;
  const found = await findKey({ host, project: facts.project, token, endpoint }, facts);
  if (found === undefined) {
    throw new PlaneError(
      'NOT_FOUND',
      `No API key: neither secret ${facts.keySecret} nor ${facts.sharedKeySecret} has an ` +
        'enabled version. Add a version to one of them; the gateway tries again by itself.',
    );
  }
  // The directory is the gateway's, too.
  host.as(GATEWAY_USER).write(layout.keyFile, found.key, { mode: 0o400 });
  host.write(layout.keyOrigin, found.origin, { mode: 0o644 });
  host.write(layout.keyVersion, found.version, { mode: 0o644 });
  return found.origin;
}

/** @returns the exit code. One line in the journal either way, without the key. */
export async function fetchKeyCommand(host: Host, layout: Layout): Promise<number> {
  const facts = parseFacts(host.read(layout.facts));
  host.remove(layout.keyFile);
  try {
    const origin = await fetchKey(host, layout, facts);
    host.log(`agent: the gateway starts on the ${origin === 'own' ? "agent's own" : 'shared'} key`);
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
