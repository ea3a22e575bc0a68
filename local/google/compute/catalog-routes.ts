/** Read-only methods on what is always there. */

import type { Call, Demand, Route } from '../service.ts';
import type { Catalog, CatalogEntry } from './catalog.ts';
import { notFound } from './errors.ts';
import { linkOf } from './links.ts';
import { listAnswer, pageOf } from './page.ts';

const PROJECT = '/compute/v1/projects/:project';
const SERVICE = 'google.cloud.compute.v1';

const needs =
  (permission: string) =>
  (call: Call): readonly Demand[] => [{ permission, resource: `projects/${call.params.project}` }];

/** Images of other projects (debian-cloud) are public; the project's own are not. */
const imageDemand = (catalog: Catalog, permission: string) => (call: Call) =>
  call.params.project === catalog.projectId ? needs(permission)(call) : [];

interface Collection {
  /** `Zones`, and its JSON kind `zone`. */
  readonly service: string;
  readonly kind: string;
  /** Path under the project, and the noun of its permissions. */
  readonly path: string;
  readonly noun: string;
  readonly all: (params: Readonly<Record<string, string>>) => readonly CatalogEntry[];
}

function collectionRoutes(collection: Collection): readonly Route[] {
  const { service, kind, path, noun, all } = collection;
  return [
    {
      verb: 'GET',
      path: `${PROJECT}/${path}/:name`,
      method: `${SERVICE}.${service}.Get`,
      demands: needs(`compute.${noun}.get`),
      handle: ({ params }) => {
        const found = all(params).find((entry) => entry.name === params.name);
        if (found) return found;
        const filled = path.replace(/:(\w+)/g, (_, key: string) => params[key] ?? '');
        throw notFound(`projects/${params.project}/${filled}/${params.name}`);
      },
    },
    {
      verb: 'GET',
      path: `${PROJECT}/${path}`,
      method: `${SERVICE}.${service}.List`,
      demands: needs(`compute.${noun}.list`),
      handle: (call) =>
        listAnswer(`compute#${kind}List`, linkOf(path), pageOf(call, all(call.params))),
    },
  ];
}

function imageRoutes(catalog: Catalog): readonly Route[] {
  const find = (call: Call, tail: string): object => {
    const path = `projects/${call.params.project}/global/images/${tail}`;
    const image = catalog.image(path);
    if (!image) throw notFound(path);
    return image;
  };
  return [
    {
      verb: 'GET',
      path: `${PROJECT}/global/images/:image`,
      method: `${SERVICE}.Images.Get`,
      demands: imageDemand(catalog, 'compute.images.get'),
      handle: (call) => find(call, call.params.image ?? ''),
    },
    {
      verb: 'GET',
      path: `${PROJECT}/global/images/family/:family`,
      method: `${SERVICE}.Images.GetFromFamily`,
      demands: imageDemand(catalog, 'compute.images.getFromFamily'),
      handle: (call) => find(call, `family/${call.params.family}`),
    },
    {
      verb: 'GET',
      path: `${PROJECT}/global/images`,
      method: `${SERVICE}.Images.List`,
      demands: imageDemand(catalog, 'compute.images.list'),
      handle: (call) =>
        listAnswer(
          'compute#imageList',
          linkOf('images'),
          pageOf(call, catalog.images(call.params.project ?? '')),
        ),
    },
  ];
}

export function catalogRoutes(catalog: Catalog): readonly Route[] {
  /** The parts of the path, once project and zone are known to exist. */
  const inZone = (params: Readonly<Record<string, string>>): [string, string] => {
    const { project = '', zone = '' } = params;
    catalog.zone(project, zone);
    return [project, zone];
  };
  const collections: readonly Collection[] = [
    {
      service: 'Zones',
      kind: 'zone',
      path: 'zones',
      noun: 'zones',
      all: ({ project = '' }) => catalog.zones.map((zone) => catalog.zone(project, zone)),
    },
    {
      service: 'MachineTypes',
      kind: 'machineType',
      path: 'zones/:zone/machineTypes',
      noun: 'machineTypes',
      all: (params) => catalog.machineTypes(...inZone(params)),
    },
    {
      service: 'DiskTypes',
      kind: 'diskType',
      path: 'zones/:zone/diskTypes',
      noun: 'diskTypes',
      all: (params) => catalog.diskTypes(...inZone(params)),
    },
    {
      service: 'Networks',
      kind: 'network',
      path: 'global/networks',
      noun: 'networks',
      all: ({ project = '' }) => catalog.networks(project),
    },
    {
      service: 'Subnetworks',
      kind: 'subnetwork',
      path: 'regions/:region/subnetworks',
      noun: 'subnetworks',
      all: ({ project = '', region = '' }) => catalog.subnetworks(project, region),
    },
  ];
  return [
    {
      verb: 'GET',
      path: PROJECT,
      method: `${SERVICE}.Projects.Get`,
      demands: needs('compute.projects.get'),
      handle: (call) => catalog.project(call.params.project ?? ''),
    },
    ...collections.flatMap(collectionRoutes),
    ...imageRoutes(catalog),
  ];
}
