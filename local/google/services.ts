/** Every emulated API over one world. What a test or the local plane seeds and inspects is beside the services. */

import type { Hypervisor } from '../machine.ts';
import { type Compute, createCompute, createComputeService, type ImageSpec } from './compute.ts';
import { createDirectory, type Directory } from './directory.ts';
import { createGmail, type Gmail } from './gmail.ts';
import { createIam } from './iam.ts';
import { createIamCredentials } from './iamcredentials.ts';
import { createLogging, type Logging } from './logging.ts';
import { createOauth, type Delegation } from './oauth.ts';
import type { Project } from './projects.ts';
import { createPubsub, type Pubsub } from './pubsub.ts';
import { createResourceManager } from './resource-manager.ts';
import type { RpcApi } from './rpc.ts';
import { createSecretManager, createSecretManagerApi } from './secret-manager/api.ts';
import type { Service } from './service.ts';
import { createServiceUsage } from './service-usage.ts';
import { createStorage, createStorageStore, type StorageStore } from './storage.ts';
import { createTasks, type Tasks } from './tasks.ts';
import { mailFiles } from './workspace/mail-files.ts';
import type { Person } from './workspace/people.ts';
import type { World } from './world.ts';

export interface ServicesOptions {
  readonly project: Project;
  /** More of them: cells. */
  readonly others?: readonly Project[];
  readonly delegations: readonly Delegation[];
  readonly hypervisor?: Hypervisor;
  readonly images?: readonly ImageSpec[];
  readonly subnetworks?: readonly string[];
  /** Milliseconds between two states of an instance or operation. */
  readonly stageMs?: number;
  /** The Workspace domain's people, as Directory knows them. */
  readonly people?: readonly Person[];
  /** Where every mail that is sent is also written as a file. */
  readonly mailDir?: string;
  /** Where a public address is on this machine, for what Cloud Tasks sends. */
  readonly reach?: (url: string) => string;
}

export interface Services {
  readonly all: readonly Service[];
  /** Served over gRPC too. */
  readonly secretManager: RpcApi;
  readonly storage: StorageStore;
  readonly logging: Logging;
  readonly compute: Compute;
  readonly gmail: Gmail;
  readonly directory: Directory;
  readonly pubsub: Pubsub;
  readonly tasks: Tasks;
}

export function createServices(world: World, options: ServicesOptions): Services {
  const { accounts, clock, iam, projects, tokens, userExists } = world;
  const { delegations, project, people = [], mailDir, reach, ...machines } = options;
  const { now } = clock;
  const storage = createStorageStore(now);
  const logging = createLogging(world);
  const secretManager = createSecretManagerApi(world);
  const accountExists = (email: string): boolean => accounts.find(email) !== undefined;
  const compute = createCompute({ ...machines, project, now, iam, accountExists });
  const onSent = mailDir === undefined ? {} : { onSent: mailFiles(mailDir) };
  const gmail = createGmail({ now, userExists, ...onSent });
  const directory = createDirectory(people);
  const pubsub = createPubsub(world);
  const tasks = createTasks(world, reach ? { reach } : {});
  const all = [
    createOauth({ tokens, accounts, delegations, userExists, now }),
    createSecretManager(secretManager),
    createIam(world),
    createResourceManager(world),
    createServiceUsage(world),
    createStorage({ store: storage, iam, projects }, world.random),
    logging.service,
    createComputeService(compute),
    createIamCredentials(world),
    gmail.service,
    directory.service,
    pubsub.service,
    tasks.service,
  ];
  const others = { storage, logging, compute, gmail, directory, pubsub, tasks };
  return { all, secretManager, ...others };
}
