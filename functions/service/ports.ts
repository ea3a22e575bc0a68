/** What the services need from the outside. Drivers implement it; tests may, too. */

import type { VmStatus } from '../../contracts/instance-metadata.ts';
import type { AuditAnswer } from '../../contracts/journal.ts';
import type { AgentName } from '../../contracts/names.ts';
import type { Pairing } from '../../contracts/pairing.ts';
import type { InstanceBody } from '../core/instance.ts';
import type {
  DiskState,
  InstanceState,
  OperationState,
  QueueState,
  SecretPayload,
  SecretState,
  ServiceAccountState,
  Spread,
  VersionState,
} from '../core/observed.ts';
import type { Policy } from '../core/policy.ts';

export type * from './workspace-ports.ts';
export type { OperationState, Policy };

/** Secrets of the project, by id. Reads give undefined for what does not exist. */
export interface Secrets {
  get(id: string): Promise<SecretState | undefined>;
  /** Newest version, with its payload; undefined, too, when it is disabled or destroyed. */
  latest(id: string): Promise<SecretPayload | undefined>;
  policy(id: string): Promise<Policy | undefined>;
  /** Newest first, without payloads; none when there is no such secret. */
  versions(id: string): Promise<readonly VersionState[]>;
  /** The payload of one version; undefined when it cannot be read. */
  version(id: string, version: string): Promise<SecretPayload | undefined>;
  /** Ids of the secrets that carry these labels. */
  list(labels: Readonly<Record<string, string>>): Promise<readonly string[]>;
  create(
    id: string,
    labels: Readonly<Record<string, string>>,
    annotations: Readonly<Record<string, string>>,
  ): Promise<void>;
  addVersion(id: string, payload: string): Promise<VersionState>;
  /** A version that was disabled can be read again. */
  enable(id: string, version: string): Promise<void>;
  /** For good. */
  destroy(id: string, version: string): Promise<void>;
  /** Replaces the annotations. @throws PlaneError ABORTED when the etag is not the current one. */
  annotate(
    id: string,
    annotations: Readonly<Record<string, string>>,
    etag: string | undefined,
  ): Promise<void>;
  /** @throws PlaneError ABORTED when the policy's etag is not the current one. */
  setPolicy(id: string, policy: Policy): Promise<void>;
  /** With all its versions; what is gone already counts as deleted. */
  remove(id: string): Promise<void>;
}

/** What is there and readable of a VM's guest attributes. */
export interface Guest {
  readonly status?: VmStatus | undefined;
  readonly pairing?: Pairing | undefined;
}

/** Virtual machines in one zone: the plane's, and with `at` in any other. */
export interface Machines {
  readonly zone: string;
  at(zone: string): Machines;
  instance(name: AgentName): Promise<InstanceState | undefined>;
  dataDisk(name: AgentName): Promise<DiskState | undefined>;
  /** What the VM says of itself, in one question: Google answers ten a minute. */
  guest(name: AgentName): Promise<Guest>;
  /** The disk with the name of the VM's own boot disk, whoever uses it. */
  bootDisk(name: AgentName): Promise<DiskState | undefined>;
  lastOperation(name: AgentName): Promise<OperationState | undefined>;
  /** These begin what takes a while, and give the name of the operation to wait for. */
  insert(body: InstanceBody): Promise<string>;
  start(name: AgentName): Promise<string>;
  stop(name: AgentName): Promise<string>;
  /** The boot disk goes with it, the data disk stays. */
  remove(name: AgentName): Promise<string>;
  attachDataDisk(name: AgentName): Promise<string>;
  /** Undefined when it is gone already. */
  removeDisk(disk: string): Promise<string | undefined>;
  /**
   * @throws PlaneError DEADLINE_EXCEEDED while it goes on, UNAVAILABLE when it ended with an
   *   error (ask again: what is there now decides)
   */
  wait(operation: string): Promise<void>;
  /** The instances and disks that carry these labels, in all zones. @throws PlaneError when a zone does not answer */
  labelled(labels: Readonly<Record<string, string>>): Promise<Spread>;
  /**
   * @returns the operation, which may still find the fingerprint stale
   * @throws PlaneError ABORTED when the fingerprint is not the current one
   */
  setMetadata(
    name: AgentName,
    metadata: Readonly<Record<string, string>>,
    fingerprint: string | undefined,
  ): Promise<string>;
}

/** A VM as a list shows it; nobody asked for its metadata. */
export interface ListedInstance extends InstanceState {
  readonly zone: string;
}

