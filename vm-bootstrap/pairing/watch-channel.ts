/** Probes the channel itself, not the gateway's /healthz; restarts it alone, or tells the plane. */

import { codeOf } from '../../contracts/plane-error.ts';
import { probeOf } from '../core/channel-status.ts';
import {
  type ChannelHealth,
  type ChannelProbe,
  HEALTHY,
  resumed,
  watchChannel,
} from '../core/channel-watch.ts';
import type { Layout } from '../core/layout.ts';
import type { Gateway } from '../gateway.ts';
import type { Host } from '../host.ts';
import { readState, tryWrite } from '../state-file.ts';
import { tellChannel } from '../tell-channel.ts';
import { channelsStatus } from './channel.ts';
import type { Listener } from './sources.ts';
import type { Surroundings } from './surroundings.ts';

const PROBE_MS = 20_000;
/** While the channel is down: the network's return is to be noticed. */
const PROBE_SICK_MS = 5_000;
/** An answer that takes longer is none. */
const ANSWER_MS = 10_000;
/** Stopping may wait for a turn that is being answered. */
const RESTART_MS = 60_000;
const CONNECT_MS = 3_000;
const CHANNEL = 'whatsapp';
/** Where the plugin connects to, unless it was told otherwise. */
const WHATSAPP = 'wss://web.whatsapp.com';
/** Of the schemes that `endpoints.whatsapp` may have. */
const PORTS: Readonly<Record<string, number>> = { 'wss:': 443, 'ws:': 80 };

const NO_ANSWER: ChannelProbe = { link: 'unknown', open: false, busy: false, conflict: false };

async function askGateway(
  { gateway, settings }: Surroundings,
  to: Listener,
): Promise<ChannelProbe> {
  try {
    const status = await gateway(channelsStatus, ANSWER_MS);
    return probeOf(status, settings.linkedPhone, to.machine().numberChanged);
  } catch {
    return NO_ANSWER;
  }
}

/** A channel that is down is asked about at both ends: the gateway's, and WhatsApp's. */
async function probe(surroundings: Surroundings, to: Listener): Promise<ChannelProbe> {
  const { host, facts } = surroundings;
  const said = await askGateway(surroundings, to);
  if (said.open || said.link !== 'linked') return said;
  const { hostname, port, protocol } = new URL(facts.endpoints.whatsapp ?? WHATSAPP);
  const reachable = await host.reaches(hostname, Number(port) || PORTS[protocol] || 0, CONNECT_MS);
  return { ...said, reachable };
}

/** The other channels of the gateway go on. */
async function restartChannel(rpc: Gateway): Promise<void> {
  await rpc.call('channels.stop', { channel: CHANNEL });
  await rpc.call('channels.start', { channel: CHANNEL });
}

/** What outlives a restart: a link that was lost meanwhile is noticed. */
function healthStore(host: Host, { pairingState }: Layout) {
  const path = `${pairingState}/channel.json`;
  let known = readState<ChannelHealth>(host, path, 'agent pair') ?? HEALTHY;
  let kept = '';
  return {
    read: (): ChannelHealth => known,
    write(health: ChannelHealth): void {
      known = health;
      const text = `${JSON.stringify(health)}\n`;
      const write = () => host.write(path, text, { mode: 0o600 });
      if (text !== kept && tryWrite(host, path, 'agent pair', write)) kept = text;
    },
  };
}

/** Runs for ever. @param to knows whether a link that is gone was taken back */
export async function keepChannelUp(surroundings: Surroundings, to: Listener): Promise<never> {
  const { host } = surroundings;
  const store = healthStore(host, surroundings.layout);
  store.write(resumed(store.read()));
  for (;;) {
    const seen = await probe(surroundings, to);
    const { health, action } = watchChannel(store.read(), seen, host.now().getTime());
    store.write(health);
    if (action === 'restart-channel') {
      host.log('agent pair: the channel is quiet; it is restarted');
      await surroundings.gateway(restartChannel, RESTART_MS).catch((error: unknown) => {
        host.log(`agent pair: the channel was not restarted (${codeOf(error)})`);
      });
    }
    store.write(await tellChannel(host, surroundings.facts.planeUrl, health, 'agent pair'));
    const down = health.sickSince !== undefined && seen.link === 'linked';
    await host.sleep(down ? PROBE_SICK_MS : PROBE_MS);
  }
}
