/**
 * The VM's part of a plan: on, off, once more, anew. At most one chain of steps, each of which
 * needs the one before; a rebuild or a restart that was cut off is taken up where it ended,
 * because the VM's metadata names the restart and the rebuild that it is the outcome of.
 */

import { METADATA_KEYS } from '../../contracts/instance-metadata.ts';
import { dataDiskName, instanceName, serviceAccountEmail } from '../../contracts/names.ts';
import { isServed } from './intent.ts';
import type { LabelledDisk, Observed } from './observed.ts';
import type { Desired, Step, StepId } from './step.ts';

const GOING_UP: ReadonlySet<string> = new Set(['PROVISIONING', 'STAGING', 'PENDING', 'REPAIRING']);
const GOING_DOWN: ReadonlySet<string> = new Set(['STOPPING', 'PENDING_STOP', 'SUSPENDING']);
const DOWN: ReadonlySet<string> = new Set(['TERMINATED', 'STOPPED']);

/** What a VM takes before it may boot: it never meets a permission or a document that is not there yet. */
const READY_TO_BOOT: readonly StepId[] = [
  'service-account',
  'config-version',
  'config-access',
  'config-enabled',
  'account-enabled',
  'key-secret',
  'key-access',
  'shared-key-access',
];

export function machineSteps(desired: Desired, observed: Observed): readonly Step[] {
  const steps = observed.instance ? change(desired, observed) : creation(desired, observed);
  // What goes on right now ends first; the next look decides what is left to do.
  return steps.length > 0 && isBusy(observed) ? [settle(desired, observed)] : steps;
}

/** Of a purge: whatever there is of a VM goes. */
export function machineRemoval(desired: Desired, observed: Observed): readonly Step[] {
  const machines = observed.inventory?.instances ?? [];
  const some = observed.instance ?? machines.find((it) => it.name === instanceName(desired.name));
  if (!some && !isBusy(observed)) return [];
  return isBusy(observed) ? [settle(desired, observed)] : [removal(desired)];
}

function isBusy({ instance, operation }: Observed): boolean {
  if (operation && !operation.done && POWER_OPERATIONS.has(operation.kind)) return true;
  return instance !== undefined && GOING_DOWN.has(instance.status);
}

const POWER_OPERATIONS: ReadonlySet<string> = new Set(['insert', 'delete', 'start', 'stop']);

const settle = ({ name }: Desired, { operation }: Observed): Step => ({
  id: 'settle',
  title: `Wait until ${instanceName(name)} has settled (${operation?.kind ?? 'stop'})`,
  needs: [],
});

const removal = ({ name }: Desired): Step => ({
  id: 'instance-removal',
  title: `Delete VM ${instanceName(name)}, keep its data disk`,
  needs: [],
});

const creationStep = ({ name, intent: { zone } }: Desired): Step => ({
  id: 'instance',
  title: `Create VM ${instanceName(name)}${zone ? ` in ${zone}` : ''}`,
  needs: [...READY_TO_BOOT, 'instance-removal', 'boot-disk-removal'],
});

const leftoverRemoval = (leftovers: readonly LabelledDisk[]): Step => ({
  id: 'leftover-removal',
  title: `Delete ${leftovers.map(({ name, zone }) => `disk ${name} in ${zone}`).join(', ')}, which no VM has used`,
  needs: [],
});

/** A machine that is being made already is not made twice, nor waited for. */
function creation(desired: Desired, observed: Observed): readonly Step[] {
  const { operation } = observed;
  const inserting = operation?.kind === 'insert' && !operation.done;
  if (desired.intent.life === 'running') {
    if (inserting) return [];
    const { zone = desired.zone, leftovers = [] } = observed;
    // A zone is left as it was found, and left on record, before the next one is looked at.
    if (leftovers.length > 0) return [leftoverRemoval(leftovers)];
    return zone === desired.zone ? [...cleared(desired, observed), creationStep(desired)] : [];
  }
  // Waited for, so that there is something to stop.
  return inserting ? [stop(desired)] : [];
}

function change(desired: Desired, observed: Observed): readonly Step[] {
  const { life } = desired.intent;
  if (isOther(desired, observed)) {
    const again = life === 'running' ? [...cleared(desired, observed), creationStep(desired)] : [];
    return [removal(desired), ...again];
  }
  return life === 'running' ? turnedOn(desired, observed) : turnedOff(desired, observed);
}

/**
 * Whether the VM is another one than is wanted: older than the last rebuild, on somebody's boot
 * disk, or acting as somebody. An account that was made anew is not the one that a VM was made
 * with, whatever its name (https://cloud.google.com/iam/docs/service-accounts-delete-undelete).
 */
export function isOther({ name, project, intent }: Desired, observed: Observed): boolean {
  const { instance, serviceAccount } = observed;
  if (!instance) return false;
  const { metadata, bootDisk = instanceName(name) } = instance;
  const account = serviceAccountEmail(name, project);
  const acts = instance.serviceAccount ?? account;
  if (isServed(intent) && (!serviceAccount || acts !== account)) return true;
  if (bootDisk !== instanceName(name)) return true;
  return metadata[METADATA_KEYS.machine] !== (intent.machine || undefined);
}

/** A boot disk that an earlier VM left behind would keep the new one from its name. */
function cleared({ name }: Desired, { detail }: Observed): readonly Step[] {
  if (!detail?.bootDisk) return [];
  const title = `Delete boot disk ${instanceName(name)} of an earlier VM`;
  return [{ id: 'boot-disk-removal', title, needs: ['instance-removal'] }];
}

type Heading = 'up' | 'down' | 'neither';

/** Where the VM is or is going to be: what was begun counts before its status shows it. */
function headingOf({ instance, operation }: Observed): Heading {
  const begun = operation?.done === false ? operation.kind : undefined;
  if (begun === 'start' || begun === 'insert') return 'up';
  if (begun === 'stop') return 'down';
  const status = instance?.status ?? '';
  if (DOWN.has(status) || GOING_DOWN.has(status)) return 'down';
  return status === 'RUNNING' || GOING_UP.has(status) ? 'up' : 'neither';
}

function turnedOff(desired: Desired, observed: Observed): readonly Step[] {
  return headingOf(observed) === 'down' ? [] : [stop(desired)];
}

function turnedOn(desired: Desired, observed: Observed): readonly Step[] {
  const { instance, dataDisk } = observed;
  if (!instance) return [];
  const attached = instance.disks?.includes(dataDiskName(desired.name)) !== false;
  const detached = dataDisk !== undefined && !attached;
  const rebooting = instance.metadata[METADATA_KEYS.boot] !== (desired.intent.boot || undefined);
  if (headingOf(observed) === 'up' && !detached && !rebooting) return [];
  return [
    ...(DOWN.has(instance.status) ? [] : [stop(desired)]),
    ...(detached ? [attachment(desired)] : []),
    start(desired),
  ];
}

const stop = ({ name }: Desired): Step => ({
  id: 'stop',
  title: `Stop VM ${instanceName(name)}`,
  needs: [],
});

const attachment = ({ name }: Desired): Step => ({
  id: 'attach-disk',
  title: `Attach disk ${dataDiskName(name)} to ${instanceName(name)} again`,
  needs: ['stop'],
});

const start = ({ name }: Desired): Step => ({
  id: 'start',
  title: `Start VM ${instanceName(name)}`,
  needs: [...READY_TO_BOOT, 'stop', 'attach-disk', 'announce'],
});
