/** Reads the body of instances.insert: what is asked for, complete and known to exist. */

import type { Catalog } from './catalog.ts';
import type { Disks } from './disk.ts';
import { alreadyExists, checkLabels, checkName, invalidField, notFound } from './errors.ts';
import { absolutePath, diskPath, nameOf, regionOf, zonePath } from './links.ts';
import { type Metadata, type MetadataItem, toMetadata } from './metadata-items.ts';

/** The body, after the schema has checked types and names of its fields. */
export interface InstanceBody {
  readonly name?: string;
  readonly machineType?: string;
  readonly disks?: readonly DiskBody[];
  readonly networkInterfaces?: readonly NetworkBody[];
  readonly metadata?: { readonly items?: readonly Partial<MetadataItem>[] };
  readonly labels?: Readonly<Record<string, string>>;
  readonly tags?: { readonly items?: readonly string[] };
  readonly serviceAccounts?: readonly { readonly email?: string; readonly scopes?: string[] }[];
  readonly deletionProtection?: boolean;
  readonly [setting: string]: unknown;
}

interface DiskBody {
  readonly source?: string;
  readonly boot?: boolean;
  readonly autoDelete?: boolean;
  readonly deviceName?: string;
  readonly mode?: string;
  readonly interface?: string;
  readonly initializeParams?: {
    readonly diskName?: string;
    readonly sourceImage?: string;
    readonly diskSizeGb?: string;
    readonly diskType?: string;
    readonly labels?: Readonly<Record<string, string>>;
    readonly description?: string;
  };
}

interface NetworkBody {
  readonly network?: string;
  readonly subnetwork?: string;
  readonly networkIP?: string;
  readonly accessConfigs?: readonly object[];
}

/** A disk to attach; `create` says that it has to be made first. */
export interface DiskPlan {
  readonly path: string;
  readonly boot: boolean;
  readonly autoDelete: boolean;
  readonly deviceName: string;
  readonly mode: 'READ_WRITE' | 'READ_ONLY';
  readonly interface: string;
  readonly create?: {
    readonly name: string;
    readonly sizeGb: number;
    readonly type: string;
    readonly labels: Readonly<Record<string, string>>;
    readonly sourceImage?: string | undefined;
    readonly description?: string | undefined;
  };
}

export interface NetworkPlan {
  readonly network: string;
  readonly subnetwork: string;
  readonly networkIP: string | undefined;
  readonly accessConfigs: readonly object[] | undefined;
}

export interface InstancePlan {
  readonly name: string;
  readonly machineType: string;
  readonly disks: readonly DiskPlan[];
  readonly networks: readonly NetworkPlan[];
  readonly metadata: Metadata;
}

export interface PlanContext {
  readonly project: string;
  readonly zone: string;
  readonly catalog: Catalog;
  readonly disks: Disks;
}

function machineTypeOf(link: string | undefined, { project, zone, catalog }: PlanContext): string {
  const field = 'resource.machineType';
  const path = absolutePath(project, link ?? '');
  const [, type] = /^projects\/[^/]+\/zones\/[^/]+\/machineTypes\/([^/]+)$/.exec(path) ?? [];
  if (type === undefined) {
    throw invalidField(field, link, 'The URL is malformed. Must be a valid machine type URL.');
  }
  if (!path.startsWith(`${zonePath(project, zone)}/`)) {
    throw invalidField(field, link, `The machine type must be in zone '${zone}'.`);
  }
  if (catalog.machineType(project, zone, type)) return path;
  const why = `Machine type with name '${type}' does not exist in zone '${zone}'.`;
  throw invalidField(field, link, why);
}

