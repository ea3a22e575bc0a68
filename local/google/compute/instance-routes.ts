/** Reading instances, and their IAM policies. */

import type { Call, Route } from '../service.ts';
import { GoogleError } from '../service.ts';
import type { InstanceRecord } from './instance.ts';
import { instancePath, linkOf, zonePath } from './links.ts';
import { listAnswer, pageOf } from './page.ts';
import type { Compute } from './state.ts';

const PROJECT = '/compute/v1/projects/:project';
const PATH = `${PROJECT}/zones/:zone/instances`;
const METHOD = 'google.cloud.compute.v1.Instances';

const pathFor = ({ params }: Call): string =>
  instancePath(params.project ?? '', params.zone ?? '', params.instance ?? '');

const on = (verb: string) => (call: Call) => [
  { permission: `compute.instances.${verb}`, resource: pathFor(call) },
];
const onProject = (verb: string) => (call: Call) => [
  { permission: `compute.instances.${verb}`, resource: `projects/${call.params.project}` },
];

function find(compute: Compute, call: Call): InstanceRecord {
  compute.catalog.zone(call.params.project ?? '', call.params.zone ?? '');
  return compute.instances.get(pathFor(call));
}

const resources = (records: readonly InstanceRecord[]) => records.map((one) => one.resource);

function serialPort(record: InstanceRecord, call: Call): object {
  const port = Number(call.query.get('port') ?? 1);
  const from = Number(call.query.get('start') ?? 0);
  if (![1, 2, 3, 4].includes(port) || !Number.isInteger(from)) {
    throw new GoogleError('INVALID_ARGUMENT', 'Invalid port or start.', 'invalid');
  }
  const output = port === 1 ? record.console.read(from) : { contents: '', start: 0, next: 0 };
  return {
    kind: 'compute#serialPortOutput',
    selfLink: linkOf(`${record.path}/serialPort`),
    contents: output.contents,
    start: String(output.start),
    next: String(output.next),
  };
}

const missingAttribute = (path: string): GoogleError =>
  new GoogleError(
    'NOT_FOUND',
    `The resource '${path}' of type 'Guest Attribute' was not found.`,
    'notFound',
  );

function guestAttributes(record: InstanceRecord, call: Call): object {
  const head = {
    kind: 'compute#guestAttributes',
    selfLink: linkOf(`${record.path}/guestAttributes`),
  };
  const key = call.query.get('variableKey');
  if (key !== null) {
    const [namespace = '', name = ''] = key.split('/');
    const value = record.guest.get(namespace, name);
    if (value === undefined) throw missingAttribute(key);
    return { ...head, variableKey: key, variableValue: value };
  }
  const queryPath = call.query.get('queryPath') ?? '';
  const [namespace = '', name = ''] = queryPath.split('/');
  const items = record.guest
    .list(namespace === '' ? undefined : namespace)
    .filter((one) => name === '' || one.key === name);
  if (items.length === 0) throw missingAttribute(queryPath);
  return { ...head, queryPath, queryValue: { items } };
}

const nothingIn = (zone: string): object => ({
  warning: {
    code: 'NO_RESULTS_ON_PAGE',
    message: `There are no results for scope 'zones/${zone}' on this page.`,
    data: [{ key: 'scope', value: `zones/${zone}` }],
  },
});

function aggregated(compute: Compute, call: Call): object {
  const project = call.params.project ?? '';
  compute.catalog.project(project);
  const { items, nextPageToken } = pageOf(call, resources(compute.instances.list()));
  const scopes = compute.catalog.zones.map((zone) => {
    const instances = items.filter((one) => one.zone.endsWith(`/${zone}`));
    return [`zones/${zone}`, instances.length > 0 ? { instances } : nothingIn(zone)];
  });
  const self = linkOf(`projects/${project}/aggregated/instances`);
  return {
    kind: 'compute#instanceAggregatedList',
    id: `projects/${project}/aggregated/instances`,
    selfLink: self,
    items: Object.fromEntries(scopes),
    ...(nextPageToken !== undefined && { nextPageToken }),
  };
}

function readRoutes(compute: Compute): readonly Route[] {
  return [
    {
      verb: 'GET',
      path: `${PATH}/:instance`,
      method: `${METHOD}.Get`,
      demands: on('get'),
      handle: (call) => find(compute, call).resource,
    },
    {
      verb: 'GET',
      path: PATH,
      method: `${METHOD}.List`,
      demands: onProject('list'),
      handle: (call) => {
        const { project = '', zone = '' } = call.params;
        compute.catalog.zone(project, zone);
        const page = pageOf(call, resources(compute.instances.list(zone)));
        return listAnswer(
          'compute#instanceList',
          linkOf(`${zonePath(project, zone)}/instances`),
          page,
        );
      },
    },
    {
      verb: 'GET',
      path: `${PROJECT}/aggregated/instances`,
      method: `${METHOD}.AggregatedList`,
      demands: onProject('list'),
      handle: (call) => aggregated(compute, call),
    },
    {
      verb: 'GET',
      path: `${PATH}/:instance/serialPort`,
      method: `${METHOD}.GetSerialPortOutput`,
      demands: on('getSerialPortOutput'),
      handle: (call) => serialPort(find(compute, call), call),
    },
    {
      verb: 'GET',
      path: `${PATH}/:instance/getGuestAttributes`,
      method: `${METHOD}.GetGuestAttributes`,
      demands: on('getGuestAttributes'),
      handle: (call) => guestAttributes(find(compute, call), call),
    },
  ];
}

/** https://cloud.google.com/compute/docs/reference/rest/v1/instances/setIamPolicy */
function policyRoutes(compute: Compute): readonly Route[] {
  const { iam } = compute.deps;
  return [
    {
      verb: 'GET',
      path: `${PATH}/:instance/getIamPolicy`,
      method: `${METHOD}.GetIamPolicy`,
      demands: on('getIamPolicy'),
      handle: (call) => iam.get(find(compute, call).path),
    },
    {
      verb: 'POST',
      path: `${PATH}/:instance/setIamPolicy`,
      method: `${METHOD}.SetIamPolicy`,
      demands: on('setIamPolicy'),
      handle: (call) => {
        const { policy, ...flat } = compute.body(call, 'ZoneSetPolicyRequest');
        return iam.set(find(compute, call).path, Object(policy ?? flat));
      },
    },
    {
      verb: 'POST',
      path: `${PATH}/:instance/testIamPermissions`,
      method: `${METHOD}.TestIamPermissions`,
      demands: () => [],
      handle: (call) => {
        const { permissions = [] } = compute.body(call, 'TestPermissionsRequest');
        const { path } = find(compute, call);
        return { permissions: iam.test(call.principal ?? '', path, permissions as string[]) };
      },
    },
  ];
}

export const instanceRoutes = (compute: Compute): readonly Route[] => [
  ...readRoutes(compute),
  ...policyRoutes(compute),
];
