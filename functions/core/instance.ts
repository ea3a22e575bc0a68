/**
 * The body of instances.insert for an agent's VM.
 * https://cloud.google.com/compute/docs/reference/rest/v1/instances/insert
 */

import {
  type Endpoints,
  FIXED_METADATA,
  METADATA_KEYS,
} from '../../contracts/instance-metadata.ts';
import {
  type AgentName,
  dataDiskName,
  instanceName,
  labelsOf,
  serviceAccountEmail,
} from '../../contracts/names.ts';

export interface InstanceSettings {
  readonly project: string;
  readonly zone: string;
  readonly image: string;
  readonly machineType: string;
  readonly subnetwork: string;
  readonly bundle: string;
  readonly bundleSha256: string;
  readonly vmUrl: string;
  readonly vmEndpoints: Endpoints;
  /** Contents of templates/plane/startup-script.sh. */
  readonly startupScript: string;
}

/** Debian, Node and OpenClaw with WhatsApp take 2.2 GB; the rest is room for the agent's work. */
const BOOT_DISK_GB = 20;
const DATA_DISK_GB = 10;
export const DATA_DEVICE = 'agents-plane-data';

/** Ids of the restart and the rebuild that the VM is the outcome of; empty: of none. */
export interface Marks {
  readonly boot: string;
  readonly machine: string;
  /** Version of a business number's credentials. */
  readonly number?: string | undefined;
}
const NO_MARKS: Marks = { boot: '', machine: '' };

/** Metadata of the VM, by key. */
export function metadataOf(
  settings: InstanceSettings,
  name: AgentName,
  configVersion: string,
  { boot, machine, number }: Marks = NO_MARKS,
): Record<string, string> {
  const endpoints = JSON.stringify(settings.vmEndpoints);
  return {
    ...FIXED_METADATA,
    [METADATA_KEYS.startupScript]: settings.startupScript,
    [METADATA_KEYS.agent]: name,
    [METADATA_KEYS.bundle]: settings.bundle,
    [METADATA_KEYS.bundleSha256]: settings.bundleSha256,
    [METADATA_KEYS.planeUrl]: settings.vmUrl,
    [METADATA_KEYS.configVersion]: configVersion,
    ...(endpoints === '{}' ? {} : { [METADATA_KEYS.endpoints]: endpoints }),
    ...(boot && { [METADATA_KEYS.boot]: boot }),
    ...(machine && { [METADATA_KEYS.machine]: machine }),
    ...(number && { [METADATA_KEYS.whatsapp]: number }),
  };
}

/** Metadata as Compute Engine lists it. */
const metadataItems = (metadata: Readonly<Record<string, string>>) =>
  Object.entries(metadata).map(([key, value]) => ({ key, value }));

/**
 * @param dataDiskExists an earlier VM's data disk is attached again instead of made anew
 * @returns no external address, Shielded VM, the agent's own service account, and disks of
 *   which only the boot disk goes away with the VM
 */
export function renderInstance(
  settings: InstanceSettings,
  name: AgentName,
  configVersion: string,
  dataDiskExists: boolean,
  marks: Marks = NO_MARKS,
) {
  const { project, zone } = settings;
  const labels = labelsOf(name);
  return {
    name: instanceName(name),
    description: `Agent ${name} of Agents Plane`,
    machineType: `zones/${zone}/machineTypes/${settings.machineType}`,
    labels,
    disks: [bootDisk(settings, labels), dataDisk(settings, name, dataDiskExists)],
    networkInterfaces: [{ subnetwork: settings.subnetwork }],
    serviceAccounts: [
      {
        email: serviceAccountEmail(name, project),
        scopes: ['https://www.googleapis.com/auth/cloud-platform'],
      },
    ],
    shieldedInstanceConfig: {
      enableSecureBoot: true,
      enableVtpm: true,
      enableIntegrityMonitoring: true,
    },
    metadata: { items: metadataItems(metadataOf(settings, name, configVersion, marks)) },
    scheduling: { automaticRestart: true, onHostMaintenance: 'MIGRATE' },
    deletionProtection: false,
  };
}
export type InstanceBody = ReturnType<typeof renderInstance>;

function bootDisk({ image, zone }: InstanceSettings, labels: Record<string, string>) {
  return {
    boot: true,
    autoDelete: true,
    initializeParams: {
      sourceImage: image,
      diskSizeGb: String(BOOT_DISK_GB),
      diskType: `zones/${zone}/diskTypes/pd-balanced`,
      labels,
    },
  };
}

function dataDisk({ project, zone }: InstanceSettings, name: AgentName, exists: boolean) {
  const common = { boot: false, autoDelete: false, deviceName: DATA_DEVICE };
  if (exists) {
    return { ...common, source: `projects/${project}/zones/${zone}/disks/${dataDiskName(name)}` };
  }
  return {
    ...common,
    initializeParams: {
      diskName: dataDiskName(name),
      diskSizeGb: String(DATA_DISK_GB),
      diskType: `zones/${zone}/diskTypes/pd-balanced`,
      labels: labelsOf(name),
    },
  };
}
