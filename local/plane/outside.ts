/** What lies outside the product: Google, a model, machines, and the network between them. */

import type { RequestListener } from 'node:http';
import {
  createDiscord,
  DISCORD_GATEWAY_HOST,
  DISCORD_HOST,
  type Discord,
} from '../discord/server.ts';
import type { FaultHook } from '../google/gate.ts';
import type { Google } from '../google/google.ts';
import { firewallRules, isAllowed } from '../google/infra/firewall.ts';
import { KAPSO_HOST, type KapsoServer, startKapso } from '../kapso/server.ts';
import type { Hypervisor } from '../machine.ts';
import { METADATA_ADDRESS, SERVICES_ADDRESS } from '../machines/network.ts';
import { META_HOST, type MetaServer, startMeta } from '../meta/server.ts';
import { createModelServer, type ModelServer } from '../model/server.ts';
import { createSignalDaemon, type SignalDaemon } from '../signal/server.ts';
import { createSlack, SLACK_HOST, SLACK_SOCKET_HOST, type Slack } from '../slack/server.ts';
import { createTelegram, TELEGRAM_HOST, type Telegram } from '../telegram/server.ts';
import { createWhatsapp, WHATSAPP_HOST, WHATSAPP_PATH, type Whatsapp } from '../whatsapp/server.ts';
import { createAuthority } from './authority.ts';
import { createFront, type Front, forwardTo, type Host } from './front.ts';
import { openHypervisor, type Prepared } from './hypervisor.ts';
import { planInfra, serviceOf } from './infra.ts';
import { demandInvoker } from './invoker.ts';
import { type LocalGoogle, type MetadataFront, startLocalGoogle } from './local-google.ts';
import { serveOnLoopback } from './loopback.ts';
import { GOOGLE_HOSTS, LOCAL } from './settings.ts';

export interface OutsideOptions {
  readonly cacheDir: string;
  readonly mailDir: string;
  /** What machines boot from; without it, instances are states and nothing runs. */
  readonly machines: Prepared | undefined;
  /** Where the VM-facing function will listen, `http://127.0.0.1:PORT`. */
  readonly vmOrigin: string;
  /** Asked at every request to the model. */
  readonly acceptsKey: (key: string) => boolean;
  /** Milliseconds since 1970. */
  readonly now: () => number;
  readonly fault?: FaultHook | undefined;
}

/** The channels besides WhatsApp that an agent can be reached on. */
export interface Chats {
  readonly telegram: Telegram;
  readonly slack: Slack;
  readonly discord: Discord;
  /** The organisation's signal-cli daemon, at `LOCAL.signalHost`. */
  readonly signal: SignalDaemon;
}

export interface Outside extends Chats {
  readonly local: LocalGoogle;
  readonly model: ModelServer;
  /** The model on a loopback port, for machines that cannot resolve its public names. */
  readonly modelUrl: string;
  readonly whatsapp: Whatsapp;
  /** Business numbers: Meta's Graph API, and Kapso. */
  readonly meta: MetaServer;
  readonly kapso: KapsoServer;
  /** Its WebSocket on a loopback port, `ws://...`. */
  readonly whatsappUrl: string;
  readonly hypervisor: Hypervisor | undefined;
  close(): Promise<void>;
}

/** Who answers for which name on the machines' port 443. */
function hostTable(
  google: () => Google,
  model: ModelServer,
  whatsapp: Whatsapp,
  { telegram, slack, discord, signal }: Chats,
  { meta, kapso }: Pick<Outside, 'meta' | 'kapso'>,
  vmOrigin: string,
): Record<string, Host> {
  const toGoogle: RequestListener = (request, response) =>
    void google().server.emit('request', request, response);
  const vm = serviceOf('vm');
  return {
    ...Object.fromEntries(GOOGLE_HOSTS.map((host) => [host, { listener: toGoogle }])),
    ...Object.fromEntries(model.hosts.map((host) => [host, { listener: model.listener }])),
    [WHATSAPP_HOST]: whatsapp,
    [TELEGRAM_HOST]: telegram,
    ...Object.fromEntries([SLACK_HOST, SLACK_SOCKET_HOST].map((host) => [host, slack])),
    ...Object.fromEntries([DISCORD_HOST, DISCORD_GATEWAY_HOST].map((host) => [host, discord])),
    [LOCAL.signalHost]: signal,
    [META_HOST]: { listener: forwardTo(new URL(meta.baseUrl).origin) },
    [KAPSO_HOST]: { listener: forwardTo(new URL(kapso.baseUrl).origin) },
    [LOCAL.vmHost]: { listener: demandInvoker(google, vm, forwardTo(vmOrigin, `/${vm}`)) },
  };
}

/** Sends what machines open, and infra/'s firewall lets out, to whoever it is for: the metadata server, or the world behind TLS. */
function connect(hypervisor: Hypervisor, metadata: MetadataFront, front: Front): void {
  const rules = firewallRules(planInfra().resources);
  const leaves = (peer: string, port: number): boolean =>
    isAllowed(rules, { direction: 'EGRESS', protocol: 'tcp', peer, port });
  hypervisor.onConnection(({ socket, port, machine }) => {
    if (port === 80 && leaves(METADATA_ADDRESS, port)) metadata.accept(socket, machine);
    else if (port === 443 && leaves(SERVICES_ADDRESS, port)) front.accept(socket);
    else socket.destroy();
  });
}

/** @throws PlaneError when a part does not start; what was started is stopped again */
export async function startOutside(options: OutsideOptions): Promise<Outside> {
  await using stack = new AsyncDisposableStack();
  const { cacheDir, mailDir, machines, vmOrigin, acceptsKey, now, fault } = options;
  const model = createModelServer({ accepts: (_provider, key) => acceptsKey(key), now });
  const whatsapp = createWhatsapp({ now });
  stack.defer(whatsapp.close);
  const chats = {
    telegram: createTelegram({ now }),
    slack: createSlack({ now }),
    discord: createDiscord({ now }),
    signal: createSignalDaemon({ now }),
  };
  for (const { close } of Object.values(chats)) stack.defer(close);
  const meta = await startMeta();
  stack.defer(meta.close);
  const kapso = await startKapso();
  stack.defer(kapso.close);
  const business = { meta, kapso };
  const hosts = hostTable(() => local.google, model, whatsapp, chats, business, vmOrigin);

  const authority = await createAuthority(now);
  const hypervisor =
    machines &&
    (await openHypervisor(machines, cacheDir, Object.keys(hosts), authority.certificate));
  if (hypervisor) stack.defer(() => hypervisor.close());
  const front = createFront(hosts, authority);
  stack.defer(front.close);

  const local = await startLocalGoogle({ hypervisor, mailDir, fault });
  stack.defer(local.close);
  if (hypervisor) connect(hypervisor, local.metadata, front);
  const onLoopback = async ({ listener, upgrade }: Host): Promise<string> => {
    const port = await serveOnLoopback(listener, upgrade);
    stack.defer(port.close);
    return port.host;
  };

  const urls = {
    modelUrl: `http://${await onLoopback(model)}`,
    whatsappUrl: `ws://${await onLoopback(whatsapp)}${WHATSAPP_PATH}`,
  };

  const all = stack.move();
  return {
    ...{ local, model, whatsapp, ...chats, meta, kapso, hypervisor },
    ...urls,
    close: () => all.disposeAsync(),
  };
}