function newDisk(
  disk: DiskBody,
  index: number,
  instance: string,
  context: PlanContext,
): Pick<DiskPlan, 'path' | 'create'> {
  const { project, zone, catalog, disks } = context;
  const field = `resource.disks[${index}].initializeParams`;
  const params = disk.initializeParams ?? {};
  const fallback = disk.boot ? instance : `${instance}-${index}`;
  const name = checkName(`${field}.diskName`, params.diskName ?? fallback);
  const path = diskPath(project, zone, name);
  if (disks.has(path)) throw alreadyExists(path);
  checkLabels(`${field}.labels`, params.labels ?? {});

  const imagePath =
    params.sourceImage === undefined ? undefined : absolutePath(project, params.sourceImage);
  const image = imagePath === undefined ? undefined : catalog.image(imagePath);
  if (imagePath !== undefined && !image) throw notFound(imagePath);
  if (disk.boot && !image) {
    throw invalidField(`${field}.sourceImage`, '', 'A boot disk must have a source image.');
  }
  const type = nameOf(params.diskType ?? 'pd-standard');
  if (!catalog.diskTypes(project, zone).some((known) => known.name === type)) {
    throw notFound(`${zonePath(project, zone)}/diskTypes/${type}`);
  }
  const least = Number(image?.diskSizeGb ?? 1);
  const sizeGb = Number(params.diskSizeGb ?? image?.diskSizeGb ?? 500);
  if (sizeGb < least) {
    const why = `Requested disk size cannot be smaller than the image size (${least} GB)`;
    throw invalidField(`${field}.diskSizeGb`, sizeGb, why);
  }
  const { labels = {}, description } = params;
  return {
    path,
    create: { name, sizeGb, type, labels, description, sourceImage: image?.selfLink },
  };
}

function existingDisk(source: string, context: PlanContext): Pick<DiskPlan, 'path'> {
  const path = absolutePath(context.project, source);
  context.disks.get(path);
  return { path };
}

function disksOf(body: InstanceBody, name: string, context: PlanContext): DiskPlan[] {
  const disks = body.disks ?? [];
  if (disks.length === 0) throw invalidField('resource.disks', '', 'No disks are specified.');
  if (disks[0]?.boot !== true) {
    throw invalidField('resource.disks[0].boot', false, 'Boot disk must be the first disk.');
  }
  const plans = disks.map((disk, index): DiskPlan => {
    const field = `resource.disks[${index}]`;
    if (disk.boot && index > 0) {
      throw invalidField(`${field}.boot`, true, 'Only one disk can be bootable.');
    }
    if ((disk.source === undefined) === (disk.initializeParams === undefined)) {
      throw invalidField(field, '', 'Exactly one of source and initializeParams must be given.');
    }
    const which =
      disk.source === undefined
        ? newDisk(disk, index, name, context)
        : existingDisk(disk.source, context);
    return {
      ...which,
      boot: disk.boot ?? false,
      autoDelete: disk.autoDelete ?? false,
      deviceName: disk.deviceName ?? `persistent-disk-${index}`,
      mode: disk.mode === 'READ_ONLY' ? 'READ_ONLY' : 'READ_WRITE',
      interface: disk.interface ?? 'SCSI',
    };
  });
  const double = plans.find((a, i) =>
    plans.some((b, j) => j < i && (a.path === b.path || a.deviceName === b.deviceName)),
  );
  if (double) throw invalidField('resource.disks', double.deviceName, 'It is given twice.');
  return plans;
}

function networksOf(body: InstanceBody, { project, zone, catalog }: PlanContext): NetworkPlan[] {
  const networks = body.networkInterfaces ?? [];
  if (networks.length === 0) {
    const why = 'At least one network interface is required.';
    throw invalidField('resource.networkInterfaces', '', why);
  }
  const region = regionOf(zone);
  return networks.map((one) => {
    const home = `projects/${project}/regions/${region}/subnetworks`;
    const subnetwork = absolutePath(project, one.subnetwork ?? `${home}/default`);
    const network = absolutePath(
      project,
      one.network ?? `projects/${project}/global/networks/default`,
    );
    const exists = (known: { name: string }[] | readonly { name: string }[], path: string) =>
      known.some((entry) => entry.name === nameOf(path));
    if (!exists(catalog.subnetworks(project, region), subnetwork)) throw notFound(subnetwork);
    if (!exists(catalog.networks(project), network)) throw notFound(network);
    return { network, subnetwork, networkIP: one.networkIP, accessConfigs: one.accessConfigs };
  });
}

/** @throws GoogleError INVALID_ARGUMENT, NOT_FOUND, ALREADY_EXISTS (a disk); changes nothing */
export function planInstance(body: InstanceBody, context: PlanContext): InstancePlan {
  const name = checkName('resource.name', body.name);
  checkLabels('resource.labels', body.labels ?? {});
  return {
    name,
    machineType: machineTypeOf(body.machineType, context),
    disks: disksOf(body, name, context),
    networks: networksOf(body, context),
    metadata: toMetadata(body.metadata, 'resource.metadata'),
  };
}
