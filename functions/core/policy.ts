/** IAM policies as values. https://cloud.google.com/iam/docs/reference/rest/v1/Policy */

export interface Binding {
  readonly role: string;
  readonly members: readonly string[];
  /** Carried through untouched: dropping a condition would widen a grant. */
  readonly condition?: unknown;
}

export interface Policy {
  readonly etag?: string | undefined;
  readonly version?: number | undefined;
  readonly bindings: readonly Binding[];
}

export const ROLE_ACCESSOR = 'roles/secretmanager.secretAccessor';
/** Adds versions and can neither disable nor destroy one. */
export const ROLE_VERSION_ADDER = 'roles/secretmanager.secretVersionAdder';
export const ROLE_VERSION_MANAGER = 'roles/secretmanager.secretVersionManager';

const grants = (binding: Binding, role: string, member: string): boolean =>
  binding.role === role && binding.condition === undefined && binding.members.includes(member);

/** Which of these roles the member lacks (an unconditional grant counts alone). */
export function missingRoles(
  policy: Policy | undefined,
  roles: readonly string[],
  member: string,
): readonly string[] {
  return roles.filter((role) => !policy?.bindings.some((binding) => grants(binding, role, member)));
}

/** The policy with the member added to these roles; etag, conditions and other members stay. */
export function withMember(
  policy: Policy | undefined,
  roles: readonly string[],
  member: string,
): Policy {
  const missing = missingRoles(policy, roles, member);
  const bindings = (policy?.bindings ?? []).map((binding) =>
    missing.includes(binding.role) && binding.condition === undefined
      ? { ...binding, members: [...binding.members, member] }
      : binding,
  );
  const fresh = missing
    .filter((role) => !bindings.some((b) => b.role === role && b.condition === undefined))
    .map((role) => ({ role, members: [member] }));
  return { ...policy, bindings: [...bindings, ...fresh] };
}

/** The policy without the member's unconditional grants of these roles; the rest stays. */
export function withoutMember(policy: Policy, roles: readonly string[], member: string): Policy {
  const bindings = policy.bindings
    .map((binding) =>
      roles.some((role) => grants(binding, role, member))
        ? { ...binding, members: binding.members.filter((each) => each !== member) }
        : binding,
    )
    .filter((binding) => binding.members.length > 0);
  return { ...policy, bindings };
}

/** Whether the member has any role here, under a condition or not. */
export const holds = (policy: Policy, member: string): boolean =>
  policy.bindings.some((binding) => binding.members.includes(member));

/** The policy without the member; bindings that are empty then are left out. */
export function withoutAnyRole(policy: Policy, member: string): Policy {
  const bindings = policy.bindings
    .map((binding) => ({ ...binding, members: binding.members.filter((one) => one !== member) }))
    .filter((binding) => binding.members.length > 0);
  return { ...policy, bindings };
}