/** Many agents in a few calls. */
export interface Listing {
  /** Config secrets of agents, a page of them. */
  records(
    size: number,
    token: string | undefined,
  ): Promise<{
    readonly records: readonly { readonly id: string; readonly secret: SecretState }[];
    readonly next?: string;
  }>;
  /** Those of the named agents that have a VM; `inFilters` says how many names one call takes. */
  instances(names: readonly AgentName[]): Promise<readonly ListedInstance[]>;
  /** Operations on VMs of that zone that ended with an error, the newest first. */
  failures(
    zone: string,
  ): Promise<readonly { readonly agent: AgentName; readonly operation: OperationState }[]>;
}

export interface AuditQuery {
  readonly agent: string | undefined;
  /** RFC 3339 */
  readonly since: string | undefined;
  readonly size: number;
  readonly token: string | undefined;
}

/** What VMs and the plane wrote down. */
export interface Journal {
  /** @param from byte offset; undefined when there is no VM */
  serial(
    name: AgentName,
    zone: string,
    from: string,
  ): Promise<{ readonly text: string; readonly next: string } | undefined>;
  /** Newest first. */
  audit(query: AuditQuery): Promise<AuditAnswer>;
}

/** Encrypted backups, one object an agent. */
export interface Backups {
  /** Replaces the agent's. */
  save(name: AgentName, data: Buffer): Promise<void>;
  load(name: AgentName): Promise<Buffer | undefined>;
  /** Names of the objects that are kept for the agent. */
  names(name: AgentName): Promise<readonly string[]>;
  /** What is gone already counts as deleted. */
  remove(name: AgentName): Promise<void>;
}

/** What waits for an agent's VM: webhooks of its business number, one queue an agent. */
export interface Webhooks {
  /** Makes the queue, should it be missing, and lets this account alone take from it. */
  open(name: AgentName, account: string): Promise<void>;
  /** Resolves when it is durable. @throws PlaneError NOT_FOUND without a queue */
  publish(
    name: AgentName,
    body: Buffer,
    attributes: Readonly<Record<string, string>>,
  ): Promise<void>;
  /** What is there of the agent's queue, and who may take from it. */
  look(name: AgentName): Promise<QueueState>;
  /** Lets nobody take from it; what waits stays. */
  close(name: AgentName): Promise<void>;
  /** With all that waits in it; what is gone already counts as deleted. */
  remove(name: AgentName): Promise<void>;
}

export interface ServiceAccounts {
  get(email: string): Promise<ServiceAccountState | undefined>;
  /** Who may act as it. */
  policy(email: string): Promise<Policy | undefined>;
  enable(email: string): Promise<void>;
  disable(email: string): Promise<void>;
  create(id: string, displayName: string, description: string): Promise<void>;
  /** What is gone already counts as deleted. */
  remove(email: string): Promise<void>;
}

/** A small record of the plane's own, with the generation that a change of it must name. */
export interface Kept {
  readonly name: string;
  readonly value: unknown;
  readonly generation: string;
}

/** Small JSON records, under names with slashes; a change happens to the generation that was read, or not at all. */
export interface Records {
  get(name: string): Promise<Kept | undefined>;
  list(prefix: string): Promise<readonly Kept[]>;
  /**
   * @param generation of what is replaced; undefined: there must be none
   * @throws PlaneError ABORTED when it is not the current one
   */
  put(name: string, value: object, generation: string | undefined): Promise<string>;
  /** What is gone already counts as removed. @throws PlaneError ABORTED, as put does */
  remove(name: string, generation: string): Promise<void>;
}

/** Bulk work, brought back to the plane at a rate that Google's quotas allow. */
export interface WorkQueue {
  /**
   * Safe to repeat: an id that is there, or was lately, is not taken again.
   * @param path of the plane's API that it is posted to
   * @param notBefore milliseconds since the epoch; undefined: at once
   */
  add(id: string, path: string, body: object, notBefore?: number): Promise<void>;
  /** Ids of the pieces of work in it; at most 10,000. */
  waiting(): Promise<readonly string[]>;
}

export interface Clock {
  /** Milliseconds since the epoch. */
  now(): number;
  sleep(ms: number): Promise<void>;
}

export interface TokenVerifier {
  /**
   * @returns the claims
   * @throws PlaneError UNAUTHENTICATED unless Google signed it for this audience (for one of these) and it is in force
   */
  verify(idToken: string, audience: string | string[]): Promise<Readonly<Record<string, unknown>>>;
}
