/** What stands in `layout.keyInUse`: which key the running gateway has resolved. */

/** Origin and secret version of a key. */
export const keyName = (origin: string, version: string): string => `${origin} ${version}`;

/** In place of a name: the gateway could not take the key and is about to be restarted. */
export const RESTARTING = 'restarting';

const OWN = /^own (\d+)$/;

/**
 * Whether the gateway has the own key of that version, or one that was stored after it.
 * @param before what stood there before that version was stored. It says nothing of versions after it: in a secret
 *   that was deleted and made again their numbers begin at 1.
 */
export function holdsOwn(inUse: string | undefined, version: string, before?: string): boolean {
  if (inUse === keyName('own', version)) return true;
  const held = OWN.exec(inUse ?? '')?.[1];
  return inUse !== before && held !== undefined && Number(held) > Number(version);
}
