/**
 * The emulated network of one hypervisor: an "outside" namespace that holds the metadata
 * address and a gateway address, and for each machine a namespace of its own, joined by a
 * veth pair. Addresses and routes are those of Compute Engine: a /32 address, everything
 * through the gateway (https://cloud.google.com/vpc/docs/vpc#reserved-ip-addresses).
 *
 * Machines reach our own addresses and nothing else, not even each other. Strict reverse
 * path filtering on a link per machine makes the source address prove the machine, even
 * though the guest's root may change its own addresses.
 */

import { type ChildProcess, spawn } from 'node:child_process';
import { Server, type Socket } from 'node:net';
import { fileURLToPath } from 'node:url';
import { PlaneError } from '../../contracts/errors.ts';
import { must, run } from './run.ts';

export const METADATA_ADDRESS = '169.254.169.254';
const GATEWAY_ADDRESS = '10.128.0.1';
/**
 * Where emulated host names lead: one of the addresses of private.googleapis.com, which is
 * what a VM without an external address resolves them to. It must look public: OpenClaw
 * refuses model providers at private addresses. It exists in our namespaces alone.
 * https://cloud.google.com/vpc/docs/configure-private-google-access
 */
export const SERVICES_ADDRESS = '199.36.153.8';
const LISTENER = fileURLToPath(new URL('./listen.ts', import.meta.url));
/** First and last host number under 10.128.0.0/16 that machines get. */
const FIRST_HOST = 2;
const LAST_HOST = 65_000;
/** Between the table of our own addresses (0) and the routes to machines (32766). */
const REFUSAL = '100';
const OUTSIDE_SETTINGS = [
  // Forwarding is what makes a refusal an answer (ICMP) instead of silence.
  'net.ipv4.ip_forward=1',
  'net.ipv4.icmp_ratelimit=0',
  'net.ipv4.conf.all.rp_filter=1',
  'net.ipv4.conf.default.rp_filter=1',
] as const;

export interface Link {
  /** Network namespace of the machine. */
  readonly namespace: string;
  readonly address: string;
}

export interface Network {
  /** The address and namespace that a machine gets, the same at every boot. */
  linkOf(machine: string): Link;
  /** Makes the machine's namespace. */
  attach(machine: string): Promise<void>;
  /** Removes it; no error when there is none. */
  detach(machine: string): Promise<void>;
  close(): Promise<void>;
}

export interface NetworkOptions {
  readonly runId: string;
  /** A Node that runs TypeScript. */
  readonly node: string;
  readonly onConnection: (socket: Socket, port: 80 | 443, machine: string) => void;
}

function outsideCommands(): string {
  return [
    'link set lo up',
    `addr add ${METADATA_ADDRESS}/32 dev lo`,
    `addr add ${GATEWAY_ADDRESS}/32 dev lo`,
    `addr add ${SERVICES_ADDRESS}/32 dev lo`,
  ].join('\n');
}

/** The outside end: what comes in is for our own addresses, or is refused at once. */
function uplinkCommands(port: string, address: string): string {
  return [
    `link set ${port} up`,
    `route add ${address}/32 dev ${port}`,
    `rule add pref ${REFUSAL} iif ${port} prohibit`,
  ].join('\n');
}

function guestCommands(address: string): string {
  return [
    'link set lo up',
    'link set eth0 up',
    `addr add ${address}/32 dev eth0`,
    `route add ${GATEWAY_ADDRESS}/32 dev eth0`,
    `route add default via ${GATEWAY_ADDRESS}`,
  ].join('\n');
}

/** Takes over the sockets that `listen.ts` opens inside the outside namespace. */
async function listenInside(namespace: string, node: string): Promise<Map<80 | 443, Server>> {
  const child: ChildProcess = spawn(
    'nsenter',
    [
      `--net=/run/netns/${namespace}`,
      node,
      '--disable-warning=ExperimentalWarning',
      LISTENER,
      `${METADATA_ADDRESS}:80`,
      `${SERVICES_ADDRESS}:443`,
    ],
    { stdio: ['ignore', 'ignore', 'pipe', 'ipc'], env: {} },
  );
  const servers = new Map<80 | 443, Server>();
  let complaint = '';
  child.stderr?.setEncoding('utf8').on('data', (chunk: string) => {
    complaint += chunk;
  });
  await new Promise<void>((resolve, reject) => {
    child.on('error', reject);
    child.on('message', (message: { port: 80 | 443 }, handle) => {
      if (handle instanceof Server) servers.set(message.port, handle);
      if (servers.size === 2) resolve();
    });
    child.on('exit', () => {
      if (servers.size < 2) reject(new Error(complaint));
    });
  }).catch((cause: unknown) => {
    throw new PlaneError('INTERNAL', 'The emulated network could not listen', { cause });
  });
  child.kill('SIGKILL');
  return servers;
}

async function removeNamespace(namespace: string): Promise<void> {
  await run(['ip', 'netns', 'delete', namespace]);
}

/** Hands out links in order; the same machine always gets the same one. */
function linkTable(outside: string) {
  const links = new Map<string, Link & { readonly port: string }>();
  const machines = new Map<string, string>();
  return {
    links,
    machineAt: (address: string) => machines.get(address),
    of(machine: string) {
      const known = links.get(machine);
      if (known !== undefined) return known;
      const host = FIRST_HOST + links.size;
      if (host > LAST_HOST) throw new PlaneError('RESOURCE_EXHAUSTED', 'No address is left');
      const address = `10.128.${host >> 8}.${host & 255}`;
      const link = { namespace: `${outside}-${host}`, address, port: `v${host}` };
      links.set(machine, link);
      machines.set(address, machine);
      return link;
    },
  };
}

async function makeOutside(outside: string): Promise<void> {
  await must(['ip', 'netns', 'add', outside]);
  await must(['ip', '-n', outside, '-batch', '-'], { stdin: outsideCommands() });
  await must(['nsenter', `--net=/run/netns/${outside}`, 'sysctl', '-qw', ...OUTSIDE_SETTINGS]);
}

/** Makes the outside namespace and starts listening. Throws PlaneError INTERNAL. */
export async function createNetwork(options: NetworkOptions): Promise<Network> {
  const outside = options.runId;
  const table = linkTable(outside);
  await makeOutside(outside);
  const servers = await listenInside(outside, options.node);
  for (const [port, server] of servers) {
    server.on('connection', (socket: Socket) => {
      const machine = table.machineAt(socket.remoteAddress ?? '');
      if (machine === undefined) socket.destroy();
      else options.onConnection(socket, port, machine);
    });
  }

  return {
    linkOf: table.of,
    async attach(machine) {
      const { namespace, port, address } = table.of(machine);
      const peer = ['type', 'veth', 'peer', 'name', 'eth0', 'netns', namespace];
      await must(['ip', 'netns', 'add', namespace]);
      await must(['ip', '-n', outside, 'link', 'add', port, ...peer]);
      await must(['ip', '-n', outside, '-batch', '-'], { stdin: uplinkCommands(port, address) });
      await must(['ip', '-n', namespace, '-batch', '-'], { stdin: guestCommands(address) });
    },
    async detach(machine) {
      const { namespace, port } = table.of(machine);
      await run(['ip', '-n', outside, 'link', 'delete', port]);
      await run(['ip', '-n', outside, 'rule', 'delete', 'pref', REFUSAL, 'iif', port]);
      await removeNamespace(namespace);
    },
    async close() {
      for (const server of servers.values()) server.close();
      for (const { namespace } of table.links.values()) await removeNamespace(namespace);
      await removeNamespace(outside);
    },
  };
}
