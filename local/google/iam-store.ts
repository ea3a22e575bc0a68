/** The policies that are in force, by resource, and the one question everybody asks them. */

import { attributesOf, type Condition } from './iam-condition.ts';
import type { Binding, Identity, Policy } from './iam-policy.ts';
import { EMPTY_POLICY, grants, lineage, readBindings, tidy, withoutAccount } from './iam-policy.ts';
import type { Propagation } from './iam-propagation.ts';
import type { Projects } from './projects.ts';
import type { Roles } from './roles.ts';
import type { Demand } from './service.ts';
import { GoogleError } from './service.ts';

export interface IamStore {
  allows(principal: string, demand: Demand): boolean;
  /** `projects/p` that the resource belongs to; undefined for a bucket that nobody has. */
  projectOf(resource: string): string | undefined;
  /** The policy attached to this very resource. */
  get(resource: string): Policy;
  /**
   * setIamPolicy: replaces the policy.
   * @param policy body of the call; an etag in it must be the current one
   * @throws GoogleError INVALID_ARGUMENT, ABORTED (etag)
   */
  set(resource: string, policy: Readonly<Record<string, unknown>>): Policy;
  /** Seeding: adds members to a role, without checks. */
  grant(resource: string, role: string, members: readonly string[], condition?: Condition): void;
  /** Takes a member out of a role, under whatever condition; no error when it was not in. */
  revoke(resource: string, role: string, member: string): void;
  /** The resource is gone, and its policy with it. */
  drop(resource: string): void;
  /** The permissions among `permissions` that the principal has. */
  test(principal: string, resource: string, permissions: readonly string[]): readonly string[];
  accountDeleted(email: string, uniqueId: string): void;
  /** Says that `resource` inherits from `parent` although its path does not tell (buckets). */
  adopt(resource: string, parent: string): void;
}

export interface IamStoreOptions {
  readonly roles: Roles;
  readonly projects: Projects;
  /** Whether a `user:` or `serviceAccount:` member is somebody. */
  readonly memberExists: (member: string) => boolean;
  readonly propagation: Propagation;
}

const etagOf = (count: number): string => {
  const bytes = Buffer.alloc(8);
  bytes.writeUInt32BE(0x0600_0000);
  bytes.writeUInt32BE(count, 4);
  return bytes.toString('base64');
};

export function createIamStore(options: IamStoreOptions): IamStore {
  const { roles, projects, propagation } = options;
  const policies = new Map<string, Policy>();
  const parents = new Map<string, string>();
  let changes = 0;

  const normal = (resource: string): string => projects.normalise(resource);
  const get = (resource: string): Policy => policies.get(normal(resource)) ?? EMPTY_POLICY;
  const inForce = (resource: string): Policy =>
    propagation.stillInForce(normal(resource)) ?? get(resource);
  const put = (resource: string, bindings: readonly Binding[]): Policy => {
    changes += 1;
    const version = bindings.some(({ condition }) => condition) ? 3 : 1;
    const policy: Policy = { version, bindings, etag: etagOf(changes) };
    policies.set(normal(resource), policy);
    return policy;
  };
  const ancestors = (resource: string): readonly string[] =>
    lineage(normal(resource)).flatMap((step) => [step, ...lineage(parents.get(step) ?? '')]);

  const allows = (principal: string, { permission, resource }: Demand): boolean => {
    const identity: Identity = { principal, projectNumber: projects.numberOfAccount(principal) };
    const attributes = attributesOf(normal(resource), (id) => projects.find(id)?.number ?? id);
    return ancestors(resource).some((step) =>
      grants(inForce(step), identity, permission, roles, attributes),
    );
  };

  return {
    allows,
    projectOf: (resource) => ancestors(resource).find((step) => /^projects\/[^/_]+$/.test(step)),
    get,
    set(resource, policy) {
      const { etag } = policy;
      if (typeof etag === 'string' && etag !== '' && etag !== get(resource).etag) {
        throw new GoogleError(
          'ABORTED',
          'There were concurrent policy changes. Please retry the whole read-modify-write with exponential backoff.',
        );
      }
      const bindings = readBindings(policy, roles, options.memberExists);
      propagation.replaced(normal(resource), get(resource));
      return put(resource, bindings);
    },
    grant(resource, role, members, condition) {
      const added = { role, members, ...(condition && { condition }) };
      put(resource, tidy([...get(resource).bindings, added]));
    },
    revoke(resource, role, member) {
      const rest = get(resource).bindings.map((binding) => ({
        ...binding,
        members: binding.members.filter((each) => binding.role !== role || each !== member),
      }));
      put(
        resource,
        rest.filter(({ members }) => members.length > 0),
      );
    },
    drop(resource) {
      propagation.drop(normal(resource));
      policies.delete(normal(resource));
      parents.delete(normal(resource));
    },
    test: (principal, resource, permissions) =>
      permissions.filter((permission) => allows(principal, { permission, resource })),
    accountDeleted(email, uniqueId) {
      for (const [resource, policy] of policies) {
        policies.set(resource, withoutAccount(policy, email, uniqueId));
      }
    },
    adopt(resource, parent) {
      parents.set(normal(resource), normal(parent));
    },
  };
}
