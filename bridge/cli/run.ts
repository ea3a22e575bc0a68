/** `bridge`: runs until a signal. */

import { composeGuard, composeHandler, composeTransport } from '../compose.ts';
import { type BridgeConfig, ms } from '../config/schema.ts';
import { healthOf, startHealthServer } from '../observe/health-server.ts';
import { createLog, logEvents } from '../observe/log.ts';
import { createMetrics } from '../observe/metrics.ts';
import type { BridgeStore } from '../pipeline/receive.ts';
import { createPipeline } from '../pipeline.ts';
import { openStore } from '../store/store.ts';

/**
 * @param dir the state's folder, without `~`
 * @param stopped resolves when the bridge is to end
 * @throws PlaneError when it cannot start; Error when the disk failed while it ran
 */
export async function runBridge(
  config: BridgeConfig,
  dir: string,
  stopped: Promise<void>,
): Promise<void> {
  await using stack = new AsyncDisposableStack();
  const log = createLog(config.log.level);
  const transport = composeTransport(config, log);
  const store: BridgeStore = openStore({ dir, exclusive: true });
  stack.defer(() => store.close());
  const metrics = createMetrics(store);
  const write = logEvents(log);
  const pipeline = createPipeline({
    store,
    guard: composeGuard(config),
    handler: composeHandler(config),
    transports: [transport],
    observe: (event) => {
      metrics.observe(event);
      write(event);
    },
    apology: config.gateway.error_message,
    concurrency: config.limits.concurrency,
    graceMs: ms(config.limits.stop_grace),
  });
  if (config.health.addr !== '') {
    const health = () => healthOf(store, pipeline.restingUntil, Date.now());
    const server = await startHealthServer(config.health.addr, health, metrics);
    stack.defer(server.close);
  }
  const nobody = Object.values(config.security.roles).flat().length === 0;
  if (
    config.security.mode === 'allowlist' &&
    nobody &&
    config.security.allowed_numbers.length === 0
  ) {
    log.warn('nobody is allowed to write: set KAPSO_ALLOWED_NUMBERS or [security.roles]');
  }
  await pipeline.start();
  log.info(
    { transport: transport.name, mode: config.delivery.mode, ...store.inbox.depth() },
    'ready',
  );
  try {
    await Promise.race([stopped, pipeline.broken]);
  } finally {
    log.info('stopping');
    await pipeline.stop();
  }
}
