/** The rules for an agent's secrets: that they are there, what they say, and who may read them. */

import { monthOf } from '../../contracts/month.ts';
import {
  backupSecretId,
  channelsSecretId,
  configSecretId,
  keySecretId,
  SHARED_KEY_SECRET,
  serviceAccountEmail,
  serviceAccountId,
} from '../../contracts/names.ts';
import { isWithdrawn, parseUsage } from './budget.ts';
import { sameDocument } from './document.ts';
import { isServed } from './intent.ts';
import { ANNOTATION_USAGE, type Observed } from './observed.ts';
import {
  missingRoles,
  type Policy,
  ROLE_ACCESSOR,
  ROLE_VERSION_ADDER,
  ROLE_VERSION_MANAGER,
} from './policy.ts';
import { sharedKeyWithdrawal, withdrawal } from './purge-plan.ts';
import type { Desired, Rule, Step, StepId } from './step.ts';

export function configSecret(desired: Desired, observed: Observed): Step | undefined {
  if (observed.configSecret || !desired.document) return undefined;
  return { id: 'config-secret', title: `Create secret ${configSecretId(desired.name)}`, needs: [] };
}

export function keySecret({ name }: Desired, observed: Observed): Step | undefined {
  if (observed.keySecret) return undefined;
  return { id: 'key-secret', title: `Create empty secret ${keySecretId(name)}`, needs: [] };
}

export function backupSecret({ name }: Desired, observed: Observed): Step | undefined {
  if (observed.backupSecret) return undefined;
  return { id: 'backup-secret', title: `Create empty secret ${backupSecretId(name)}`, needs: [] };
}

/** May add its key and read it, never take one back: an old backup stays readable. */
export function backupAccess(desired: Desired, observed: Observed): Step | undefined {
  const roles = [ROLE_ACCESSOR, ROLE_VERSION_ADDER];
  const secret = backupSecretId(desired.name);
  const step = access('backup-access', desired, secret, observed.backupPolicy, roles);
  return step && { ...step, needs: [...step.needs, 'backup-secret'] };
}

export function channelsSecret({ name }: Desired, observed: Observed): Step | undefined {
  if (observed.channelsSecret) return undefined;
  return {
    id: 'channels-secret',
    title: `Create empty secret ${channelsSecretId(name)}`,
    needs: [],
  };
}

export function configVersion({ name, document }: Desired, observed: Observed): Step | undefined {
  if (!document || sameDocument(observed.config?.payload, document)) return undefined;
  return {
    id: 'config-version',
    title: `Add a version to ${configSecretId(name)}`,
    needs: ['config-secret'],
  };
}

function access(
  id: StepId,
  desired: Desired,
  secret: string,
  policy: Policy | undefined,
  wanted: readonly string[],
): Step | undefined {
  if (!isServed(desired.intent)) return undefined;
  const member = `serviceAccount:${serviceAccountEmail(desired.name, desired.project)}`;
  const roles = missingRoles(policy, wanted, member);
  if (roles.length === 0) return undefined;
  const title = `Let ${serviceAccountId(desired.name)} use ${secret} (${roles.join(', ')})`;
  return { id, title, needs: ['service-account'], grant: { secret, roles, member, policy } };
}

export function configAccess(desired: Desired, observed: Observed): Step | undefined {
  const secret = configSecretId(desired.name);
  const step = access('config-access', desired, secret, observed.configPolicy, [ROLE_ACCESSOR]);
  return step && { ...step, needs: [...step.needs, 'config-secret'] };
}

export function keyAccess(desired: Desired, observed: Observed): Step | undefined {
  const roles = [ROLE_ACCESSOR, ROLE_VERSION_MANAGER];
  const step = access('key-access', desired, keySecretId(desired.name), observed.keyPolicy, roles);
  return step && { ...step, needs: [...step.needs, 'key-secret'] };
}

export function channelsAccess(desired: Desired, observed: Observed): Step | undefined {
  const roles = [ROLE_ACCESSOR, ROLE_VERSION_MANAGER];
  const secret = channelsSecretId(desired.name);
  const step = access('channels-access', desired, secret, observed.channelsPolicy, roles);
  return step && { ...step, needs: [...step.needs, 'channels-secret'] };
}

/**
 * The shared key is made by setup; an organisation without one has nothing to grant. Closed to
 * an agent that used its budget up, until the month turns or this very request raises it.
 */
export function sharedKeyAccess(desired: Desired, observed: Observed): Step | undefined {
  const policy = observed.sharedKeyPolicy;
  if (!policy || !desired.document) return undefined;
  const { budget: limit, timezone } = desired.document;
  const usage = parseUsage(observed.configSecret?.annotations[ANNOTATION_USAGE]);
  if (isWithdrawn(usage, { limit, month: monthOf(desired.now, timezone) })) return undefined;
  return access('shared-key-access', desired, SHARED_KEY_SECRET, policy, [ROLE_ACCESSOR]);
}

/** Of an agent that is out of service. */
export const WITHDRAWALS: readonly Rule[] = [
  (desired, { configPolicy }) =>
    withdrawal('config-withdrawal', desired, configSecretId(desired.name), configPolicy),
  (desired, { keyPolicy }) =>
    withdrawal('key-withdrawal', desired, keySecretId(desired.name), keyPolicy),
  sharedKeyWithdrawal,
];
