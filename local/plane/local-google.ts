/** Google as the local organisation has it: its project and people, its machines, its metadata servers. */

import { createServer, type IncomingMessage } from 'node:http';
import type { Socket } from 'node:net';
import { PlaneError } from '../../contracts/errors.ts';
import { CLI, ID_PREFIX } from '../../contracts/names.ts';
import type { FaultHook } from '../google/gate.ts';
import { type Google, startGoogle } from '../google/google.ts';
import { accountMetadata, instanceMetadata } from '../google/metadata.ts';
import type { Hypervisor, Machine } from '../machine.ts';
import { type LoopbackServer, serveOnLoopback } from './loopback.ts';
import { seedAccess } from './seed.ts';
import { DELEGATED_SCOPES, LOCAL, PLANE_ACCOUNT } from './settings.ts';

/** Port 80 of the machines' world. */
export interface MetadataFront {
  accept(socket: Socket, machine: string): void;
}

export interface LocalGoogle {
  readonly google: Google;
  readonly metadata: MetadataFront;
  /** `host:port` of the metadata server that the plane's functions see. */
  readonly planeMetadataHost: string;
  /**
   * @param name of a VM, or of the agent whose it is
   * @throws PlaneError NOT_FOUND when no such machine runs
   */
  machine(name: string): Machine;
  close(): Promise<void>;
}

export interface LocalGoogleOptions {
  readonly hypervisor?: Hypervisor | undefined;
  /** Where every mail is also written as a file. */
  readonly mailDir: string;
  /** Of the REST APIs; any free one when left out. */
  readonly port?: number;
  /** Asked at every call: makes Google slow, or fail. */
  readonly fault?: FaultHook | undefined;
}

const INSTANCE_IMAGE = { project: LOCAL.project.id, family: LOCAL.imageFamily, diskSizeGb: 10 };

/** Which machine a connection came from; requests know their socket, not more. */
function metadataFront(google: Google): MetadataFront {
  const machines = new WeakMap<Socket, string>();
  const { tokens, accounts } = google.world;
  const recordOf = ({ socket }: IncomingMessage) =>
    google.compute.instances.byName(machines.get(socket) ?? '');
  const server = createServer(
    instanceMetadata({ tokens, accounts, project: LOCAL.project }, recordOf),
  );
  return {
    accept(socket, machine) {
      machines.set(socket, machine);
      server.emit('connection', socket);
    },
  };
}

function servePlaneMetadata(google: Google): Promise<LoopbackServer> {
  const { tokens, accounts } = google.world;
  const region = LOCAL.zone.replace(/-[a-z]$/, '');
  const deps = { tokens, accounts, project: LOCAL.project };
  return serveOnLoopback(accountMetadata(deps, PLANE_ACCOUNT, region));
}

/** Starts the emulated Google of the local organisation, its project as setup leaves it but for the bucket and the key. */
export async function startLocalGoogle(options: LocalGoogleOptions): Promise<LocalGoogle> {
  const { hypervisor, mailDir, port, fault } = options;
  const google = await startGoogle({
    projects: [LOCAL.project],
    users: [{ primaryEmail: LOCAL.admin, isAdmin: true }, LOCAL.viewer, ...LOCAL.users],
    delegations: [{ serviceAccount: PLANE_ACCOUNT, scopes: DELEGATED_SCOPES }],
    images: [{ ...INSTANCE_IMAGE, name: 'agents-plane-local', createdAt: 0 }],
    subnetworks: [LOCAL.network],
    mailDir,
    ...(hypervisor && { hypervisor }),
    ...(fault && { fault }),
    ...(port !== undefined && { port }),
  });
  seedAccess(google);
  const plane = await servePlaneMetadata(google);
  return {
    google,
    metadata: metadataFront(google),
    planeMetadataHost: plane.host,
    machine(name) {
      const { instances } = google.compute;
      // `list` shows agents' names, the Cloud Console those of VMs.
      const found = instances.byName(name) ?? instances.byName(`${ID_PREFIX}${name}`);
      const machine = found?.machine;
      if (!machine)
        throw new PlaneError(
          'NOT_FOUND',
          `No VM ${name} is running; ${CLI} list shows what there is`,
        );
      return machine;
    },
    async close() {
      await plane.close();
      await google.close();
    },
  };
}
