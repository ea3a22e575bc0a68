/**
 * `agent reload-channels` (root, agents-plane-channels.service): has the running gateway take
 * added and removed channels, without a restart: no conversation is dropped.
 *
 * The files are there while the gateway reads them, and are deleted then; it goes on with
 * what it has in memory (FACTS.md). A gateway that does not run is started instead, with its channels written
 * down before: no start of the gateway renders them.
 */

import { PlaneError } from '../../contracts/plane-error.ts';
import type { ChannelsStatus } from '../core/channel-status.ts';
import { withoutChannels } from '../core/channels.ts';
import type { Templates } from '../core/files.ts';
import { type Layout, UNITS } from '../core/layout.ts';
import { channelsTaken, degradedOwners, pluginsAhead, type ReloadResult } from '../core/reload.ts';
import {
  type Gateway,
  gatewayAddress,
  gatewayIsUp,
  secretsTaken,
  withGateway,
} from '../gateway.ts';
import type { Host } from '../host.ts';
import { readInputs } from '../inputs.ts';
import { withLock } from '../lock.ts';
import { channelsStatus } from '../pairing/channel.ts';
import { channelPlugins } from '../steps/channel-plugins.ts';
import { openclawConfig } from '../steps/openclaw-config.ts';
import { publishReady } from '../steps/ready.ts';
import { type Context, converge } from '../steps/step.ts';
import { rememberGateway } from '../steps/units.ts';
import { systemctl } from '../systemd.ts';
import { fetchSecrets, forgetSecrets } from './fetch-key.ts';
import { noteKeyInUse } from './forget-key.ts';

/**
 * Hot reload is debounced by OpenClaw; a plugin that is loaded is copied first (Discord's is
 * 43 MB of small files), and the gateway does nothing else meanwhile.
 */
const TAKEN_WITHIN_MS = 120_000;
const POLL_MS = 250;
/** The plugins, the channels, and what is tried out before each; below the unit's TimeoutStartSec=600. */
const CHANGED_WITHIN_MS = 540_000;

/** Waits until the gateway's word about its channels is as wanted. @throws PlaneError DEADLINE_EXCEEDED */
async function until(
  host: Host,
  gateway: Gateway,
  wanted: (status: ChannelsStatus) => boolean,
): Promise<void> {
  const deadline = host.now().getTime() + TAKEN_WITHIN_MS;
  while (!wanted(await channelsStatus(gateway))) {
    if (host.now().getTime() > deadline)
      throw new PlaneError('DEADLINE_EXCEEDED', 'The gateway did not take the changed channels.');
    await host.sleep(POLL_MS);
  }
}

/** Has the gateway load the plugins of new channels, and nothing else. */
async function loadPlugins(context: Context, gateway: Gateway): Promise<void> {
  const status = await channelsStatus(gateway);
  const ahead = pluginsAhead(status, context.channels);
  if (ahead.length === 0) return;
  const known = withoutChannels(context.channels, ahead);
  await converge([channelPlugins, openclawConfig], { ...context, channels: known, ahead });
  await until(context.host, gateway, (now) => pluginsAhead(now, context.channels).length === 0);
}

/** Waits until the watcher has applied the configuration and every secret was read from its file. */
async function taken({ host, channels }: Context, gateway: Gateway): Promise<void> {
  await until(host, gateway, (status) => channelsTaken(status, channels));
  await secretsTaken(host, gateway, degradedOwners);
}

/** @returns whether the gateway has them, or only starts with them */
async function reload(machine: {
  readonly host: Host;
  readonly layout: Layout;
  readonly templates: Templates;
}): Promise<'taken' | 'starting'> {
  const { host, layout } = machine;
  const address = gatewayAddress(host, layout);
  const up = await gatewayIsUp(host, address.port);
  const context: Context = { ...machine, ...(await readInputs(host)) };
  if (!up) {
    await converge([channelPlugins, openclawConfig], context);
    await systemctl(host, 'restart', '--no-block', UNITS.gateway);
    return 'starting';
  }
  await fetchSecrets(host, layout, context.facts);
  try {
    await withGateway(
      address,
      async (gateway) => {
        await loadPlugins(context, gateway);
        await converge([channelPlugins, openclawConfig], context);
        await taken(context, gateway);
      },
      CHANGED_WITHIN_MS,
    );
    noteKeyInUse(host, layout);
    rememberGateway(context);
  } finally {
    forgetSecrets(host, layout);
  }
  await publishReady(context);
  return 'taken';
}

const MESSAGES = {
  taken: 'The gateway has taken its secrets and channels.',
  starting: 'The gateway did not answer; it starts with its channels.',
};

/** The class of an error and where it was thrown, without its message. */
const placeOf = (error: unknown): string =>
  error instanceof Error
    ? `${error.name} ${/\n\s+(at .*)/.exec(error.stack ?? '')?.[1] ?? ''}`
    : 'what was thrown is no error';

/** @returns the exit code; the unit tries again when it is not 0. */
export async function reloadChannelsCommand(
  host: Host,
  layout: Layout,
  templates: Templates,
): Promise<number> {
  const id = host.read(layout.channelsRequest)?.trim().slice(0, 64) ?? '';
  host.remove(layout.channelsRequest);
  const report = (ok: boolean, message: string, starting = false): void => {
    const result: ReloadResult = { id, ok, message, ...(starting && { starting }) };
    host.write(layout.channelsResult, JSON.stringify(result), { mode: 0o644 });
    host.log(`agent reload-channels: ${message}`);
  };
  try {
    const how = await withLock(host, layout.lock, () => reload({ host, layout, templates }));
    report(true, MESSAGES[how], how === 'starting');
    return 0;
  } catch (error) {
    // Of what we did not foresee, the place alone: its message may quote what it was given.
    if (!(error instanceof PlaneError)) host.log(`agent reload-channels: ${placeOf(error)}`);
    report(false, error instanceof PlaneError ? error.message : 'The reload failed.');
    return 1;
  }
}
