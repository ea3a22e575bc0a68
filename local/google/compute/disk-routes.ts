/** disks.get, list, aggregatedList, insert, delete, setLabels. */

import type { Call, Demand, Route } from '../service.ts';
import { GoogleError } from '../service.ts';
import type { Disk } from './disk.ts';
import { checkLabels, checkName, invalidField, notFound, staleFingerprint } from './errors.ts';
import { createDemands } from './instance-demands.ts';
import { absolutePath, diskPath, linkOf, nameOf, zonePath } from './links.ts';
import type { Operation } from './operation.ts';
import { listAnswer, pageOf } from './page.ts';
import type { Compute } from './state.ts';

const PROJECT = '/compute/v1/projects/:project';
const PATH = `${PROJECT}/zones/:zone/disks`;
const METHOD = 'google.cloud.compute.v1.Disks';

const pathFor = ({ params }: Call): string =>
  diskPath(params.project ?? '', params.zone ?? '', params.disk ?? '');

const on =
  (verb: string) =>
  (call: Call): readonly Demand[] => [
    { permission: `compute.disks.${verb}`, resource: pathFor(call) },
  ];
const onProject =
  (verb: string) =>
  (call: Call): readonly Demand[] => [
    { permission: `compute.disks.${verb}`, resource: `projects/${call.params.project}` },
  ];

interface DiskBody {
  readonly name?: string;
  readonly sizeGb?: string;
  readonly type?: string;
  readonly sourceImage?: string;
  readonly description?: string;
  readonly labels?: Record<string, string>;
}

function insert(compute: Compute, call: Call): Operation {
  const { catalog, disks, operations } = compute;
  const { project = '', zone = '' } = call.params;
  catalog.zone(project, zone);
  const body = compute.body(call, 'Disk') as DiskBody;
  const name = checkName('resource.name', body.name);
  checkLabels('resource.labels', body.labels ?? {});
  const type = nameOf(body.type ?? 'pd-standard');
  if (!catalog.diskTypes(project, zone).some((known) => known.name === type)) {
    throw notFound(`${zonePath(project, zone)}/diskTypes/${type}`);
  }
  const imagePath = body.sourceImage && absolutePath(project, body.sourceImage);
  const image = imagePath ? catalog.image(imagePath) : undefined;
  if (imagePath && !image) throw notFound(imagePath);
  const sizeGb = Number(body.sizeGb ?? image?.diskSizeGb ?? 500);
  if (sizeGb < Number(image?.diskSizeGb ?? 1)) {
    throw invalidField('resource.sizeGb', body.sizeGb, 'Too small.');
  }
  const { labels = {}, description } = body;
  const sourceImage = image?.selfLink;
  const disk = disks.create({
    project,
    zone,
    name,
    sizeGb,
    type,
    labels,
    description,
    sourceImage,
  });
  const target = { project, zone, path: diskPath(project, zone, name), id: disk.id };
  return operations.start(call, 'insert', target, () => undefined);
}

/** Checks once more when it happens: the disk may have been attached meanwhile. */
function remove(compute: Compute, call: Call): Operation {
  const { project = '', zone = '' } = call.params;
  const path = pathFor(call);
  compute.catalog.zone(project, zone);
  const disk = compute.disks.get(path);
  if (disk.users?.[0] !== undefined) {
    throw new GoogleError(
      'INVALID_ARGUMENT',
      `The disk resource '${path}' is already being used by '${absolutePath(project, disk.users[0])}'`,
      'resourceInUseByAnotherResource',
    );
  }
  return compute.operations.start(
    call,
    'delete',
    { project, zone, path, id: disk.id },
    async () => {
      compute.disks.remove(path);
      await compute.deps.hypervisor?.deleteDataDisk(disk.name);
    },
  );
}

function setLabels(compute: Compute, call: Call): Operation {
  const { project = '', zone = '' } = call.params;
  const path = pathFor(call);
  const disk = compute.disks.get(path);
  const body = compute.body(call, 'ZoneSetLabelsRequest');
  const labels = (body.labels ?? {}) as Record<string, string>;
  checkLabels('labels', labels);
  if (body.labelFingerprint !== disk.labelFingerprint) throw staleFingerprint('labels');
  return compute.operations.start(call, 'setLabels', { project, zone, path, id: disk.id }, () =>
    compute.disks.setLabels(path, labels),
  );
}

function aggregated(compute: Compute, call: Call): object {
  const project = call.params.project ?? '';
  const all = compute.catalog.zones.flatMap((zone) => compute.disks.list(zone));
  const { items, nextPageToken } = pageOf(call, all);
  const scopes = compute.catalog.zones.map((zone) => {
    const disks = items.filter((disk: Disk) => disk.zone.endsWith(`/${zone}`));
    return [`zones/${zone}`, { disks }];
  });
  return {
    kind: 'compute#diskAggregatedList',
    id: `projects/${project}/aggregated/disks`,
    selfLink: linkOf(`projects/${project}/aggregated/disks`),
    items: Object.fromEntries(scopes),
    ...(nextPageToken !== undefined && { nextPageToken }),
  };
}

export function diskRoutes(compute: Compute): readonly Route[] {
  const change = (how: (compute: Compute, call: Call) => Operation) => (call: Call) =>
    compute.operations.once(call, () => how(compute, call));
  return [
    {
      verb: 'GET',
      path: `${PATH}/:disk`,
      method: `${METHOD}.Get`,
      demands: on('get'),
      handle: (call) => compute.disks.get(pathFor(call)),
    },
    {
      verb: 'GET',
      path: PATH,
      method: `${METHOD}.List`,
      demands: onProject('list'),
      handle: (call) => {
        const { project = '', zone = '' } = call.params;
        compute.catalog.zone(project, zone);
        const page = pageOf(call, compute.disks.list(zone));
        return listAnswer('compute#diskList', linkOf(`${zonePath(project, zone)}/disks`), page);
      },
    },
    {
      verb: 'GET',
      path: `${PROJECT}/aggregated/disks`,
      method: `${METHOD}.AggregatedList`,
      demands: onProject('list'),
      handle: (call) => aggregated(compute, call),
    },
    {
      verb: 'POST',
      path: PATH,
      method: `${METHOD}.Insert`,
      demands: (call) => {
        const { project = '', zone = '' } = call.params;
        const { name = '', labels } = compute.body(call, 'Disk') as DiskBody;
        return createDemands(project, zone, name, labels);
      },
      handle: change(insert),
    },
    {
      verb: 'POST',
      path: `${PATH}/:disk/setLabels`,
      method: `${METHOD}.SetLabels`,
      demands: on('setLabels'),
      handle: change(setLabels),
    },
    {
      verb: 'DELETE',
      path: `${PATH}/:disk`,
      method: `${METHOD}.Delete`,
      demands: on('delete'),
      handle: change(remove),
    },
  ];
}
