/**
 * Google on this machine: every emulated API behind one loopback HTTP port, Secret
 * Manager also on a gRPC port. State is in memory and gone with `close()`.
 */

import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { createGate, type FaultHook, type Gate } from './gate.ts';
import { startGrpc } from './grpc-server.ts';
import { createKernel } from './kernel.ts';
import { createOauth, type Delegation } from './oauth.ts';
import type { Project } from './projects.ts';
import { createSecretManager, createSecretManagerApi } from './secret-manager/api.ts';
import type { RecordedCall, Service } from './service.ts';
import { type Clock, createWorld, systemClock, systemRandom, type World } from './world.ts';

export interface GoogleOptions {
  readonly projects: readonly Project[];
  /** Addresses of the Workspace users that exist. */
  readonly users?: readonly string[];
  readonly delegations?: readonly Delegation[];
  readonly customRoles?: Readonly<Record<string, readonly string[]>>;
  /** Services besides the built-in ones; they see the same world. */
  readonly services?: (world: World) => readonly Service[];
  readonly fault?: FaultHook;
  /** 0 (default): any free port. */
  readonly port?: number;
  readonly grpcPort?: number;
  readonly clock?: Clock;
  readonly random?: () => string;
}

export interface Google {
  /** `http://127.0.0.1:PORT`, no slash at the end. */
  readonly restUrl: string;
  readonly restPort: number;
  /** Secret Manager over gRPC, plain text. */
  readonly grpcPort: number;
  readonly world: World;
  readonly gate: Gate;
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
  const users = new Set((options.users ?? []).map((user) => user.toLowerCase()));
  const world = await createWorld({
    projects: options.projects,
    customRoles: options.customRoles ?? {},
    userExists: (email) => users.has(email),
    clock: options.clock ?? systemClock,
    random: options.random ?? systemRandom,
  });
  const gate = createGate({
    authenticate: world.tokens.authenticate,
    allows: world.iam.allows,
    ticks: world.clock.ticks,
    ...(options.fault ? { fault: options.fault } : {}),
  });
  const oauth = createOauth({
    tokens: world.tokens,
    accounts: world.accounts,
    delegations: options.delegations ?? [],
    userExists: world.userExists,
    now: world.clock.now,
  });
  const secrets = createSecretManagerApi(world);
  const services = [oauth, createSecretManager(secrets), ...(options.services?.(world) ?? [])];
  const server = createServer(createKernel(services, gate));
  const restPort = await listen(server, options.port ?? 0);
  const grpc = await startGrpc([secrets], gate, options.grpcPort ?? 0);

  return {
    restUrl: `http://127.0.0.1:${restPort}`,
    restPort,
    grpcPort: grpc.port,
    world,
    gate,
    recording: gate.recording,
    server,
    async close() {
      grpc.close();
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
