/**
 * Stores the owner's own key: recognised, checked with the provider, added as the newest
 * version, older versions destroyed, gateway restarted. A key that fails any check changes
 * nothing. The key appears in no message.
 */

import { PlaneError } from '../../contracts/plane-error.ts';
import { VM_API_PATHS } from '../../contracts/vm-api.ts';
import type { Facts } from '../core/facts.ts';
import { verdictOf } from '../core/key-check.ts';
import type { Layout } from '../core/layout.ts';
import { cleanKey, PROVIDER_FACTS, providerOfKey, providerOrigin } from '../core/providers.ts';
import { accessToken } from '../google/metadata.ts';
import { callPlane } from '../google/plane.ts';
import { addVersion, destroyOthers, readSecret, type SecretsAccess } from '../google/secrets.ts';
import type { Host } from '../host.ts';

/** Google's IAM takes up to a minute to know a new binding (cloud.google.com/iam/docs/access-change-propagation). */
const GRANT_TRIES = 12;
const GRANT_WAIT_MS = 5_000;

/** @throws PlaneError INVALID_ARGUMENT with a sentence for the owner when it cannot be this agent's key. */
function recognise(text: string, facts: Facts): string {
  const key = cleanKey(text);
  const { title, keysPage } = PROVIDER_FACTS[facts.provider];
  if (key === undefined) {
    throw new PlaneError(
      'INVALID_ARGUMENT',
      `That is not an API key: a key is one word without spaces. Copy it again from ${keysPage}.`,
    );
  }
  const looksLike = providerOfKey(key);
  if (looksLike !== undefined && looksLike !== facts.provider) {
    throw new PlaneError(
      'INVALID_ARGUMENT',
      `That looks like a key of ${PROVIDER_FACTS[looksLike].title}, but I run on ${title}. ` +
        `Create one at ${keysPage}.`,
    );
  }
  return key;
}

async function checkWithProvider(host: Host, facts: Facts, key: string): Promise<void> {
  const provider = PROVIDER_FACTS[facts.provider];
  const origin = providerOrigin(facts.provider, facts.endpoints);
  const answer = await host.request({
    url: `${origin}${provider.checkPath}`,
    headers: provider.checkHeaders(key),
  });
  const verdict = verdictOf(answer.status);
  if (verdict === 'good') return;
  throw verdict === 'refused'
    ? new PlaneError(
        'INVALID_ARGUMENT',
        `${provider.title} does not accept that key. Check that it was copied whole and is ` +
          `still active at ${provider.keysPage}. Nothing was changed.`,
      )
    : new PlaneError(
        'UNAVAILABLE',
        `${provider.title} could not check the key just now. Nothing was changed; try again in a few minutes.`,
      );
}

/** Adds the version; has the plane create the secret when it is missing. */
async function store(access: SecretsAccess, facts: Facts, key: string): Promise<string> {
  const direct = await addVersion(access, facts.keySecret, key);
  if (direct !== undefined) return direct;
  await callPlane(access.host, facts.planeUrl, VM_API_PATHS.keySecret);
  for (let attempt = 0; attempt < GRANT_TRIES; attempt++) {
    const version = await addVersion(access, facts.keySecret, key);
    if (version !== undefined) return version;
    await access.host.sleep(GRANT_WAIT_MS);
  }
  throw new PlaneError(
    'UNAVAILABLE',
    'The key could not be stored: its secret is not ours to write yet. Try again in a minute.',
  );
}

/** @returns a sentence for the owner. @throws PlaneError with one. */
export async function storeKey(
  host: Host,
  layout: Layout,
  facts: Facts,
  text: string,
): Promise<string> {
  const key = recognise(text, facts);
  const [token] = await Promise.all([accessToken(host), checkWithProvider(host, facts, key)]);
  const access = { host, project: facts.project, token, endpoint: facts.endpoints.secretmanager };
  // The same key again is no new version and no restart.
  const current = await readSecret(access, facts.keySecret);
  const version = current?.value === key ? current.version : await store(access, facts, key);
  await destroyOthers(access, facts.keySecret, version);
  if (current?.value === key) return 'That key is stored already and works.';
  host.write(layout.restartRequest, '', { mode: 0o644 });
  return 'The key works and is stored. I restart now to use it; that takes about half a minute.';
}
