/** What stands in `layout.keyInUse`: which key the running gateway has resolved. */

/** Origin and secret version of a key. */
export const keyName = (origin: string, version: string): string => `${origin} ${version}`;

/** In place of a name: the gateway could not take the key and is about to be restarted. */
export const RESTARTING = 'restarting';

const OWN = /^own (\d+)$/;

/** Whether the gateway has the own key of that version, or one that was stored after it. */
export function holdsOwn(inUse: string | undefined, version: string): boolean {
  const held = OWN.exec(inUse ?? '')?.[1];
  return held !== undefined && Number(held) >= Number(version);
}
