/** What an address to listen at looks like, in the configuration. */

import { PlaneError } from '../contracts/plane-error.ts';

/**
 * @param setting its name, for the message
 * @param addr `:18790` (every address), `127.0.0.1:18790` or `[::1]:18790`
 * @throws PlaneError INVALID_ARGUMENT
 */
export function parseAddress(
  setting: 'webhook.addr' | 'health.addr',
  addr: string,
): { host?: string; port: number } {
  const found = /^(?:\[([^\]]+)\]|([^:[\]]*)):(\d{1,5})$/.exec(addr);
  const port = Number(found?.[3]);
  if (!found || port > 65_535) {
    throw new PlaneError(
      'INVALID_ARGUMENT',
      `${setting} has to look like ":18790" or "127.0.0.1:18790", not "${addr}".`,
    );
  }
  const host = found[1] ?? found[2];
  return host ? { host, port } : { port };
}
