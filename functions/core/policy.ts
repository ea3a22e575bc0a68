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
export const ROLE_SUBSCRIBER = 'roles/pubsub.subscriber';
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

/** Whoever is granted something besides the member's unconditional grants of these roles. */
export function strangers(
  policy: Policy | undefined,
  roles: readonly string[],
  member: string,
): readonly string[] {
  const beyond = (policy?.bindings ?? []).flatMap(({ role, members, condition }) =>
    roles.includes(role) && condition === undefined
      ? members.filter((each) => each !== member)
      : members,
  );
  return [...new Set(beyond)];
}

/** The policy with these roles for the member and nothing else; its etag stays. */
export function exactly(
  policy: Policy | undefined,
  roles: readonly string[],
  member: string,
): Policy {
  const { etag } = policy ?? {};
  const bindings = roles.map((role) => ({ role, members: [member] }));
  return { ...(etag === undefined ? {} : { etag }), bindings };
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

/**
 * What an account that was deleted leaves behind: one of the same name, made anew, is another.
 * https://cloud.google.com/iam/docs/principal-identifiers#v1-deleted
 */
const isGhost = (each: string, member: string): boolean =>
  each.startsWith(`deleted:${member}?uid=`);

export const ghostsOf = (policy: Policy | undefined, member: string): readonly string[] =>
  (policy?.bindings ?? [])
    .flatMap(({ members }) => members)
    .filter((each) => isGhost(each, member));

/** Whether the member has any role here, under a condition or not, or once had. */
export const holds = (policy: Policy, member: string): boolean =>
  policy.bindings.some(({ members }) =>
    members.some((each) => each === member || isGhost(each, member)),
  );

/** The policy without those of whom it is true; bindings that are empty then are left out. */
function withoutThose(policy: Policy, isOut: (member: string) => boolean): Policy {
  const bindings = policy.bindings
    .map((binding) => ({ ...binding, members: binding.members.filter((one) => !isOut(one)) }))
    .filter((binding) => binding.members.length > 0);
  return { ...policy, bindings };
}

/** The policy without the member, and without what it was in an earlier life. */
export const withoutAnyRole = (policy: Policy, member: string): Policy =>
  withoutThose(policy, (one) => one === member || isGhost(one, member));

/** The policy without what the member was in an earlier life. */
export const withoutGhosts = (policy: Policy, member: string): Policy =>
  withoutThose(policy, (one) => isGhost(one, member));
