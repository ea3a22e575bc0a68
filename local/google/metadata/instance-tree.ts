/**
 * What an instance is told about itself.
 * https://cloud.google.com/compute/docs/metadata/predefined-metadata-keys
 */

import { createHash } from 'node:crypto';
import type { InstanceRecord } from '../compute/instance.ts';
import { nameOf } from '../compute/links.ts';
import { type IdentityDeps, serviceAccountsNode } from './identity.ts';
import { array, directory, lines, type Node, number, numbered, text, verbatim } from './tree.ts';

export interface ProjectFacts {
  readonly id: string;
  readonly number: string;
}

const SUBNET_MASK = '255.255.240.0';
const GATEWAY = '10.132.0.1';
const RESOLVER = '169.254.169.254';
const MTU = '1460';

/** Google derives the MAC from the address, too. */
const macOf = (address: string): string =>
  [
    '42',
    '01',
    ...address.split('.').map((part) => Number(part).toString(16).padStart(2, '0')),
  ].join(':');

function disksNode({ resource }: InstanceRecord): Node {
  return numbered(
    resource.disks.map((disk) =>
      directory({
        'device-name': text(disk.deviceName),
        index: number(String(disk.index)),
        interface: text(disk.interface),
        mode: text(disk.mode),
        type: text(disk.type),
      }),
    ),
  );
}

function networksNode({ resource }: InstanceRecord, project: ProjectFacts): Node {
  return numbered(
    resource.networkInterfaces.map((one) =>
      directory({
        'access-configs': numbered([]),
        'dns-servers': lines([RESOLVER]),
        'forwarded-ips': numbered([]),
        gateway: text(GATEWAY),
        ip: text(one.networkIP),
        'ip-aliases': numbered([]),
        mac: text(macOf(one.networkIP)),
        mtu: number(MTU),
        network: text(`projects/${project.number}/networks/${nameOf(one.network)}`),
        subnetmask: text(SUBNET_MASK),
        'target-instance-ips': numbered([]),
      }),
    ),
  );
}

function accountsNode(record: InstanceRecord, project: ProjectFacts, deps: IdentityDeps): Node {
  const { resource } = record;
  const [account] = resource.serviceAccounts;
  if (!account) return serviceAccountsNode(deps, undefined);
  const instance = {
    project_id: project.id,
    project_number: Number(project.number),
    zone: record.zone,
    instance_id: resource.id,
    instance_name: resource.name,
    instance_creation_timestamp: Math.floor(Date.parse(resource.creationTimestamp) / 1000),
  };
  return serviceAccountsNode(deps, { ...account, instance });
}

export const guestAttributesEnabled = ({ resource }: InstanceRecord): boolean =>
  resource.metadata.items.some(
    ({ key, value }) => key === 'enable-guest-attributes' && /^true$/i.test(value),
  );

function guestNode(record: InstanceRecord): Node {
  const byNamespace = Map.groupBy(record.guest.list(), (one) => one.namespace);
  const spaces = [...byNamespace].map(([namespace, all]) => {
    const values = all.map(({ key, value }) => [key, text(value)] as const);
    return [namespace, verbatim(Object.fromEntries(values))] as const;
  });
  return verbatim(Object.fromEntries(spaces));
}

/** The number that identifies the boot disk's image licence; stable, and of no further meaning here. */
const licenceOf = (name: string): string =>
  BigInt(`0x${createHash('sha256').update(name).digest('hex').slice(0, 15)}`).toString();

function instanceNode(record: InstanceRecord, project: ProjectFacts, deps: IdentityDeps): Node {
  const { resource, zone } = record;
  const attributes = resource.metadata.items.map(({ key, value }) => [key, text(value)] as const);
  const { automaticRestart, onHostMaintenance, preemptible } = Object(resource.scheduling);
  const flag = (value: unknown): Node => text(value === true ? 'TRUE' : 'FALSE');
  return directory({
    attributes: verbatim(Object.fromEntries(attributes)),
    'cpu-platform': text(resource.cpuPlatform),
    description: text(resource.description ?? ''),
    disks: disksNode(record),
    ...(guestAttributesEnabled(record) && { 'guest-attributes': guestNode(record) }),
    hostname: text(resource.hostname ?? `${resource.name}.${zone}.c.${project.id}.internal`),
    id: number(resource.id),
    image: text(''),
    licenses: numbered([directory({ id: text(licenceOf('debian-12')) })]),
    'machine-type': text(`projects/${project.number}/machineTypes/${nameOf(resource.machineType)}`),
    'maintenance-event': text('NONE'),
    name: text(resource.name),
    'network-interfaces': networksNode(record, project),
    preempted: text('FALSE'),
    'remaining-cpu-time': number('-1'),
    scheduling: directory({
      'automatic-restart': flag(automaticRestart),
      'on-host-maintenance': text(String(onHostMaintenance)),
      preemptible: flag(preemptible),
    }),
    'service-accounts': accountsNode(record, project, deps),
    tags: array(resource.tags.items ?? []),
    'virtual-clock': directory({ 'drift-token': text('0') }),
    zone: text(`projects/${project.number}/zones/${zone}`),
  });
}

/** `project/`, the same for every caller. */
export const projectNode = (project: ProjectFacts): Node =>
  directory({
    attributes: verbatim({}),
    'numeric-project-id': number(project.number),
    'project-id': text(project.id),
  });

export const universeNode = (): Node => directory({ 'universe-domain': text('googleapis.com') });

/** Everything below `computeMetadata/v1/`, as it is now. */
export const instanceTree = (
  record: InstanceRecord,
  project: ProjectFacts,
  deps: IdentityDeps,
): Node =>
  directory({
    instance: instanceNode(record, project, deps),
    oslogin: directory({ authenticate: directory({ sessions: directory({}) }) }),
    project: projectNode(project),
    universe: universeNode(),
  });
