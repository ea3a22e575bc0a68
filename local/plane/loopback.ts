/** An HTTP listener on a loopback port of its own. */

import { createServer, type RequestListener } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Upgrade } from './front.ts';

export interface LoopbackServer {
  /** `127.0.0.1:PORT` */
  readonly host: string;
  /** Open connections are cut. */
  close(): Promise<void>;
}

/** @param upgrade takes over connections that ask for another protocol; refused when left out */
export async function serveOnLoopback(
  listener: RequestListener,
  upgrade?: Upgrade,
): Promise<LoopbackServer> {
  const server = createServer(listener);
  if (upgrade) server.on('upgrade', upgrade);
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(0, '127.0.0.1', resolve);
  });
  return {
    host: `127.0.0.1:${(server.address() as AddressInfo).port}`,
    async close() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
