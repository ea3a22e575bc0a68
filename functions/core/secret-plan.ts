/** The rules for an agent's secrets: that they are there, what they say, and who may read them. */

import { monthOf } from '../../contracts/month.ts';
import {
  backupSecretId,
  channelsSecretId,
  configSecretId,
  keySecretId,
  SHARED_KEY_SECRET,
} from '../../contracts/names.ts';
import { isWithdrawn, parseUsage } from './budget.ts';
import { sameDocument } from './document.ts';
import { NUMBER_KEPT, NUMBER_WITHDRAWALS } from './number-plan.ts';
import { ANNOTATION_USAGE, type Observed } from './observed.ts';
import { ROLE_ACCESSOR, ROLE_VERSION_ADDER, ROLE_VERSION_MANAGER } from './policy.ts';
import { sharedKeyWithdrawal, withdrawal } from './purge-plan.ts';
import { access } from './secret-access.ts';
import type { Desired, Rule, Step } from './step.ts';

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

/** The newest version's number, when somebody disabled it. */
function disabledConfig({ config, detail }: Observed): string | undefined {
  const [newest] = detail?.configVersions ?? [];
  return !config && newest?.state === 'DISABLED' ? newest.version : undefined;
}

/** Somebody disabled the version in force, and nothing newer is asked for. */
export function configEnabled(desired: Desired, observed: Observed): Step | undefined {
  const version = disabledConfig(observed);
  if (version === undefined || desired.document) return undefined;
  const title = `Enable version ${version} of ${configSecretId(desired.name)} again`;
  return { id: 'config-enabled', title, needs: [] };
}

export function configVersion({ name, document }: Desired, observed: Observed): Step | undefined {
  if (!document || sameDocument(observed.config?.payload, document)) return undefined;
  const last = observed.detail?.lastConfig;
  const isOld = last !== undefined && sameDocument(last.payload, document);
  const title = isOld
    ? `Write version ${last.version} of ${configSecretId(name)} once more: the newest is destroyed`
    : `Add a version to ${configSecretId(name)}`;
  return { id: 'config-version', title, needs: ['config-secret'] };
}

/** Of those that the agent came to have; the rest are made when its VM asks for them. */
export const LATER_ACCESS: readonly Rule[] = [
  (desired, observed) => (observed.channelsSecret ? channelsAccess(desired, observed) : undefined),
  (desired, observed) => (observed.backupSecret ? backupAccess(desired, observed) : undefined),
  ...NUMBER_KEPT,
];

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
  (desired, { channelsPolicy }) =>
    withdrawal('channels-withdrawal', desired, channelsSecretId(desired.name), channelsPolicy),
  (desired, { backupPolicy }) =>
    withdrawal('backup-withdrawal', desired, backupSecretId(desired.name), backupPolicy),
  ...NUMBER_WITHDRAWALS,
  sharedKeyWithdrawal,
];
