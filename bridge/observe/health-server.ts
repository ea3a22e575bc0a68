/** `/health` and `/metrics`, on loopback alone. */

import { createServer, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { PlaneError } from '../../contracts/plane-error.ts';
import { parseAddress } from '../address.ts';
import type { BridgeStore } from '../pipeline/receive.ts';
import type { ChannelHealth } from './channel.ts';
import type { Metrics } from './metrics.ts';

export interface Health {
  /**
   * `channel-down`: the number neither hears nor speaks, `channel` says why. `resting`: the handler or
   * the transport is away, everything waits.
   */
  readonly state: 'ok' | 'resting' | 'channel-down';
  readonly channel: ChannelHealth;
  /** Why the agent answers nobody; absent when nothing is known of it. */
  readonly agent?: string;
  readonly inbox: { readonly open: number; readonly dead: number };
  readonly outbox: { readonly open: number; readonly dead: number };
  /** Of the oldest message that is not answered yet; 0 when there is none. */
  readonly oldestSeconds: number;
}

export interface HealthServer {
  readonly port: number;
  close(): Promise<void>;
}

const LOOPBACK: ReadonlySet<string> = new Set(['127.0.0.1', '::1', 'localhost']);

/** How much is going on. @param now milliseconds since the epoch */
export function depthOf(
  store: BridgeStore,
  now: number,
): Omit<Health, 'state' | 'channel' | 'agent'> {
  const { oldestAt, ...inbox } = store.inbox.depth();
  const { oldestAt: oldestOut, ...outbox } = store.outbox.depth();
  const oldest = Math.min(oldestAt ?? now, oldestOut ?? now);
  return { inbox, outbox, oldestSeconds: Math.round((now - oldest) / 1_000) };
}

/**
 * @param restingUntil milliseconds since the epoch
 * @param agent why the agent answers nobody
 */
export function healthOf(
  store: BridgeStore,
  channel: ChannelHealth,
  restingUntil: number,
  now: number,
  agent?: string,
): Health {
  const rests = restingUntil > now ? 'resting' : 'ok';
  const state = channel.state === 'ok' ? rests : 'channel-down';
  return { state, channel, ...(agent !== undefined && { agent }), ...depthOf(store, now) };
}

function send(res: ServerResponse, status: number, type: string, body: string): void {
  res.writeHead(status, { 'content-type': type });
  res.end(body);
}

/** @throws PlaneError INVALID_ARGUMENT for an address that is not loopback. */
export async function startHealthServer(
  addr: string,
  health: () => Health,
  metrics: Metrics,
): Promise<HealthServer> {
  const { host = '', port } = parseAddress('health.addr', addr);
  if (!LOOPBACK.has(host)) {
    throw new PlaneError('INVALID_ARGUMENT', `health.addr has to be on 127.0.0.1, not "${addr}".`);
  }
  const server = createServer((req, res) => {
    if (req.url === '/health') {
      return send(res, 200, 'application/json', JSON.stringify(health()));
    }
    if (req.url !== '/metrics') return send(res, 404, 'text/plain', 'not found');
    metrics.text().then(
      (text) => send(res, 200, metrics.contentType, text),
      () => send(res, 500, 'text/plain', 'failed'),
    );
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', (cause) =>
      reject(new PlaneError('FAILED_PRECONDITION', `Cannot listen at ${addr}.`, { cause })),
    );
    server.listen(port, host, resolve);
  });
  return {
    port: (server.address() as AddressInfo).port,
    async close() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
