/** `bridge`: runs until a signal. */

import { parseAddress } from '../address.ts';
import { composeGuard, composeHandler, composeTransport } from '../compose.ts';
import { type BridgeConfig, ms } from '../config/schema.ts';
import { type ChannelHealth, channelOf, isAskDue } from '../observe/channel.ts';
import { healthOf, startHealthServer } from '../observe/health-server.ts';
import type { BridgeLog } from '../observe/log.ts';
import { createLog, logEvents } from '../observe/log.ts';
import { createMetrics } from '../observe/metrics.ts';
import type { BridgeStore } from '../pipeline/receive.ts';
import { createPipeline } from '../pipeline.ts';
import type { Transport } from '../ports.ts';
import { openStore } from '../store/store.ts';
import { startFunnel } from '../transports/tailscale.ts';
import { WEBHOOK_PATH } from '../transports/webhook-server.ts';

type Env = Readonly<Record<string, string | undefined>>;

function warnOfNobody({ security }: BridgeConfig, log: BridgeLog): void {
  const listed = Object.values(security.roles).flat().length + security.allowed_numbers.length;
  if (security.mode === 'open' || listed > 0) return;
  log.warn('nobody is allowed to write: set KAPSO_ALLOWED_NUMBERS or [security.roles]');
}

/** Opens the webhook's port to the world. @returns closes it again */
async function openFunnel(
  config: BridgeConfig,
  log: BridgeLog,
  env: Env,
): Promise<() => Promise<void>> {
  const funnel = await startFunnel({
    port: parseAddress('webhook.addr', config.webhook.addr).port,
    path: WEBHOOK_PATH,
    env,
    onEnded: (code) => log.error({ code }, 'tailscale funnel ended; starting it again'),
  });
  log.info({ url: funnel.url }, 'register this address as the webhook');
  return funnel.close;
}

/** How soon it is noticed that the channel is well again, while nobody writes. */
const LOOK_MS = 60_000;

/**
 * Asks the other side when nothing else does, so that a token that is refused is known before somebody
 * writes; a line in the log for every change. @returns stops it
 */
function watchChannel(
  transport: Transport,
  channel: () => ChannelHealth,
  log: BridgeLog,
): () => void {
  let known: ChannelHealth['state'] = 'ok';
  const look = async (): Promise<void> => {
    if (isAskDue(transport.contact, Date.now())) await transport.check();
    const { state, detail, since } = channel();
    if (state === known) return;
    known = state;
    log[state === 'ok' ? 'info' : 'error']({ state, since }, detail);
  };
  void look();
  const timer = setInterval(() => void look(), LOOK_MS).unref();
  return () => clearInterval(timer);
}

/**
 * @param dir the state's folder, without `~`
 * @param env for programs that are started
 * @param stopped resolves when the bridge is to end
 * @throws PlaneError when it cannot start; Error when the disk failed while it ran
 */
export async function runBridge(
  config: BridgeConfig,
  dir: string,
  env: Env,
  stopped: Promise<void>,
): Promise<void> {
  await using stack = new AsyncDisposableStack();
  const log = createLog(config.log.level);
  const transport = composeTransport(config, log);
  const store: BridgeStore = openStore({ dir, exclusive: true });
  stack.defer(() => store.close());
  const channel = () => channelOf(transport.name, transport, Date.now());
  const metrics = createMetrics(store, channel);
  const write = logEvents(log);
  const handler = composeHandler(config, {
    onUnheard: (reason) => log.warn({ reason }, 'not transcribed'),
    onRefused: (code) =>
      log.error({ code }, "OpenClaw's gateway refuses the bridge; it is asked again"),
  });
  const pipeline = createPipeline({
    store,
    guard: composeGuard(config),
    handler,
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
    const health = () =>
      healthOf(store, channel(), pipeline.restingUntil, Date.now(), handler.trouble?.());
    const server = await startHealthServer(config.health.addr, health, metrics);
    stack.defer(server.close);
  }
  warnOfNobody(config, log);
  try {
    await pipeline.start();
    stack.defer(watchChannel(transport, channel, log));
    if (config.delivery.mode === 'tailscale') stack.defer(await openFunnel(config, log, env));
    const { mode } = config.delivery;
    log.info({ transport: transport.name, mode, ...store.inbox.depth() }, 'ready');
    await Promise.race([stopped, pipeline.broken]);
  } finally {
    log.info('stopping');
    await pipeline.stop();
  }
}
