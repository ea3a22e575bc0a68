/** Whose key an agent runs on, as fetch-key wrote it down (`layout.keyOrigin`), and what that means. Pure. */

import type { VmStatus } from '../../contracts/instance-metadata.ts';
import type { Provider } from '../../contracts/models.ts';
import { PROVIDER_FACTS, providerOfKey } from './providers.ts';

/** Why there is no key to run on. In the plugin's budget.json each is what the owner reads then. */
const KEYLESS = {
  /** The shared key is not this agent's to use until the month turns (docs/budget.md). */
  withdrawn: true,
  /** What keys there are belong to another provider than the model. */
  misfit: true,
} as const;
export type Keyless = keyof typeof KEYLESS;

/** `stand-in`: the shared key, since the owner's own is another provider's. */
export type KeyOrigin = 'own' | 'shared' | 'stand-in' | Keyless;

/** @param origin what stands in the file; undefined while there is no gateway with a key */
export const keylessBy = (origin: string | undefined): Keyless | undefined =>
  origin !== undefined && Object.hasOwn(KEYLESS, origin) ? (origin as Keyless) : undefined;

export const isShared = (origin: string | undefined): boolean =>
  origin === 'shared' || origin === 'stand-in';

/** As the plane has it. */
export function keyOf(origin: string | undefined): NonNullable<VmStatus['key']> {
  if (origin === 'own') return 'own';
  return isShared(origin) ? 'shared' : 'none';
}

/** Whether a key may go to a provider; one of unknown shape may be anybody's. */
export const fits = (key: string, provider: Provider): boolean =>
  (providerOfKey(key) ?? provider) === provider;

/** For an administrator, beside the state `ready`: what somebody should do about the key. */
export function keyTrouble(origin: string | undefined, provider: Provider): string | undefined {
  const { title } = PROVIDER_FACTS[provider];
  if (origin === 'stand-in') {
    return (
      `The owner's own API key is not ${title}'s, whose model the agent runs on: it uses the ` +
      `shared key until they send it one of ${title}.`
    );
  }
  if (origin !== 'misfit') return undefined;
  return (
    `No API key is ${title}'s, whose model the agent runs on: it answers nothing until its owner ` +
    `sends it one, the shared key is one of ${title}, or the model is changed back.`
  );
}
