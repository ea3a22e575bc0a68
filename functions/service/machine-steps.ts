/** The steps of a plan that concern the VM. */

import { PlaneError } from '../../contracts/errors.ts';
import { METADATA_KEYS } from '../../contracts/instance-metadata.ts';
import { type AgentName, instanceName } from '../../contracts/names.ts';
import { renderInstance } from '../core/instance.ts';
import { type Action, patient, type Run } from './run.ts';
import type { Tools } from './steps.ts';

/** Waits for its end only if something depends on it. */
export function begin(action: (tools: Tools, name: AgentName) => Promise<string>): Action {
  return async ({ tools, desired, awaited }) => {
    const operation = await action(tools, desired.name);
    if (awaited) await tools.machines.wait(operation);
  };
}

/** The version number that is in force once the plan is done. */
function versionOf({ done, observed }: Run): string {
  const added = done('config-version');
  return typeof added === 'string' ? added : (observed.config?.version ?? '');
}

export async function createInstance(run: Run): Promise<void> {
  const { tools, desired, observed } = run;
  const exists = observed.dataDisk !== undefined;
  const body = renderInstance(tools.instance, desired.name, versionOf(run), exists, desired.intent);
  await patient(run, () => tools.machines.insert(body));
}

export async function announce(run: Run): Promise<void> {
  const { tools, desired, observed } = run;
  if (!observed.instance) {
    throw new PlaneError('ABORTED', `${instanceName(desired.name)} went away meanwhile.`);
  }
  const { metadataFingerprint } = observed.instance;
  const changed = {
    ...desired.metadata,
    [METADATA_KEYS.configVersion]: versionOf(run),
  };
  const { machines } = tools;
  await machines.wait(await machines.setMetadata(desired.name, changed, metadataFingerprint));
}
