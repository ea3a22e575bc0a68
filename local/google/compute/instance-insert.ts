/** instances.insert. https://cloud.google.com/compute/docs/reference/rest/v1/instances/insert */

import type { Call, Route } from '../service.ts';
import { alreadyExists, notFound } from './errors.ts';
import { InstanceRecord } from './instance.ts';
import { buildInstance } from './instance-build.ts';
import { accountPath, insertDemands } from './instance-demands.ts';
import { type InstanceBody, type InstancePlan, planInstance } from './instance-request.ts';
import { instancePath, linkOf, nameOf, pathOf } from './links.ts';
import { type Operation, OperationFailure } from './operation.ts';
import type { Compute } from './state.ts';

/** Takes back what a failed insert has made: but in an untidy zone, a failure leaves nothing behind. */
async function undo(
  compute: Compute,
  record: InstanceRecord,
  created: readonly string[],
): Promise<void> {
  const { hypervisor } = compute.deps;
  for (const disk of record.resource.disks) compute.disks.detach(pathOf(disk.source), record.path);
  const taken = compute.untidy.has(record.zone) ? [] : created;
  for (const path of taken) if (compute.disks.has(path)) compute.disks.remove(path);
  try {
    for (const path of taken) await hypervisor?.deleteDataDisk(nameOf(path));
    await hypervisor?.deleteBootDisk(record.resource.name);
  } finally {
    compute.instances.remove(record);
  }
}

/** Attaches the disks; a disk that another instance writes to is refused. */
function attachAll(compute: Compute, record: InstanceRecord, plan: InstancePlan): void {
  for (const { path } of plan.disks) {
    const user = compute.disks.get(path).users?.[0];
    if (user === undefined || user === linkOf(record.path)) continue;
    throw new OperationFailure(
      'RESOURCE_IN_USE_BY_ANOTHER_RESOURCE',
      `The disk resource '${path}' is already being used by '${pathOf(user)}'`,
    );
  }
  for (const { path } of plan.disks) compute.disks.attach(path, record.path);
}

function createDisks(compute: Compute, call: Call, plan: InstancePlan): string[] {
  const { project = '', zone = '' } = call.params;
  return plan.disks.flatMap(({ path, create }) => {
    if (!create) return [];
    compute.disks.create({ project, zone, ...create });
    return [path];
  });
}

function insert(compute: Compute, call: Call): Operation {
  const { catalog, disks, instances, operations } = compute;
  const { project = '', zone = '' } = call.params;
  catalog.zone(project, zone);
  const body = compute.body(call, 'Instance') as InstanceBody;
  const plan = planInstance(body, { project, zone, catalog, disks });
  const path = instancePath(project, zone, plan.name);
  if (instances.find(path)) throw alreadyExists(path);
  for (const { email = '' } of body.serviceAccounts ?? []) {
    if (!compute.deps.accountExists(email)) throw notFound(accountPath(project, email));
  }

  const askedAt = compute.deps.now();
  const created = createDisks(compute, call, plan);
  const id = compute.nextId();
  const resource = buildInstance(body, plan, {
    project,
    zone,
    id,
    now: compute.deps.now(),
    nextAddress: compute.nextAddress,
    sizeOf: (disk) => disks.get(disk).sizeGb,
  });
  const record = new InstanceRecord(project, zone, path, resource);
  instances.add(record);
  return operations.start(call, 'insert', { project, zone, path, id, askedAt }, async () => {
    try {
      attachAll(compute, record, plan);
      await compute.power.start(record);
    } catch (error) {
      await undo(compute, record, created);
      throw error;
    }
  });
}

export function insertRoute(compute: Compute): Route {
  return {
    verb: 'POST',
    path: '/compute/v1/projects/:project/zones/:zone/instances',
    method: 'google.cloud.compute.v1.Instances.Insert',
    demands: (call) => {
      const { project = '', zone = '' } = call.params;
      return insertDemands(project, zone, compute.body(call, 'Instance') as InstanceBody);
    },
    handle: (call) => compute.operations.once(call, () => insert(compute, call)),
  };
}
