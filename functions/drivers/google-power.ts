/** The half of port `Machines` that turns VMs on and off, takes them away, and waits. */

import type { DisksClient } from '@google-cloud/compute/build/src/v1/disks_client.js';
import type { InstancesClient } from '@google-cloud/compute/build/src/v1/instances_client.js';
import type { ZoneOperationsClient } from '@google-cloud/compute/build/src/v1/zone_operations_client.js';
import { PlaneError } from '../../contracts/errors.ts';
import { type AgentName, dataDiskName, instanceName } from '../../contracts/names.ts';
import { DATA_DEVICE } from '../core/instance.ts';
import type { Machines } from '../service/ports.ts';
import { call, read } from './google-error.ts';
import type { Place } from './google-place.ts';

/** Every change answers with an operation; its name is all that is kept of it. */
type Started = readonly [
  { readonly name?: unknown; readonly latestResponse?: unknown },
  ...unknown[],
];

const nameIn = (text: unknown): string => (typeof text === 'string' ? text : '');

/** The generated client wraps the operation in one of its own. */
export function operationOf([started]: Started): string {
  const inner = started.latestResponse as { readonly name?: unknown } | undefined;
  return nameIn(inner?.name) || nameIn(started.name);
}

const STILL_GOING =
  'Google is still at work on the VM. Send the same request again: it goes on where this one ended.';
const WENT_WRONG =
  'Google began what was asked for and could not finish it. Send the same request again.';

async function wait(client: ZoneOperationsClient, place: Place, operation: string): Promise<void> {
  const [done] = await client.wait({ ...place, operation });
  if (done.status !== 'DONE') throw new PlaneError('DEADLINE_EXCEEDED', STILL_GOING);
  const [error] = done.error?.errors ?? [];
  if (error)
    throw new PlaneError('UNAVAILABLE', WENT_WRONG, { cause: new Error(error.code ?? '') });
}

/** What was looked at a moment ago and is gone now is a race: the next look decides. */
async function present<T>(what: string, run: () => Promise<T>): Promise<T> {
  const result = await read(what, run);
  if (result === undefined) throw new PlaneError('ABORTED', `${what}: it went away meanwhile.`);
  return result;
}

/** Of one project, for all its zones. */
export interface ComputeClients {
  readonly instances: InstancesClient;
  readonly disks: DisksClient;
  readonly operations: ZoneOperationsClient;
}

export function powerCalls({ instances, disks, operations }: ComputeClients, place: Place) {
  const on = (name: AgentName) => ({ ...place, instance: instanceName(name) });
  return {
    start: (name) =>
      present(`start ${instanceName(name)}`, async () =>
        operationOf(await instances.start(on(name))),
      ),
    stop: (name) =>
      present(`stop ${instanceName(name)}`, async () =>
        operationOf(await instances.stop(on(name))),
      ),
    remove: (name) =>
      present(`delete ${instanceName(name)}`, async () =>
        operationOf(await instances.delete(on(name))),
      ),
    attachDataDisk: (name) =>
      present(`attach ${dataDiskName(name)}`, async () => {
        const source = `projects/${place.project}/zones/${place.zone}/disks/${dataDiskName(name)}`;
        const attachedDiskResource = { source, deviceName: DATA_DEVICE, autoDelete: false };
        return operationOf(await instances.attachDisk({ ...on(name), attachedDiskResource }));
      }),
    removeDisk: (disk) =>
      read(`delete disk ${disk}`, async () => operationOf(await disks.delete({ ...place, disk }))),
    wait: (operation) => call(`wait for ${operation}`, () => wait(operations, place, operation)),
  } satisfies Partial<Machines>;
}
