/** The steps of a plan that concern a business number. */

import { METADATA_KEYS } from '../../contracts/instance-metadata.ts';
import { labelsOf, numberSecretId, serviceAccountEmail } from '../../contracts/names.ts';
import { numberMark, numberMarkOf, replacedIn } from '../core/number-plan.ts';
import type { StepId } from '../core/step.ts';
import { machinesIn } from './machine-steps.ts';
import { onConflict } from './retry.ts';
import { grant, withdraw } from './rights.ts';
import { type Action, patient, type Run } from './run.ts';

/** @returns what the VM is told of it */
async function addVersion({ tools, desired: { name, number } }: Run): Promise<string> {
  if (number === undefined || number === 'none') throw new Error(`${name} is given no number`);
  return numberMarkOf(await tools.secrets.addVersion(numberSecretId(name), number.text));
}

/** As they are by now: of two requests at once, both leave the newest. */
async function destroyReplaced({ tools: { secrets }, desired: { name } }: Run): Promise<void> {
  const id = numberSecretId(name);
  const replaced = replacedIn(await secrets.versions(id));
  await Promise.all(replaced.map((version) => secrets.destroy(id, version)));
}

/** Of the version that is in force once the plan is done. */
function markOf({ done, desired, observed }: Run): string | undefined {
  if (desired.number === 'none') return undefined;
  const added = done('number-version');
  return typeof added === 'string' ? added : numberMark(observed);
}

async function announceNumber(run: Run): Promise<void> {
  const { tools, desired } = run;
  const machines = machinesIn(run);
  const { clock } = tools;
  const mark = markOf(run);
  await onConflict(clock, async () => {
    const instance = await machines.instance(desired.name);
    if (!instance || instance.metadata[METADATA_KEYS.whatsapp] === mark) return;
    const { [METADATA_KEYS.whatsapp]: _old, ...others } = instance.metadata;
    const metadata = { ...others, ...(mark && { [METADATA_KEYS.whatsapp]: mark }) };
    const { metadataFingerprint } = instance;
    await machines.wait(await machines.setMetadata(desired.name, metadata, metadataFingerprint));
  });
}

export const NUMBER_ACTIONS = {
  'number-secret': ({ tools, desired: { name } }) =>
    tools.secrets.create(numberSecretId(name), labelsOf(name), {}),
  'number-version': addVersion,
  'number-access': grant,
  'number-withdrawal': withdraw,
  'number-destruction': destroyReplaced,
  'number-announcement': announceNumber,
  'number-removal': ({ tools, desired: { name } }) => tools.secrets.remove(numberSecretId(name)),
  queue: (run) =>
    patient(run, () => {
      const { name, project } = run.desired;
      return run.tools.webhooks.open(name, serviceAccountEmail(name, project));
    }),
  'queue-withdrawal': ({ tools, desired: { name } }) => tools.webhooks.close(name),
  'queue-removal': ({ tools, desired: { name } }) => tools.webhooks.remove(name),
} satisfies Partial<Record<StepId, Action>>;
