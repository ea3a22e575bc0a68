/**
 * Directory and fleet -> what a sync does: pure. An agent that the directory switched on follows
 * it; one that an admin made by hand is left alone, unless its owner is suspended or gone.
 */

import { inWords, PlaneError } from '../../contracts/errors.ts';
import type { Unfollowed } from '../../contracts/sync.ts';
import type { DirectoryPerson } from './directory.ts';
import { type Acquaintance, acquaintances, type Member, type Owned, ownersOf } from './owners.ts';
import type { Policy } from './request.ts';
import {
  actionFor,
  digest,
  follow,
  type SyncAction,
  type SyncRules,
  serves,
  wants,
  wasAnothers,
} from './sync-action.ts';

export interface SyncPlan {
  /** Those who leave first. */
  readonly actions: readonly SyncAction[];
  readonly unfollowed: readonly Unfollowed[];
  /** Owners whose ids are to be kept with their agents. */
  readonly acquaintances: readonly Acquaintance[];
  /** Agents in service that these actions would take out of it. */
  readonly removals: number;
  /** How many may be without asking. */
  readonly limit: number;
  /** Names the set of removals: another set has another one. */
  readonly confirm: string;
}

/** A small fleet changes by more than its share whenever anybody leaves. */
const REMOVALS_AT_LEAST = 3;

const problemIn = (error: unknown): string => {
  if (!(error instanceof PlaneError)) throw error;
  return error.details.map(inWords).join('; ');
};

const ORDER = ['revoke', 'deprovision', 'update', 'provision'];

/**
 * What has to be decided, user by user; each may throw what an admin is to be told.
 * @param people as `planSync` gets them
 */
function questions(
  people: readonly DirectoryPerson[],
  owned: readonly Owned[],
  rules: SyncRules,
): readonly { readonly user: string; readonly decide: () => SyncAction | undefined }[] {
  const members = new Map(owned.map(({ member }) => [member.user, member]));
  const served = new Set(owned.flatMap(({ owner, primary }) => (owner ? [primary] : [])));
  const isNew = ({ email, primary }: DirectoryPerson): boolean =>
    primary === undefined && !members.has(email) && !served.has(email);
  const heirs = owned.filter(
    ({ member, owner, successor }) =>
      member.life !== 'purged' &&
      (!owner || owner.suspended) &&
      successor !== undefined &&
      wants(successor) &&
      !served.has(successor.email),
  );
  return [
    ...owned.map((one) => ({
      user: one.member.user,
      decide: () => actionFor(one, members, rules),
    })),
    ...heirs.map(({ member: { user } }) => ({
      user,
      decide: () => {
        throw wasAnothers();
      },
    })),
    ...people
      .filter((person) => isNew(person) && wants(person) && isOurs(person.email, rules.policy))
      .map((person) => ({
        user: person.email,
        decide: () => follow(person.email, person, undefined, rules),
      })),
  ];
}

/**
 * @param people all of the directory, suspended ones too, and whoever was asked for: see `ownersOf`
 * @param fleet every agent; one a user
 */
export function planSync(
  people: readonly DirectoryPerson[],
  fleet: readonly Member[],
  rules: SyncRules,
): SyncPlan {
  const members = new Map(fleet.map((member) => [member.user, member]));
  const owned = ownersOf(people, fleet);
  const actions: SyncAction[] = [];
  const unfollowed: Unfollowed[] = [];
  for (const { user, decide } of questions(people, owned, rules)) {
    try {
      const action = decide();
      if (action) actions.push(action);
    } catch (error) {
      unfollowed.push({ user, problem: problemIn(error) });
    }
  }
  const removed = actions.filter(({ action, user }) => {
    const member = members.get(user);
    return (action === 'revoke' || action === 'deprovision') && member && serves(member);
  });
  const inService = fleet.filter(serves).length;
  return {
    actions: actions.toSorted(byUrgency),
    unfollowed,
    acquaintances: acquaintances(owned),
    removals: removed.length,
    limit: Math.max(REMOVALS_AT_LEAST, Math.floor((inService * rules.share) / 100)),
    confirm: digest(removed.map(({ action, user }) => `${action} ${user}`).sort()),
  };
}

const isOurs = (user: string, { domains }: Policy): boolean =>
  domains.includes(user.slice(user.lastIndexOf('@') + 1));

const byUrgency = (a: SyncAction, b: SyncAction): number =>
  ORDER.indexOf(a.action) - ORDER.indexOf(b.action) || (a.user < b.user ? -1 : 1);
