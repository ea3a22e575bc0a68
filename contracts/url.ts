/** Addresses below another one. */

/**
 * The base may have a path of its own: Google gives a function `https://REGION-PROJECT.cloudfunctions.net/NAME`,
 * and takes that path off before it hands a request on. `new URL(path, base)` would leave it out.
 * @param path begins with a slash; may have a query
 */
export const below = (base: string, path: string): string => `${base.replace(/\/+$/, '')}${path}`;
