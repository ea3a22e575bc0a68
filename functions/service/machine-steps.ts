/** The steps of a plan that concern the VM. */

import { PlaneError } from '../../contracts/errors.ts';
import { type AgentName, instanceName } from '../../contracts/names.ts';
import { renderInstance } from '../core/instance.ts';
import { numberMark } from '../core/number-plan.ts';
import type { Labelled } from '../core/observed.ts';
import { metadataFor } from '../core/plan.ts';
import type { Machines } from './ports.ts';
import { isPassing } from './retry.ts';
import { type Action, patient, type Run } from './run.ts';
import type { Tools } from './steps.ts';
import { sureOfZone } from './zone.ts';

/** Those of the zone in which the agent was found. */
export const machinesIn = ({ tools: { machines }, observed: { zone } }: Run): Machines =>
  machines.at(zone ?? machines.zone);

/** Waits for its end only if something depends on it. */
export function begin(action: (machines: Machines, name: AgentName) => Promise<string>): Action {
  return async (run) => {
    const machines = machinesIn(run);
    const operation = await action(machines, run.desired.name);
    if (run.awaited) await machines.wait(operation);
  };
}

/** In a purge, also what has the VM's name in another zone. */
export async function removeInstance(run: Run): Promise<void> {
  const { tools, desired, observed, awaited } = run;
  const zones = (observed.inventory?.instances ?? [])
    .filter(({ name }) => name === instanceName(desired.name))
    .map(({ zone }) => zone);
  const here = observed.instance ? [machinesIn(run).zone] : [];
  const begun = [...new Set([...here, ...zones])].map(async (zone) => {
    const machines = tools.machines.at(zone);
    const operation = await machines.remove(desired.name);
    if (awaited) await machines.wait(operation);
  });
  await Promise.all(begun);
}

/** Deletes disks, wherever they are, and waits until they are gone. */
export async function removeDisks(tools: Tools, disks: readonly Labelled[]): Promise<void> {
  const begun = disks.map(async ({ name, zone }) => {
    const machines = tools.machines.at(zone);
    return { machines, operation: await machines.removeDisk(name) };
  });
  for (const { machines, operation } of await Promise.all(begun)) {
    if (operation !== undefined) await machines.wait(operation);
  }
}

/** What a try without room left behind. In use by now, it is somebody's who was faster. */
export async function removeLeftovers({ tools, observed }: Run): Promise<void> {
  try {
    await removeDisks(tools, observed.leftovers ?? []);
  } catch (error) {
    if (!(error instanceof PlaneError) || error.code !== 'INVALID_ARGUMENT') throw error;
    const message = 'Somebody made the same VM at the same time. Send the same request again.';
    throw new PlaneError('ABORTED', message, { cause: error.cause });
  }
}

/** The version number that is in force once the plan is done. */
function versionOf({ done, observed }: Run): string {
  const added = done('config-version');
  return typeof added === 'string' ? added : (observed.config?.version ?? '');
}

export async function createInstance(run: Run): Promise<void> {
  const { tools, desired, observed } = run;
  const exists = observed.dataDisk !== undefined;
  const settings = { ...tools.instance, zone: desired.zone };
  const marks = { ...desired.intent, number: numberMark(observed) };
  const body = renderInstance(settings, desired.name, versionOf(run), exists, marks);
  const machines = tools.machines.at(desired.zone);
  const sure = sureOfZone(run);
  const operation = await patient(run, async () => {
    await sure();
    return machines.insert(body);
  });
  if (isSecondTry(run)) await settled(machines, operation);
}

/** Nobody follows what a first try comes to; who comes after a zone without room does. */
const isSecondTry = ({ desired, observed }: Run): boolean =>
  desired.intent.after !== undefined && observed.dataDisk === undefined;

/** However it ends: the next look says how. */
async function settled(machines: Machines, operation: string): Promise<void> {
  try {
    await machines.wait(operation);
  } catch (error) {
    if (!isPassing(error)) throw error;
  }
}

export async function announce(run: Run): Promise<void> {
  const { desired, observed } = run;
  if (!observed.instance) {
    throw new PlaneError('ABORTED', `${instanceName(desired.name)} went away meanwhile.`);
  }
  const { metadataFingerprint } = observed.instance;
  const changed = metadataFor(desired, observed, versionOf(run));
  const machines = machinesIn(run);
  await machines.wait(await machines.setMetadata(desired.name, changed, metadataFingerprint));
}
