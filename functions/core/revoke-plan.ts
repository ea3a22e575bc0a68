/** The rules for an agent whose owner left: whatever could still act for it, cannot any more. */

import {
  type AgentName,
  backupSecretId,
  channelsSecretId,
  keySecretId,
  numberSecretId,
  serviceAccountId,
} from '../../contracts/names.ts';
import type { Observed } from './observed.ts';
import type { Desired, Step } from './step.ts';

/** Secrets with what an owner handed over, and the key of the backups: none is of use to anybody else. */
export const credentialsOf = (name: AgentName): readonly string[] => [
  keySecretId(name),
  channelsSecretId(name),
  backupSecretId(name),
  numberSecretId(name),
];

/** Tokens of a disabled account stop working at once, those that a VM holds too. */
export function accountDisabled({ name }: Desired, observed: Observed): Step | undefined {
  const { serviceAccount } = observed;
  if (!serviceAccount || serviceAccount.disabled) return undefined;
  const title = `Disable service account ${serviceAccountId(name)}`;
  return { id: 'account-disabled', title, needs: [] };
}

export function keyDestruction(
  _desired: Desired,
  { credentials = [] }: Observed,
): Step | undefined {
  const full = credentials.filter(({ versions }) => versions.length > 0);
  if (full.length === 0) return undefined;
  const title = `Destroy what is in ${full.map(({ secret }) => secret).join(', ')}`;
  // The VM writes no new one once its account is disabled.
  return { id: 'key-destruction', title, needs: ['account-disabled'] };
}
