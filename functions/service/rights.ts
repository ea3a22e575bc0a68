/** The steps that give an agent's service account rights on secrets, or take them. */

import { SHARED_KEY_SECRET } from '../../contracts/names.ts';
import type { Policy } from '../core/policy.ts';
import { exactly, withMember, withoutAnyRole, withoutGhosts } from '../core/policy.ts';
import { onConflict } from './retry.ts';
import { patient, type Run } from './run.ts';

export async function withdraw({ tools, step }: Run): Promise<void> {
  const { withdraw: wanted } = step;
  if (!wanted) throw new Error(`step ${step.id} has no withdrawal`);
  const { secret, member, policy, isOwn } = wanted;
  await onConflict(tools.clock, async (again) => {
    const current = again ? await tools.secrets.policy(secret) : policy;
    if (!current) return;
    const left = isOwn ? exactly(current, [], member) : withoutAnyRole(current, member);
    await tools.secrets.setPolicy(secret, left);
  });
}

/**
 * Read-modify-write with the policy's etag; a lost race starts over from a fresh read. The shared
 * key's policy is written by every agent that is made at the same time: what was read with the
 * rest, some calls ago, would lose more often than not, and each loss is a write of 600 a minute.
 */
export async function grant(run: Run): Promise<void> {
  const { tools, step } = run;
  const wanted = step.grant;
  if (!wanted) throw new Error(`step ${step.id} has no grant`);
  const write = async (again: boolean): Promise<void> => {
    const stale = again || wanted.secret === SHARED_KEY_SECRET;
    const policy: Policy | undefined = stale
      ? await tools.secrets.policy(wanted.secret)
      : wanted.policy;
    const { secret, roles, member, isOwn } = wanted;
    const others = policy && withoutGhosts(policy, member);
    await tools.secrets.setPolicy(secret, (isOwn ? exactly : withMember)(others, roles, member));
  };
  await patient(run, () => onConflict(tools.clock, write));
}
