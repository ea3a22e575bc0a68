/** IAM bindings as Google's clients give them, to values. */

import type { Binding } from '../core/policy.ts';

interface WireBinding {
  readonly role?: string | null;
  readonly members?: string[] | null;
  /** google.type.Expr; carried through unread. */
  readonly condition?: unknown;
}

export const bindingsOf = (bindings: readonly WireBinding[] | null | undefined): Binding[] =>
  (bindings ?? []).map(({ role, members, condition }) => ({
    role: role ?? '',
    members: members ?? [],
    ...(condition ? { condition } : {}),
  }));
