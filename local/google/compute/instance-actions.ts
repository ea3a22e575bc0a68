/** Everything that changes an instance that exists. One table row per method. */

import type { Json } from '../proto-schema.ts';
import type { Call, Demand, Route } from '../service.ts';
import { GoogleError } from '../service.ts';
import { checkLabels, inUse, invalidField, notFound, staleFingerprint } from './errors.ts';
import { fingerprint } from './fingerprint.ts';
import type { InstanceRecord } from './instance.ts';
import { accountPath } from './instance-demands.ts';
import { absolutePath, instancePath, linkOf, nameOf, pathOf } from './links.ts';
import { type MetadataItem, toMetadata } from './metadata-items.ts';
import type { Compute } from './state.ts';

type Effect = () => Promise<void> | void;

export interface Action {
  /** Last part of the path, type of the operation and verb of the permission. */
  readonly name: string;
  readonly verb?: 'DELETE';
  /** Proto message of the body. */
  readonly body?: string;
  readonly demands?: (project: string, body: Json) => readonly Demand[];
  /** Checks at once; what it returns is done by the operation. */
  readonly prepare: (record: InstanceRecord, body: Json, call: Call, compute: Compute) => Effect;
}

function needStopped(record: InstanceRecord, what: string): void {
  if (record.resource.status === 'TERMINATED') return;
  throw new GoogleError(
    'INVALID_ARGUMENT',
    `The instance must be stopped before the ${what} can be changed.`,
    'resourceNotReady',
  );
}

/** gcloud writes the same bytes in the URL-safe alphabet. */
const sameBytes = (given: unknown, current: string): boolean =>
  typeof given === 'string' && Buffer.from(given, 'base64').equals(Buffer.from(current, 'base64'));

/** Checked when asked and again when done: two writers with one fingerprint must not both win. */
function guarded(current: () => string, given: unknown, noun: string, effect: () => void): Effect {
  const check = (): void => {
    if (!sameBytes(given, current())) throw staleFingerprint(noun);
  };
  check();
  return () => {
    check();
    effect();
  };
}

const setMetadata: Action['prepare'] = (record, body) => {
  const { resource } = record;
  const metadata = toMetadata(body as { items?: MetadataItem[] }, 'metadata');
  const current = () => resource.metadata.fingerprint;
  return guarded(current, body.fingerprint, 'metadata', () => {
    resource.metadata = metadata;
    record.changed();
  });
};

const setLabels: Action['prepare'] = ({ resource }, body) => {
  const labels = (body.labels ?? {}) as Record<string, string>;
  checkLabels('labels', labels);
  const current = () => resource.labelFingerprint;
  return guarded(current, body.labelFingerprint, 'labels', () => {
    resource.labels = labels;
    resource.labelFingerprint = fingerprint(labels);
  });
};

const setTags: Action['prepare'] = (record, body) => {
  const { resource } = record;
  const items = (body.items ?? []) as string[];
  const current = () => resource.tags.fingerprint;
  return guarded(current, body.fingerprint, 'tags', () => {
    resource.tags = { items, fingerprint: fingerprint(items) };
    record.changed();
  });
};

const setServiceAccount: Action['prepare'] = (record, body, _call, compute) => {
  const { email, scopes = [] } = body as { email?: string; scopes?: string[] };
  needStopped(record, 'service account');
  if (email !== undefined && !compute.deps.accountExists(email)) {
    throw notFound(accountPath(record.project, email));
  }
  return () => {
    record.resource.serviceAccounts = email === undefined ? [] : [{ email, scopes }];
    record.changed();
  };
};

const setMachineType: Action['prepare'] = (record, body, _call, { catalog }) => {
  needStopped(record, 'machine type');
  const path = absolutePath(record.project, String(body.machineType ?? ''));
  if (!catalog.machineType(record.project, record.zone, nameOf(path))) {
    throw invalidField('machineType', body.machineType, 'It does not exist in this zone.');
  }
  return () => {
    record.resource.machineType = linkOf(path);
  };
};

const attachDisk: Action['prepare'] = (record, body, _call, { disks }) => {
  const { resource } = record;
  const path = absolutePath(record.project, String(body.source ?? ''));
  const disk = disks.get(path);
  const user = disk.users?.[0];
  if (user !== undefined) throw inUse(path, pathOf(user));
  const index = Math.max(...resource.disks.map((one) => one.index)) + 1;
  return () => {
    disks.attach(path, record.path);
    const deviceName = String(body.deviceName ?? `persistent-disk-${index}`);
    const mode = body.mode === 'READ_ONLY' ? 'READ_ONLY' : 'READ_WRITE';
    const attached = { kind: 'compute#attachedDisk', type: 'PERSISTENT', mode, index } as const;
    const rest = { boot: false, autoDelete: body.autoDelete === true, interface: 'SCSI' };
    const size = { source: disk.selfLink, deviceName, diskSizeGb: disk.sizeGb };
    resource.disks = [...resource.disks, { ...attached, ...rest, ...size }];
    record.changed();
  };
};

