/** Probes the channel itself, not the gateway's /healthz; restarts it alone, or tells the plane. */

import { codeOf } from '../../contracts/plane-error.ts';
import { probeOf } from '../core/channel-status.ts';
import {
  type ChannelAction,
  type ChannelHealth,
  type ChannelProbe,
  HEALTHY,
  resumed,
  watchChannel,
} from '../core/channel-watch.ts';
import {
  HEARING_METHOD,
  type Hearing,
  type HearingParams,
  RESTART_METHOD,
} from '../core/hearing.ts';
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

/** Nothing, when the gateway runs without our plugin, or with one that cannot do this yet. */
async function hear(rpc: Gateway, askPhone: boolean): Promise<Hearing> {
  const params: HearingParams = { askPhone };
  return (await rpc.call(HEARING_METHOD, params).catch(() => ({}))) as Hearing;
}

async function askGateway(
  { gateway, settings }: Surroundings,
  to: Listener,
): Promise<ChannelProbe> {
  try {
    const said = await gateway(
      async (rpc) => [await channelsStatus(rpc), await hear(rpc, false)] as const,
      ANSWER_MS,
    );
    return probeOf(said[0], settings.linkedPhone, to.machine().numberChanged, said[1]);
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

const SAYS: Readonly<Record<Exclude<ChannelAction, 'none'>, string>> = {
  'restart-channel': 'the channel is quiet; it is restarted',
  'restart-gateway': 'messages are held up again; the gateway is restarted',
  'ask-phone': 'nothing came for a while; the phone is asked for a message',
};

const DOES: Readonly<Record<Exclude<ChannelAction, 'none'>, (rpc: Gateway) => Promise<unknown>>> = {
  'restart-channel': restartChannel,
  'restart-gateway': (rpc) => rpc.call(RESTART_METHOD, {}),
  'ask-phone': (rpc) => hear(rpc, true),
};

/** A restart that fails is tried again by the watch, and a phone that is not asked counts as silent. */
async function act({ host, gateway }: Surroundings, action: ChannelAction): Promise<void> {
  if (action === 'none') return;
  host.log(`agent pair: ${SAYS[action]}`);
  await gateway(DOES[action], RESTART_MS).catch((error: unknown) => {
    host.log(`agent pair: that was not done (${codeOf(error)})`);
  });
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
  const { host, settings } = surroundings;
  const askWithinMs = settings.askPhone && settings.askPhone * 60_000;
  const store = healthStore(host, surroundings.layout);
  store.write(resumed(store.read()));
  for (;;) {
    const seen = await probe(surroundings, to);
    const now = host.now().getTime();
    const { health, action } = watchChannel(store.read(), seen, now, askWithinMs);
    store.write(health);
    await act(surroundings, action);
    store.write(await tellChannel(host, surroundings.facts.planeUrl, health, 'agent pair'));
    const down = health.sickSince !== undefined && seen.link === 'linked';
    await host.sleep(down ? PROBE_SICK_MS : PROBE_MS);
  }
}
