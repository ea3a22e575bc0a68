/** The step that lets an agent use a secret, and on its own secrets nobody else. */

import { serviceAccountEmail, serviceAccountId } from '../../contracts/names.ts';
import { isServed } from './intent.ts';
import { ghostsOf, missingRoles, type Policy, strangers } from './policy.ts';
import type { Desired, Step, StepId } from './step.ts';

export function access(
  id: StepId,
  desired: Desired,
  secret: string,
  policy: Policy | undefined,
  wanted: readonly string[],
): Step | undefined {
  if (!isServed(desired.intent)) return undefined;
  const member = `serviceAccount:${serviceAccountEmail(desired.name, desired.project)}`;
  const isOwn = id !== 'shared-key-access';
  const missing = missingRoles(policy, wanted, member);
  const others = isOwn ? strangers(policy, wanted, member) : ghostsOf(policy, member);
  if (missing.length === 0 && others.length === 0) return undefined;
  const given = `let ${serviceAccountId(desired.name)} use ${secret} (${missing.join(', ')})`;
  const taken = `take ${others.join(', ')} off ${secret}`;
  const title = [...(missing.length > 0 ? [given] : []), ...(others.length > 0 ? [taken] : [])];
  const grant = { secret, roles: isOwn ? wanted : missing, member, policy, isOwn };
  return { id, title: sentence(title.join('; ')), needs: ['service-account'], grant };
}

const sentence = (text: string): string => text.charAt(0).toUpperCase() + text.slice(1);