const detachDisk: Action['prepare'] = (record, _body, call, { disks }) => {
  const { resource } = record;
  const name = call.query.get('deviceName');
  const disk = resource.disks.find((one) => one.deviceName === name);
  if (!disk) throw invalidField('deviceName', name, 'No attached disk found with device name.');
  return () => {
    disks.detach(pathOf(disk.source), record.path);
    resource.disks = resource.disks.filter((one) => one !== disk);
    record.changed();
  };
};

const setDeletionProtection: Action['prepare'] = (record, _body, call) => () => {
  record.resource.deletionProtection = call.query.get('deletionProtection') !== 'false';
};

const destroy: Action['prepare'] = (record, _body, _call, { power, deps }) => {
  if (!record.resource.deletionProtection) {
    return async () => {
      await power.destroy(record);
      deps.iam.drop(record.path);
    };
  }
  throw new GoogleError(
    'INVALID_ARGUMENT',
    `Invalid resource usage: 'Resource cannot be deleted if it's protected against deletion. Resource: ${record.path}'.`,
    'invalidResourceUsage',
  );
};

const actAs = (project: string, body: Json): readonly Demand[] =>
  typeof body.email === 'string'
    ? [{ permission: 'iam.serviceAccounts.actAs', resource: accountPath(project, body.email) }]
    : [];

const ACTIONS: readonly Action[] = [
  { name: 'delete', verb: 'DELETE', prepare: destroy },
  {
    name: 'start',
    prepare:
      (record, _b, _c, { power }) =>
      () =>
        power.start(record),
  },
  {
    name: 'stop',
    prepare:
      (record, _b, _c, { power }) =>
      () =>
        power.stop(record),
  },
  {
    name: 'reset',
    prepare:
      (record, _b, _c, { power }) =>
      () =>
        power.reset(record),
  },
  { name: 'setMetadata', body: 'Metadata', prepare: setMetadata },
  { name: 'setLabels', body: 'InstancesSetLabelsRequest', prepare: setLabels },
  { name: 'setTags', body: 'Tags', prepare: setTags },
  {
    name: 'setServiceAccount',
    body: 'InstancesSetServiceAccountRequest',
    demands: actAs,
    prepare: setServiceAccount,
  },
  { name: 'setMachineType', body: 'InstancesSetMachineTypeRequest', prepare: setMachineType },
  { name: 'attachDisk', body: 'AttachedDisk', prepare: attachDisk },
  { name: 'detachDisk', prepare: detachDisk },
  { name: 'setDeletionProtection', prepare: setDeletionProtection },
];

const PATH = '/compute/v1/projects/:project/zones/:zone/instances';
const methodOf = (name: string): string =>
  `google.cloud.compute.v1.Instances.${name.charAt(0).toUpperCase()}${name.slice(1)}`;

function actionRoute(action: Action, compute: Compute): Route {
  const bodyOf = (call: Call): Json => (action.body ? compute.body(call, action.body) : {});
  const pathFor = ({ params }: Call): string =>
    instancePath(params.project ?? '', params.zone ?? '', params.instance ?? '');
  const path = action.verb === 'DELETE' ? `${PATH}/:instance` : `${PATH}/:instance/${action.name}`;
  return {
    verb: action.verb ?? 'POST',
    path,
    method: methodOf(action.name),
    // The official client sends `""` where there is no body.
    rawBody: action.body === undefined,
    demands: (call) => [
      { permission: `compute.instances.${action.name}`, resource: pathFor(call) },
      ...(action.demands?.(call.params.project ?? '', bodyOf(call)) ?? []),
    ],
    handle: (call) =>
      compute.operations.once(call, () => {
        const { project = '', zone = '' } = call.params;
        compute.catalog.zone(project, zone);
        const record = compute.instances.get(pathFor(call));
        const effect = action.prepare(record, bodyOf(call), call, compute);
        const target = { project, zone, path: record.path, id: record.resource.id };
        return compute.operations.start(call, action.name, target, effect);
      }),
  };
}

export const instanceActions = (compute: Compute): readonly Route[] =>
  ACTIONS.map((action) => actionRoute(action, compute));
