/**
 * The end of an agent: the VM, then what the VM held on to, and its config secret last of all.
 * For that secret holds the record of what was asked for: as long as anything is left, so is
 * the record, and whoever looks at it (the same request, or reconcile) goes on.
 */

import type { Owned } from '../../contracts/lifecycle.ts';
import {
  configSecretId,
  SHARED_KEY_SECRET,
  serviceAccountEmail,
  serviceAccountId,
} from '../../contracts/names.ts';
import type { Labelled, Observed } from './observed.ts';
import { holds } from './policy.ts';
import type { Desired, Step, StepId } from './step.ts';

const memberOf = ({ name, project }: Desired): string =>
  `serviceAccount:${serviceAccountEmail(name, project)}`;

/** Before the account goes: afterwards its name would stay behind in the policy as `deleted:`. */
export function sharedKeyWithdrawal(desired: Desired, observed: Observed): Step | undefined {
  return withdrawal('shared-key-withdrawal', desired, SHARED_KEY_SECRET, observed.sharedKeyPolicy);
}

export function withdrawal(
  id: Extract<StepId, `${string}-withdrawal`>,
  desired: Desired,
  secret: string,
  policy: Observed['sharedKeyPolicy'],
): Step | undefined {
  const member = memberOf(desired);
  const isOwn = id !== 'shared-key-withdrawal';
  const left = isOwn ? (policy?.bindings.length ?? 0) > 0 : policy && holds(policy, member);
  if (!policy || !left) return undefined;
  const title = `Take ${serviceAccountId(desired.name)} its rights on ${secret}`;
  return { id, title, needs: [], withdraw: { secret, member, policy, isOwn } };
}

export function diskRemoval(_desired: Desired, { inventory }: Observed): Step | undefined {
  const disks = inventory?.disks ?? [];
  if (disks.length === 0) return undefined;
  return {
    id: 'disk-removal',
    title: `Delete ${disks.map(({ name }) => `disk ${name}`).join(', ')}`,
    needs: ['settle', 'instance-removal'],
  };
}

export function accountRemoval({ name }: Desired, observed: Observed): Step | undefined {
  if (!observed.serviceAccount) return undefined;
  return {
    id: 'service-account-removal',
    title: `Delete service account ${serviceAccountId(name)}`,
    needs: ['settle', 'instance-removal', 'shared-key-withdrawal'],
  };
}

export function secretRemoval({ name }: Desired, { inventory }: Observed): Step | undefined {
  const names = (inventory?.secrets ?? []).filter((id) => id !== configSecretId(name));
  if (names.length === 0) return undefined;
  return {
    id: 'secret-removal',
    title: `Delete ${names.map((id) => `secret ${id}`).join(', ')}`,
    needs: ['settle', 'instance-removal'],
  };
}

export function backupRemoval(_desired: Desired, { inventory }: Observed): Step | undefined {
  const names = inventory?.objects ?? [];
  if (names.length === 0) return undefined;
  // After the VM, which would write another one.
  const needs = ['settle', 'instance-removal'] as const;
  return { id: 'backup-removal', title: `Delete ${names.join(', ')}`, needs };
}

export function queueRemoval(_desired: Desired, { inventory }: Observed): Step | undefined {
  const names = inventory?.queues ?? [];
  if (names.length === 0) return undefined;
  return {
    id: 'queue-removal',
    title: `Delete ${names.map(({ kind, name }) => `${kind} ${name}`).join(', ')}`,
    needs: ['settle', 'instance-removal'],
  };
}

/** After the VM, which still answers on it. */
export function numberReturn({ name }: Desired, { inventory }: Observed): Step | undefined {
  const count = inventory?.numbers?.length ?? 0;
  if (count === 0) return undefined;
  const title = `Return ${count} WhatsApp number(s) of ${name} to the pool`;
  return { id: 'number-return', title, needs: ['settle', 'instance-removal'] };
}

export function configRemoval({ name }: Desired, observed: Observed): Step | undefined {
  if (!observed.configSecret) return undefined;
  return {
    id: 'config-removal',
    title: `Delete secret ${configSecretId(name)}`,
    needs: [
      'settle',
      'instance-removal',
      'disk-removal',
      'secret-removal',
      'backup-removal',
      'number-return',
      'queue-removal',
      'shared-key-withdrawal',
      'service-account-removal',
    ],
  };
}

const namesOf = (all: readonly Labelled[] = []): readonly string[] => all.map(({ name }) => name);

/** Everything that belongs to the agent, as far as it was seen. */
export function ownedBy(desired: Desired, observed: Observed): readonly Owned[] {
  const { inventory, serviceAccount, sharedKeyPolicy } = observed;
  const bound = sharedKeyPolicy && holds(sharedKeyPolicy, memberOf(desired));
  const named = (kind: Owned['kind'], names: readonly string[] = []): readonly Owned[] =>
    names.map((name) => ({ kind, name }));
  return [
    ...named('instance', namesOf(inventory?.instances)),
    ...named('disk', namesOf(inventory?.disks)),
    ...named('object', inventory?.objects),
    ...(inventory?.queues ?? []),
    ...named('binding', bound ? [`${SHARED_KEY_SECRET} ${memberOf(desired)}`] : []),
    ...named('serviceAccount', serviceAccount ? [serviceAccount.email] : []),
    ...named('secret', inventory?.secrets),
  ];
}
