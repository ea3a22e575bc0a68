/** Members of a project's IAM policy, changed in what `gcloud projects get-iam-policy --format=json` prints. */

import { z } from 'zod';

const Binding = z.looseObject({
  role: z.string(),
  members: z.array(z.string()).default([]),
  condition: z.looseObject({}).optional(),
});
/** The etag goes back as it came: Google refuses the write when somebody was faster. */
const Policy = z.looseObject({ bindings: z.array(Binding).default([]) });
export type Policy = z.infer<typeof Policy>;

/** @param text JSON; a policy that was never written has an etag alone */
export const readPolicy = (text: string): Policy => Policy.parse(JSON.parse(text));

/** The roles that a member holds without a condition. */
export const rolesOf = ({ bindings }: Policy, member: string): readonly string[] =>
  bindings.flatMap(({ role, members, condition }) =>
    !condition && members.includes(member) ? [role] : [],
  );

/** The same policy with `member` in each of these roles, without a condition. */
export function withMember(policy: Policy, member: string, roles: readonly string[]): Policy {
  const held = new Set(rolesOf(policy, member));
  const added = roles
    .filter((role) => !held.has(role))
    .map((role) => ({ role, members: [member] }));
  return { ...policy, bindings: [...policy.bindings, ...added] };
}

/** The same policy without `member`, whatever role and condition it was in for; a binding of nobody is none. */
export function withoutMember(policy: Policy, member: string): Policy {
  const bindings = policy.bindings
    .map((binding) => ({ ...binding, members: binding.members.filter((one) => one !== member) }))
    .filter(({ members }) => members.length > 0);
  return { ...policy, bindings };
}
