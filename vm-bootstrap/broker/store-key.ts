/**
 * Stores the owner's own key: recognised, checked with the provider, added as the newest
 * version, older versions destroyed, handed to the running gateway. A key that fails any
 * check changes nothing. The key appears in no message.
 */

import { PlaneError } from '../../contracts/plane-error.ts';
import { VM_API_PATHS } from '../../contracts/vm-api.ts';
import type { KeyOutcome } from '../core/broker-protocol.ts';
import type { Facts } from '../core/facts.ts';
import { verdictOf } from '../core/key-check.ts';
import { holdsOwn, RESTARTING } from '../core/key-in-use.ts';
import type { Layout } from '../core/layout.ts';
import { cleanKey, PROVIDER_FACTS, providerOfKey, providerOrigin } from '../core/providers.ts';
import { addOwnVersion } from '../google/own-secret.ts';
import { destroyOlder, readSecret, type SecretsAccess, secretsAccess } from '../google/secrets.ts';
import type { Host } from '../host.ts';

/** A reload takes a second; agents-plane-key.service gives up on the gateway after that and restarts it. */
const IN_USE_WITHIN_MS = 60_000;
const POLL_MS = 100;

export interface Stored {
  readonly outcome: KeyOutcome;
  /** For the owner. */
  readonly message: string;
}

const OUTCOME_CODES = {
  'not-a-key': 'INVALID_ARGUMENT',
  'other-provider': 'INVALID_ARGUMENT',
  refused: 'INVALID_ARGUMENT',
  unchecked: 'UNAVAILABLE',
  'not-stored': 'UNAVAILABLE',
} as const;

/** A key that was not stored, and why; `message` is for the owner. */
export class KeyError extends PlaneError {
  readonly outcome: KeyOutcome;

  constructor(outcome: keyof typeof OUTCOME_CODES, message: string) {
    super(OUTCOME_CODES[outcome], message);
    this.outcome = outcome;
  }
}

/** @throws KeyError when it cannot be this agent's key. */
function recognise(text: string, facts: Facts): string {
  const key = cleanKey(text);
  const { title, keysPage } = PROVIDER_FACTS[facts.provider];
  if (key === undefined) {
    throw new KeyError(
      'not-a-key',
      `That is not an API key: a key is one word without spaces. Copy it again from ${keysPage}.`,
    );
  }
  const looksLike = providerOfKey(key);
  if (looksLike !== undefined && looksLike !== facts.provider) {
    throw new KeyError(
      'other-provider',
      `That looks like a key of ${PROVIDER_FACTS[looksLike].title}, but I run on ${title}. ` +
        `Create one at ${keysPage}.`,
    );
  }
  return key;
}

async function checkWithProvider(host: Host, facts: Facts, key: string): Promise<void> {
  const provider = PROVIDER_FACTS[facts.provider];
  const origin = providerOrigin(facts.provider, facts.endpoints);
  const status = await host
    .request({ url: `${origin}${provider.checkPath}`, headers: provider.checkHeaders(key) })
    .then((answer) => answer.status)
    // No answer at all says nothing about the key.
    .catch(() => 0);
  const verdict = verdictOf(status);
  if (verdict === 'good') return;
  throw verdict === 'refused'
    ? new KeyError(
        'refused',
        `${provider.title} does not accept that key. Check that it was copied whole and is ` +
          `still active at ${provider.keysPage}. Nothing was changed.`,
      )
    : new KeyError(
        'unchecked',
        `${provider.title} could not check the key just now. Nothing was changed; try again in a few minutes.`,
      );
}

/** Adds the version; has the plane create the secret when it is missing. */
async function store(access: SecretsAccess, facts: Facts, key: string): Promise<string> {
  const { keySecret: secret, planeUrl } = facts;
  const place = { secret, planeUrl, ensurePath: VM_API_PATHS.keySecret };
  const version = await addOwnVersion(access, place, key);
  if (version !== undefined) return version;
  throw new KeyError(
    'not-stored',
    'The key could not be stored: its secret is not ours to write yet. Try again in a few minutes.',
  );
}

/** Asks for the key to be taken (agents-plane-key.service) and waits for what comes of it. */
async function takeIntoUse(
  host: Host,
  layout: Layout,
  version: string,
  before: string | undefined,
  wait: boolean,
): Promise<'stored' | 'in-use' | 'restarting'> {
  host.write(layout.keyRequest, '', { mode: 0o644 });
  if (!wait) return 'stored';
  const deadline = host.now().getTime() + IN_USE_WITHIN_MS;
  while (host.now().getTime() < deadline) {
    const inUse = host.read(layout.keyInUse);
    if (holdsOwn(inUse, version, before)) return 'in-use';
    if (inUse === RESTARTING) break;
    await host.sleep(POLL_MS);
  }
  return 'restarting';
}

const MESSAGES = {
  stored: 'The key works and is stored. I use it in a moment.',
  'in-use': 'The key works, is stored, and I use it from now on.',
  restarting:
    'The key works and is stored. I restart now to use it; that takes about half a minute.',
  unchanged: 'That key is stored already and works.',
} as const;

/**
 * @param wait until the gateway uses it
 * @throws KeyError, PlaneError with a sentence for the owner
 */
export async function storeKey(
  host: Host,
  layout: Layout,
  facts: Facts,
  text: string,
  wait = true,
): Promise<Stored> {
  const key = recognise(text, facts);
  const [access] = await Promise.all([
    secretsAccess(host, facts),
    checkWithProvider(host, facts, key),
  ]);
  // The same key again is no new version.
  const current = await readSecret(access, facts.keySecret);
  const known = current?.value === key;
  const before = host.read(layout.keyInUse);
  const version = known ? current.version : await store(access, facts, key);
  await destroyOlder(access, facts.keySecret, version);
  const inUse = known && holdsOwn(before, version, before);
  const outcome = inUse ? 'unchanged' : await takeIntoUse(host, layout, version, before, wait);
  return { outcome, message: MESSAGES[outcome] };
}
