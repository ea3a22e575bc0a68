/** What stands in `layout.keyInUse`: which key the running gateway has resolved. */

/** Origin and secret version of a key. */
export const keyName = (origin: string, version: string): string => `${origin} ${version}`;

/** In place of a name: the gateway could not take the key and is about to be restarted. */
export const RESTARTING = 'restarting';
