/**
 * Google on this machine: every emulated API behind one loopback HTTP port, Secret
 * Manager also on a gRPC port. State is in memory and gone with `close()`.
 */

import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { refusalLog } from './audit-log.ts';
import { createGate, type FaultHook } from './gate.ts';
import { startGrpc } from './grpc-server.ts';
import { createKernel } from './kernel.ts';
import type { Project } from './projects.ts';
import type { RecordedCall, Service } from './service.ts';
import { createServices, type Services, type ServicesOptions } from './services.ts';
import type { Tokens } from './tokens.ts';
import type { Person } from './workspace/people.ts';
import { type Clock, createWorld, systemClock, systemRandom, type World } from './world.ts';

export interface GoogleOptions extends Omit<ServicesOptions, 'project' | 'delegations' | 'people'> {
  readonly projects: readonly [Project, ...Project[]];
  /** The Workspace users that exist: addresses, or more of what Directory knows. */
  readonly users?: readonly (string | Person)[];
  readonly delegations?: ServicesOptions['delegations'];
  readonly customRoles?: Readonly<Record<string, readonly string[]>>;
  /** Services besides the built-in ones; they see the same world. */
  readonly services?: (world: World, services: Services) => readonly Service[];
  readonly fault?: FaultHook;
  /** Where the quota was raised. */
  readonly accountsPerProject?: number;
  /** Milliseconds until a policy that is set is in force. 0 (default): at once. */
  readonly propagationMs?: number;
  /** 0 (default): any free port. */
  readonly port?: number;
  readonly grpcPort?: number;
  readonly clock?: Clock;
  readonly random?: () => string;
}

export interface Google extends Omit<Services, 'all' | 'secretManager'> {
  /** `http://127.0.0.1:PORT`, no slash at the end. */
  readonly restUrl: string;
  readonly restPort: number;
  /** Secret Manager over gRPC, plain text. */
  readonly grpcPort: number;
  readonly world: World;
  readonly tokens: Tokens;
  readonly recording: RecordedCall[];
  /** Connections that did not come over TCP to `restPort` (from VMs) enter with `server.emit('connection', socket)`. */
  readonly server: Server;
  close(): Promise<void>;
}

const listen = (server: Server, port: number): Promise<number> =>
  new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, '127.0.0.1', () => resolve((server.address() as AddressInfo).port));
  });

export async function startGoogle(options: GoogleOptions): Promise<Google> {
  const { projects, users = [], delegations = [], customRoles = {}, services: more } = options;
  const { fault, port = 0, grpcPort = 0, clock = systemClock, random = systemRandom } = options;
  const { hypervisor, images, subnetworks, stageMs, mailDir, reach } = options;
  const people = users.map((user) => (typeof user === 'string' ? { primaryEmail: user } : user));
  const addresses = new Set(people.map((person) => person.primaryEmail.toLowerCase()));
  const userExists = (email: string): boolean => addresses.has(email);

  const world = await createWorld({
    ...{ projects, customRoles, userExists, clock, random },
    accountsPerProject: options.accountsPerProject,
    propagationMs: options.propagationMs,
  });
  const { authenticate } = world.tokens;
  const { allows } = world.iam;
  const { ticks } = clock;
  const { all, secretManager, ...parts } = createServices(world, {
    project: projects[0],
    others: projects.slice(1),
    delegations,
    people,
    ...(mailDir === undefined ? {} : { mailDir }),
    ...(reach === undefined ? {} : { reach }),
    ...(hypervisor ? { hypervisor } : {}),
    ...(images ? { images } : {}),
    ...(subnetworks ? { subnetworks } : {}),
    ...(stageMs === undefined ? {} : { stageMs }),
  });
  const watch = refusalLog(world.iam, world.auditConfigs, parts.logging.write);
  const gate = createGate({ authenticate, allows, ticks, watch, ...(fault ? { fault } : {}) });
  const services = [...all, ...(more?.(world, { all, secretManager, ...parts }) ?? [])];
  const server = createServer(createKernel(services, gate));
  const restPort = await listen(server, port);
  const grpc = await startGrpc([secretManager], gate, grpcPort);

  return {
    ...parts,
    restUrl: `http://127.0.0.1:${restPort}`,
    restPort,
    grpcPort: grpc.port,
    world,
    tokens: world.tokens,
    recording: gate.recording,
    server,
    async close() {
      parts.tasks.close();
      grpc.close();
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
