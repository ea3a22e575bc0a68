/** Makes the resource of a new instance out of a plan that was found good. */

import { fingerprint } from './fingerprint.ts';
import type { AttachedDisk, Instance, NetworkInterface } from './instance.ts';
import type { DiskPlan, InstanceBody, InstancePlan, NetworkPlan } from './instance-request.ts';
import { instancePath, linkOf, timestamp, zonePath } from './links.ts';

/** Settings that Google keeps as they are given. */
const KEPT = [
  ...['description', 'hostname', 'canIpForward', 'minCpuPlatform', 'keyRevocationActionType'],
  ...['confidentialInstanceConfig', 'displayDevice', 'reservationAffinity', 'resourcePolicies'],
  ...['advancedMachineFeatures', 'guestAccelerators'],
] as const;

const SCHEDULING = {
  onHostMaintenance: 'MIGRATE',
  automaticRestart: true,
  preemptible: false,
  provisioningModel: 'STANDARD',
};
const SHIELDED = { enableSecureBoot: false, enableVtpm: true, enableIntegrityMonitoring: true };

const attached = (disk: DiskPlan, index: number, sizeGb: string): AttachedDisk => ({
  kind: 'compute#attachedDisk',
  type: 'PERSISTENT',
  mode: disk.mode,
  source: linkOf(disk.path),
  deviceName: disk.deviceName,
  index,
  boot: disk.boot,
  autoDelete: disk.autoDelete,
  interface: disk.interface,
  diskSizeGb: sizeGb,
});

function networkInterface(plan: NetworkPlan, index: number, address: string): NetworkInterface {
  const core = {
    name: `nic${index}`,
    network: linkOf(plan.network),
    subnetwork: linkOf(plan.subnetwork),
    networkIP: plan.networkIP ?? address,
  };
  return {
    kind: 'compute#networkInterface',
    ...core,
    stackType: 'IPV4_ONLY',
    fingerprint: fingerprint(core),
    ...(plan.accessConfigs && { accessConfigs: plan.accessConfigs }),
  };
}

export interface BuildContext {
  readonly project: string;
  readonly zone: string;
  readonly id: string;
  /** Milliseconds since 1970. */
  readonly now: number;
  /** An address for an interface that asks for none. */
  readonly nextAddress: () => string;
  /** GB, of a disk by resource path. */
  readonly sizeOf: (disk: string) => string;
}

/** @returns the resource in state PROVISIONING */
export function buildInstance(
  body: InstanceBody,
  plan: InstancePlan,
  context: BuildContext,
): Instance {
  const { project, zone, id, now } = context;
  const kept = Object.fromEntries(
    KEPT.flatMap((key) => (body[key] === undefined ? [] : [[key, body[key]]])),
  );
  const tags = body.tags?.items ?? [];
  const labels = body.labels ?? {};
  return {
    canIpForward: false,
    startRestricted: false,
    ...kept,
    scheduling: { ...SCHEDULING, ...Object(body.scheduling) },
    shieldedInstanceConfig: { ...SHIELDED, ...Object(body.shieldedInstanceConfig) },
    shieldedInstanceIntegrityPolicy: { updateAutoLearnPolicy: true },
    kind: 'compute#instance',
    id,
    name: plan.name,
    zone: linkOf(zonePath(project, zone)),
    selfLink: linkOf(instancePath(project, zone, plan.name)),
    creationTimestamp: timestamp(now),
    cpuPlatform: 'Intel Broadwell',
    status: 'PROVISIONING',
    fingerprint: fingerprint([id, now]),
    machineType: linkOf(plan.machineType),
    disks: plan.disks.map((disk, index) => attached(disk, index, context.sizeOf(disk.path))),
    networkInterfaces: plan.networks.map((network, index) =>
      networkInterface(network, index, context.nextAddress()),
    ),
    metadata: plan.metadata,
    labels,
    labelFingerprint: fingerprint(labels),
    tags: { ...(tags.length > 0 && { items: tags }), fingerprint: fingerprint(tags) },
    serviceAccounts: (body.serviceAccounts ?? []).map(({ email = '', scopes = [] }) => ({
      email,
      scopes,
    })),
    deletionProtection: body.deletionProtection ?? false,
  };
}
