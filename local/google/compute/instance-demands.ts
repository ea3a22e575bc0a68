/**
 * What creating an instance takes, part by part.
 * https://cloud.google.com/compute/docs/reference/rest/v1/instances/insert (IAM permissions)
 */

import type { Demand } from '../service.ts';
import type { InstanceBody } from './instance-request.ts';
import { absolutePath, diskPath, instancePath, nameOf, regionOf } from './links.ts';

const has = (value: object | undefined): boolean =>
  value !== undefined && Object.keys(value).length > 0;

export const accountPath = (project: string, email: string): string =>
  `projects/${project}/serviceAccounts/${email}`;

/** A disk that is made with labels takes the right to set them, too: by itself or with a VM. */
export function createDemands(
  project: string,
  zone: string,
  name: string,
  labels: object | undefined,
): Demand[] {
  const resource = diskPath(project, zone, name);
  const verbs = ['create', ...(has(labels) ? ['setLabels'] : [])];
  return verbs.map((verb) => ({ permission: `compute.disks.${verb}`, resource }));
}

function diskDemands(project: string, zone: string, body: InstanceBody): Demand[] {
  return (body.disks ?? []).flatMap((disk): Demand[] => {
    if (disk.source !== undefined) {
      const verb = disk.mode === 'READ_ONLY' ? 'useReadOnly' : 'use';
      return [
        { permission: `compute.disks.${verb}`, resource: absolutePath(project, disk.source) },
      ];
    }
    const name = disk.initializeParams?.diskName ?? body.name ?? '';
    const own = createDemands(project, zone, name, disk.initializeParams?.labels);
    const image = disk.initializeParams?.sourceImage;
    const path = image === undefined ? '' : absolutePath(project, image);
    // Images of other projects are public.
    if (!path.startsWith(`projects/${project}/`)) return own;
    const resource = `projects/${project}/global/images/${nameOf(path)}`;
    return [...own, { permission: 'compute.images.useReadOnly', resource }];
  });
}

function networkDemands(project: string, zone: string, body: InstanceBody): Demand[] {
  return (body.networkInterfaces ?? []).flatMap((one) => {
    const home = `projects/${project}/regions/${regionOf(zone)}/subnetworks/default`;
    const resource = absolutePath(project, one.subnetwork ?? home);
    const outside = has(one.accessConfigs) ? ['compute.subnetworks.useExternalIp'] : [];
    return ['compute.subnetworks.use', ...outside].map((permission) => ({ permission, resource }));
  });
}

/** @param body as the schema left it */
export function insertDemands(project: string, zone: string, body: InstanceBody): Demand[] {
  const resource = instancePath(project, zone, body.name ?? '');
  const own = [
    'create',
    ...(has(body.metadata?.items) ? ['setMetadata'] : []),
    ...(has(body.labels) ? ['setLabels'] : []),
    ...(has(body.tags?.items) ? ['setTags'] : []),
    ...(has(body.serviceAccounts) ? ['setServiceAccount'] : []),
  ].map((verb) => ({ permission: `compute.instances.${verb}`, resource }));
  const accounts = (body.serviceAccounts ?? []).map(({ email = '' }) => ({
    permission: 'iam.serviceAccounts.actAs',
    resource: accountPath(project, email),
  }));
  return [
    ...own,
    ...diskDemands(project, zone, body),
    ...networkDemands(project, zone, body),
    ...accounts,
  ];
}
