/**
 * What Google offers before anything is created: zones, machine types, disk types,
 * images, the default network. Figures from
 * https://cloud.google.com/compute/docs/general-purpose-machines
 */

import { invalidField, notFound } from './errors.ts';
import { linkOf, regionOf, timestamp, zonePath } from './links.ts';

export interface ImageSpec {
  readonly project: string;
  readonly name: string;
  readonly family: string;
  readonly diskSizeGb: number;
  /** Higher is newer; the newest of a family is what `family/x` means. */
  readonly createdAt: number;
}

export interface CatalogOptions {
  readonly project: { readonly id: string; readonly number: string };
  /** More projects with the same zones and subnetworks. */
  readonly others?: readonly { readonly id: string; readonly number: string }[] | undefined;
  readonly zones: readonly string[];
  /** The project's own images, and what others share with everybody. */
  readonly images: readonly ImageSpec[];
  /** Names of subnetworks of network `default`, in every region. */
  readonly subnetworks: readonly string[];
}

/** name -> [vCPUs, memory in MiB] */
const MACHINE_TYPES: Readonly<Record<string, readonly [number, number]>> = {
  'e2-micro': [2, 1024],
  'e2-small': [2, 2048],
  'e2-medium': [2, 4096],
  'e2-standard-2': [2, 8192],
  'e2-standard-4': [4, 16384],
  'e2-standard-8': [8, 32768],
  'e2-highmem-2': [2, 16384],
  'n2-standard-2': [2, 8192],
  'n2-standard-4': [4, 16384],
  't2d-standard-1': [1, 4096],
};
const DISK_TYPES = ['pd-standard', 'pd-balanced', 'pd-ssd'];

const CREATED = timestamp(Date.UTC(2026, 0, 1));

/** A stable decimal id for things that were always there. */
const idOf = (path: string): string =>
  String([...path].reduce((sum, char) => (sum * 31 + char.charCodeAt(0)) % 9_000_000_007, 7));

const base = (kind: string, path: string) => ({
  kind: `compute#${kind}`,
  id: idOf(path),
  creationTimestamp: CREATED,
  name: path.slice(path.lastIndexOf('/') + 1),
  selfLink: linkOf(path),
});
export type CatalogEntry = ReturnType<typeof base> & Readonly<Record<string, unknown>>;

const machineTypeOf = (project: string, zone: string, name: string): CatalogEntry | undefined => {
  const figures = MACHINE_TYPES[name];
  if (!figures) return undefined;
  return {
    ...base('machineType', `${zonePath(project, zone)}/machineTypes/${name}`),
    zone,
    guestCpus: figures[0],
    memoryMb: figures[1],
    isSharedCpu: /^e2-(micro|small|medium)$/.test(name),
    maximumPersistentDisks: 128,
    maximumPersistentDisksSizeGb: '263168',
    architecture: 'X86_64',
  };
};

const imageOf = (spec: ImageSpec): CatalogEntry => ({
  ...base('image', `projects/${spec.project}/global/images/${spec.name}`),
  creationTimestamp: timestamp(spec.createdAt),
  family: spec.family,
  diskSizeGb: String(spec.diskSizeGb),
  status: 'READY',
  sourceType: 'RAW',
  architecture: 'X86_64',
});

export interface Catalog {
  readonly zones: readonly string[];
  readonly projectId: string;
  /** @throws GoogleError NOT_FOUND, INVALID_ARGUMENT: every call under a zone starts here. */
  zone(project: string, zone: string): CatalogEntry;
  project(project: string): CatalogEntry;
  machineTypes(project: string, zone: string): readonly CatalogEntry[];
  machineType(project: string, zone: string, name: string): CatalogEntry | undefined;
  diskTypes(project: string, zone: string): readonly CatalogEntry[];
  images(project: string): readonly CatalogEntry[];
  /** By path: `projects/p/global/images/x`; the newest of `…/images/family/x` (gcloud: `zones/-/imageFamilyViews/x`). */
  image(path: string): CatalogEntry | undefined;
  networks(project: string): readonly CatalogEntry[];
  subnetworks(project: string, region: string): readonly CatalogEntry[];
}

const subnetworkOf = (project: string, region: string, name: string): CatalogEntry => ({
  ...base('subnetwork', `projects/${project}/regions/${region}/subnetworks/${name}`),
  network: linkOf(`projects/${project}/global/networks/default`),
  region: linkOf(`projects/${project}/regions/${region}`),
  ipCidrRange: '10.132.0.0/20',
  gatewayAddress: '10.132.0.1',
  privateIpGoogleAccess: true,
});

const projectOf = (project: { id: string; number: string }): CatalogEntry => ({
  ...base('project', `projects/${project.id}`),
  id: project.number,
  commonInstanceMetadata: { kind: 'compute#metadata', fingerprint: 'AAAAAAAAAAA=' },
  defaultServiceAccount: `${project.number}-compute@developer.gserviceaccount.com`,
  defaultNetworkTier: 'PREMIUM',
});

export function createCatalog(options: CatalogOptions): Catalog {
  const projects = [options.project, ...(options.others ?? [])];
  const known = (id: string) => {
    const project = projects.find((each) => id === each.id || id === each.number);
    if (!project) throw notFound(`projects/${id}`);
    return project;
  };
  const newestFirst = [...options.images].sort((a, b) => b.createdAt - a.createdAt);
  return {
    zones: options.zones,
    projectId: options.project.id,
    zone(project, zone) {
      known(project);
      if (!options.zones.includes(zone)) throw invalidField('zone', zone, 'Unknown zone.');
      const region = linkOf(`projects/${project}/regions/${regionOf(zone)}`);
      return { ...base('zone', zonePath(project, zone)), status: 'UP', region };
    },
    project(project) {
      return projectOf(known(project));
    },
    machineTypes: (project, zone) =>
      Object.keys(MACHINE_TYPES).flatMap((name) => machineTypeOf(project, zone, name) ?? []),
    machineType: machineTypeOf,
    diskTypes: (project, zone) =>
      DISK_TYPES.map((name) => ({
        ...base('diskType', `${zonePath(project, zone)}/diskTypes/${name}`),
        zone: linkOf(zonePath(project, zone)),
      })),
    images: (project) => options.images.filter((spec) => spec.project === project).map(imageOf),
    image(path) {
      const [, project, , , kind = '', family] = path.split('/');
      const byFamily = kind === 'family' || kind === 'imageFamilyViews';
      const spec = newestFirst.find(
        (one) => one.project === project && (byFamily ? one.family === family : one.name === kind),
      );
      return spec && imageOf(spec);
    },
    networks: (project) => [
      {
        ...base('network', `projects/${project}/global/networks/default`),
        autoCreateSubnetworks: true,
      },
    ],
    subnetworks: (project, region) =>
      options.subnetworks.map((name) => subnetworkOf(project, region, name)),
  };
}
