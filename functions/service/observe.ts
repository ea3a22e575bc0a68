/** Everything Google knows about one agent, read in one parallel wave; in another zone, in two. */

import {
  type AgentName,
  backupSecretId,
  channelsSecretId,
  configSecretId,
  instanceName,
  keySecretId,
  labelsOf,
  numberSecretId,
  SHARED_KEY_SECRET,
  serviceAccountEmail,
} from '../../contracts/names.ts';
import type { Detail, Inventory, Observed } from '../core/observed.ts';
import { credentialsOf } from '../core/revoke-plan.ts';
import { ofThisLife } from '../core/zone.ts';
import { numbersOf } from './number-pool.ts';
import type { Backups, Machines, Records, Secrets, ServiceAccounts, Webhooks } from './ports.ts';
import { type Machine, machineOf } from './zone.ts';

export interface Observer {
  readonly secrets: Secrets;
  readonly machines: Machines;
  readonly serviceAccounts: ServiceAccounts;
  readonly webhooks: Webhooks;
  readonly project: string;
}

/** @throws PlaneError of the first read that fails for another reason than absence */
export async function observe(from: Observer, name: AgentName): Promise<Observed> {
  const { secrets, machines, serviceAccounts } = from;
  const { machine, ...observed } = await settle({
    configSecret: secrets.get(configSecretId(name)),
    config: secrets.latest(configSecretId(name)),
    configPolicy: secrets.policy(configSecretId(name)),
    keySecret: secrets.get(keySecretId(name)),
    keyPolicy: secrets.policy(keySecretId(name)),
    sharedKeyPolicy: secrets.policy(SHARED_KEY_SECRET),
    serviceAccount: serviceAccounts.get(serviceAccountEmail(name, from.project)),
    machine: readMachine(machines, name),
  });
  // What nothing is there of was never anywhere.
  const { configSecret, keySecret, serviceAccount } = observed;
  const isNew = !configSecret && !keySecret && !serviceAccount;
  const read = async (at: Machines) => ofThisLife(await readMachine(at, name), configSecret);
  const near = ofThisLife(machine, configSecret);
  const { guest, ...found } = isNew
    ? near
    : await machineOf(machines, name, configSecret, near, read);
  return { ...observed, ...found, guestStatus: guest.status, pairing: guest.pairing };
}

async function readMachine(machines: Machines, name: AgentName): Promise<Machine> {
  const read = await settle({
    instance: machines.instance(name),
    dataDisk: machines.dataDisk(name),
    guest: machines.guest(name),
    operation: machines.lastOperation(name),
  });
  return { ...read, zone: machines.zone };
}

/**
 * The same and what drift shows in, of an agent that exists (or of which a VM is left): a second
 * wave, which a new one does not take.
 */
export async function observeFully(from: Observer, name: AgentName): Promise<Observed> {
  const observed = await observe(from, name);
  if (!observed.configSecret && !observed.instance) return observed;
  const [detail, later] = await Promise.all([
    detailOf(from, name, observed),
    laterSecrets(from, name),
  ]);
  return { ...observed, ...later, detail };
}

async function detailOf(from: Observer, name: AgentName, observed: Observed): Promise<Detail> {
  const { secrets, serviceAccounts } = from;
  const { config, instance, serviceAccount } = observed;
  const machines = from.machines.at(observed.zone ?? from.machines.zone);
  const readDisk = instance?.bootDisk !== instanceName(name);
  const { configVersions, keyVersions, ...rest } = await settle({
    configVersions: config ? Promise.resolve([]) : secrets.versions(configSecretId(name)),
    keyVersions: secrets.versions(keySecretId(name)),
    accountPolicy: serviceAccount
      ? serviceAccounts.policy(serviceAccount.email)
      : Promise.resolve(undefined),
    bootDisk: readDisk ? machines.bootDisk(name) : Promise.resolve(undefined),
  });
  const [newest] = configVersions;
  const last = configVersions.find(({ state }) => state === 'ENABLED');
  const lost = newest?.state === 'DESTROYED' && last;
  const lastConfig = lost ? await secrets.version(configSecretId(name), last.version) : undefined;
  return { ...rest, configVersions, keyVersion: keyVersions[0], lastConfig };
}

/** Those of the agent's secrets that most agents do not have. */
async function laterSecrets(from: Observer, name: AgentName): Promise<Observed> {
  const { secrets, webhooks } = from;
  const ids = await secrets.list(labelsOf(name));
  const [channels, backup] = [channelsSecretId(name), backupSecretId(name)];
  const number = numberSecretId(name);
  const read = async (id: string) =>
    ids.includes(id) ? settle({ secret: secrets.get(id), policy: secrets.policy(id) }) : undefined;
  const hasNumber = ids.includes(number);
  const found = await settle({
    channels: read(channels),
    backup: read(backup),
    number: read(number),
    numberVersions: hasNumber ? secrets.versions(number) : Promise.resolve(undefined),
    queue: hasNumber ? webhooks.look(name) : Promise.resolve(undefined),
  });
  return {
    channelsSecret: found.channels?.secret,
    channelsPolicy: found.channels?.policy,
    backupSecret: found.backup?.secret,
    backupPolicy: found.backup?.policy,
    numberSecret: found.number?.secret,
    numberPolicy: found.number?.policy,
    numberVersions: found.numberVersions,
    queue: found.queue,
  };
}

/** What is left in the secrets of an agent whose owner left. @throws PlaneError */
export async function takeCredentials(
  { secrets }: Pick<Observer, 'secrets'>,
  name: AgentName,
): Promise<NonNullable<Observed['credentials']>> {
  const reads = credentialsOf(name).map(async (secret) => {
    const versions = await secrets.versions(secret);
    const left = versions.filter(({ state }) => state !== 'DESTROYED');
    return { secret, versions: left.map(({ version }) => version) };
  });
  return Promise.all(reads);
}

/** What carries the agent's labels, whatever its name. @throws PlaneError */
export async function takeInventory(
  from: Observer & { readonly backups: Backups; readonly records: Records },
  name: AgentName,
): Promise<Inventory> {
  const labels = labelsOf(name);
  const { secrets, machines, objects, queues, numbers } = await settle({
    numbers: numbersOf(from, name),
    objects: from.backups.names(name),
    queues: from.webhooks.look(name),
    secrets: from.secrets.list(labels),
    machines: from.machines.labelled(labels),
  });
  const { instances, disks } = machines;
  return { secrets, objects, queues: queues.parts, numbers, instances, disks };
}

/** Waits for all of them, so that no read is left running when one fails. */
export async function settle<T extends Record<string, Promise<unknown>>>(
  reads: T,
): Promise<{ [K in keyof T]: Awaited<T[K]> }> {
  const keys = Object.keys(reads);
  const results = await Promise.allSettled(Object.values(reads));
  const entries = results.map((result, index) => {
    if (result.status === 'rejected') throw result.reason;
    return [keys[index], result.value];
  });
  return Object.fromEntries(entries);
}
