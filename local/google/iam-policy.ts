/**
 * IAM policies as values: who is meant by a member, what a policy grants, which policies
 * apply to a resource. Pure.
 *
 * https://cloud.google.com/iam/docs/reference/rest/v1/Policy
 */

import { createHash } from 'node:crypto';
import { type Attributes, type Condition, compileCondition } from './iam-condition.ts';
import type { Roles } from './roles.ts';
import { GoogleError } from './service.ts';

export interface Binding {
  readonly role: string;
  readonly members: readonly string[];
  readonly condition?: Condition;
}

export interface Policy {
  /** 3 where a binding has a condition. */
  readonly version: 1 | 3;
  readonly bindings: readonly Binding[];
  /** Base64, as bytes are in JSON. */
  readonly etag: string;
}

/** `ACAB` is the etag Google gives a policy that was never set. */
export const EMPTY_POLICY: Policy = { version: 1, bindings: [], etag: 'ACAB' };

/** Who is asking, as far as IAM is concerned. */
export interface Identity {
  /** `serviceAccount:x@y`, `user:x@y` */
  readonly principal: string;
  /** Number of the project that a service account lives in. */
  readonly projectNumber: string | undefined;
}

const ALL_ACCOUNTS =
  /^principalSet:\/\/cloudresourcemanager\.googleapis\.com\/projects\/(\d+)\/type\/ServiceAccount$/;

/** Whether a member of a binding means this identity. */
export function includes(member: string, identity: Identity): boolean {
  if (member === 'allUsers' || member === 'allAuthenticatedUsers') return true;
  if (member.startsWith('domain:')) {
    const domain = member.slice('domain:'.length);
    return identity.principal.startsWith('user:') && identity.principal.endsWith(`@${domain}`);
  }
  const project = ALL_ACCOUNTS.exec(member)?.[1];
  if (project !== undefined) return identity.projectNumber === project;
  return member === identity.principal;
}

/**
 * Whether a policy grants a permission; roles nobody knows grant nothing.
 * @param attributes of the resource that is asked for, wherever the policy is attached
 */
export function grants(
  policy: Policy,
  identity: Identity,
  permission: string,
  roles: Roles,
  attributes: Attributes,
): boolean {
  return policy.bindings.some(
    ({ role, members, condition }) =>
      roles.get(role)?.has(permission) === true &&
      members.some((member) => includes(member, identity)) &&
      (!condition || compileCondition(condition)(attributes)),
  );
}

const DIGEST_LENGTH = 20;

/**
 * What somebody sees who does not ask for version 3: a role that nobody can grant, and no condition.
 * https://cloud.google.com/iam/help/conditions/policies
 */
export function withoutConditions(policy: Policy): Policy {
  const bindings = policy.bindings.map(({ role, members, condition }) => {
    if (!condition) return { role, members };
    const digest = createHash('sha256').update(condition.expression).digest('hex');
    return { role: `${role}_withcond_${digest.slice(0, DIGEST_LENGTH)}`, members };
  });
  return { ...policy, version: 1, bindings };
}

/** The resource itself and what it inherits from, nearest first: `projects/p/secrets/s/versions/1` -> … -> `projects/p`. */
export function lineage(resource: string): readonly string[] {
  const parts = resource.split('/');
  const all: string[] = [];
  for (let end = parts.length - (parts.length % 2); end >= 2; end -= 2) {
    all.push(parts.slice(0, end).join('/'));
  }
  return all;
}

const KNOWN_MEMBER =
  /^(allUsers|allAuthenticatedUsers|(user|serviceAccount|group|domain):[^\s:]+|deleted:(user|serviceAccount|group):[^\s:]+\?uid=\d+|principalSet:\/\/\S+|projectOwner:\S+|projectEditor:\S+|projectViewer:\S+)$/;

function isBinding(value: unknown): value is Binding {
  if (typeof value !== 'object' || value === null) return false;
  const { role, members = [] } = value as { role?: unknown; members?: unknown };
  const texts = Array.isArray(members) && members.every((member) => typeof member === 'string');
  return typeof role === 'string' && texts;
}

const isCondition = (value: unknown): value is Condition => {
  const { title, expression } = (value ?? {}) as { title?: unknown; expression?: unknown };
  return typeof title === 'string' && typeof expression === 'string';
};

/** @throws GoogleError INVALID_ARGUMENT when conditions come with a policy of another version */
function checkCondition(condition: unknown, version: unknown): void {
  if (version !== 3) {
    const message = 'Specified policy must have version 3, for it contains conditions.';
    throw new GoogleError('INVALID_ARGUMENT', message);
  }
  if (!isCondition(condition)) {
    throw new GoogleError('INVALID_ARGUMENT', 'A condition has a title and an expression.');
  }
  compileCondition(condition);
}

/** Everything that makes Google refuse a policy, whoever sets it. */
function checkBinding(binding: Binding, roles: Roles, exists: (member: string) => boolean): void {
  if (!roles.has(binding.role)) {
    throw new GoogleError(
      'INVALID_ARGUMENT',
      `Role ${binding.role} is not supported for this resource.`,
    );
  }
  for (const member of binding.members) {
    if (!KNOWN_MEMBER.test(member)) {
      throw new GoogleError(
        'INVALID_ARGUMENT',
        `The member ${member} is of an unknown type. Please set a valid type prefix for the member.`,
      );
    }
    if (exists(member)) continue;
    const [kind, email] = member.split(':');
    const noun = kind === 'serviceAccount' ? 'Service account' : 'User';
    throw new GoogleError('INVALID_ARGUMENT', `${noun} ${email} does not exist.`);
  }
}

/** Members sorted and single, bindings of one role and condition merged, empty ones dropped: how Google stores it. */
export function tidy(bindings: readonly Binding[]): readonly Binding[] {
  const keyOf = ({ role, condition }: Binding): string =>
    condition ? `${role} ${condition.title} ${condition.expression}` : role;
  const groups = Map.groupBy(bindings, keyOf);
  return [...groups]
    .sort(([one], [other]) => (one < other ? -1 : 1))
    .flatMap(([, group]) => {
      const members = [...new Set(group.flatMap((binding) => binding.members ?? []))].sort();
      return group[0] && members.length > 0 ? [{ ...group[0], members }] : [];
    });
}

/**
 * Reads the `policy` of a setIamPolicy body into bindings ready to be stored.
 * @throws GoogleError INVALID_ARGUMENT
 */
export function readBindings(
  policy: Readonly<Record<string, unknown>>,
  roles: Roles,
  exists: (member: string) => boolean,
): readonly Binding[] {
  const bindings = policy.bindings ?? [];
  if (!Array.isArray(bindings) || !bindings.every(isBinding)) {
    throw new GoogleError(
      'INVALID_ARGUMENT',
      "Invalid value at 'policy.bindings' (type.googleapis.com/google.iam.v1.Binding)",
    );
  }
  for (const binding of bindings) {
    if (binding.condition) checkCondition(binding.condition, policy.version);
    checkBinding({ ...binding, members: binding.members ?? [] }, roles, exists);
  }
  return tidy(bindings);
}

/** The same policy after an account was deleted: its member no longer means anybody. */
export function withoutAccount(policy: Policy, email: string, uniqueId: string): Policy {
  const gone = `serviceAccount:${email}`;
  const bindings = policy.bindings.map((binding) => ({
    ...binding,
    members: binding.members.map((member) =>
      member === gone ? `deleted:${gone}?uid=${uniqueId}` : member,
    ),
  }));
  return { ...policy, bindings };
}
