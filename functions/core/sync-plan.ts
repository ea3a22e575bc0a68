/**
 * Directory and fleet -> what a sync does: pure. An agent that the directory switched on follows
 * it; one that an admin made by hand is left alone, unless its owner is suspended or gone.
 */

import { createHash } from 'node:crypto';
import { PlaneError } from '../../contracts/errors.ts';
import { type UpdateRequest, updateRequest } from '../../contracts/lifecycle.ts';
import type { AgentName } from '../../contracts/names.ts';
import type { Unfollowed } from '../../contracts/sync.ts';
import { canonicalJson } from './canonical.ts';
import { type DirectoryPerson, phoneForAgent, phoneOf } from './directory.ts';
import type { Intent } from './intent.ts';
import { type Policy, parseBody, parseProvision, refuseBudget } from './request.ts';

/** An agent, as its config secret's annotations show it. */
export interface Member {
  readonly name: AgentName;
  readonly user: string;
  readonly life: Intent['life'];
  /** What of the directory it was last brought to; `PENDING` at its beginning; undefined: made by hand. */
  readonly followed: string | undefined;
}

/** Its making was begun and not seen to end. */
export const PENDING = 'pending';

export type SyncAction =
  | {
      readonly action: 'provision';
      readonly user: string;
      /** Body of a provision request. */
      readonly request: object;
      readonly followed: string;
    }
  | {
      readonly action: 'update';
      readonly user: string;
      readonly agent: AgentName;
      readonly fields: UpdateRequest;
      readonly followed: string;
    }
  | {
      readonly action: 'deprovision' | 'revoke';
      readonly user: string;
      readonly agent: AgentName;
    };

export interface SyncPlan {
  /** Those who leave first. */
  readonly actions: readonly SyncAction[];
  readonly unfollowed: readonly Unfollowed[];
  /** Agents in service that these actions would take out of it. */
  readonly removals: number;
  /** How many may be without asking. */
  readonly limit: number;
  /** Names the set of removals: another set has another one. */
  readonly confirm: string;
}

export interface SyncRules {
  readonly policy: Policy;
  /** ISO 3166, or ''. */
  readonly phoneRegion: string;
  /** Percent of the fleet. */
  readonly share: number;
}

/** A small fleet changes by more than its share whenever anybody leaves. */
export const REMOVALS_AT_LEAST = 3;

const serves = ({ life }: Member): boolean => life === 'running' || life === 'stopped';
const digest = (value: unknown): string =>
  createHash('sha256').update(canonicalJson(value)).digest('hex').slice(0, 16);

/** What the directory says of a person's agent; what it leaves out is the plane's or the admin's matter. */
function wishesOf(person: DirectoryPerson, region: string): UpdateRequest {
  const { agentModel, agentBudget } = person.toggle;
  const finding = phoneOf(person, region);
  return {
    ...(finding.kind === 'found' ? { userPhone: finding.phone } : {}),
    ...(agentModel === undefined ? {} : { model: agentModel }),
    ...(agentBudget === undefined ? {} : { budget: agentBudget }),
  };
}

/** @throws PlaneError INVALID_ARGUMENT when the directory asks for what cannot be */
function follow(
  person: DirectoryPerson,
  member: Member | undefined,
  { policy, phoneRegion }: SyncRules,
): SyncAction | undefined {
  const wishes = wishesOf(person, phoneRegion);
  const followed = digest(wishes);
  const { email: user } = person;
  if (!member || member.followed === PENDING) {
    const request = { user, ...wishes, userPhone: phoneForAgent(person, phoneRegion) };
    parseProvision(policy, request);
    return { action: 'provision', user, request, followed };
  }
  if (serves(member) && member.followed === followed) return undefined;
  refuseBudget(policy, wishes.budget);
  const isEmpty = Object.keys(wishes).length === 0;
  const fields = isEmpty ? {} : parseBody(updateRequest, wishes);
  return { action: 'update', user, agent: member.name, fields, followed };
}

function actionFor(
  person: DirectoryPerson | undefined,
  member: Member | undefined,
  rules: SyncRules,
): SyncAction | undefined {
  // On its way out: nothing is left to decide.
  if (member?.life === 'purged') return undefined;
  if (!person || person.suspended) {
    if (!member || member.life === 'revoked') return undefined;
    return { action: 'revoke', user: member.user, agent: member.name };
  }
  if (member && member.followed === undefined) return undefined;
  if (person.toggle.agentEnabled) return follow(person, member, rules);
  if (!member || !serves(member)) return undefined;
  return { action: 'deprovision', user: member.user, agent: member.name };
}

const hasAnother = (primary: string): PlaneError =>
  new PlaneError('FAILED_PRECONDITION', 'This person has two agents.', {
    details: [
      {
        field: 'user',
        problem: `is another address of ${primary}, who has an agent of their own`,
        fix: 'deprovision or purge the one that is not needed',
      },
    ],
  });

/** @throws PlaneError where nobody but an admin can tell what is to be done */
function actionOf(
  user: string,
  people: ReadonlyMap<string, DirectoryPerson>,
  fleet: ReadonlyMap<string, Member>,
  rules: SyncRules,
): SyncAction | undefined {
  const [person, member] = [people.get(user), fleet.get(user)];
  const { primary = user } = person ?? {};
  // Two agents for what is one person now: which of them goes is no machine's guess.
  if (member && primary !== user && fleet.has(primary) && !person?.suspended) {
    if (serves(member)) throw hasAnother(primary);
    return undefined;
  }
  return actionFor(person, member, rules);
}

const problemIn = (error: unknown): string => {
  if (!(error instanceof PlaneError)) throw error;
  return error.details.map(({ field, problem, fix }) => `${field} ${problem}: ${fix}`).join('; ');
};

const ORDER = ['revoke', 'deprovision', 'update', 'provision'];

/**
 * @param people all of the directory, suspended ones too; whoever is missing is gone
 * @param fleet every agent; one a user
 */
export function planSync(
  people: readonly DirectoryPerson[],
  fleet: readonly Member[],
  rules: SyncRules,
): SyncPlan {
  const known = new Map(people.map((person) => [person.email, person]));
  const members = new Map(fleet.map((member) => [member.user, member]));
  const ours = ({ email, toggle }: DirectoryPerson): boolean =>
    members.has(email) || (toggle.agentEnabled === true && isOurs(email, rules.policy));
  const users = new Set([...members.keys(), ...people.filter(ours).map(({ email }) => email)]);
  const actions: SyncAction[] = [];
  const unfollowed: Unfollowed[] = [];
  for (const user of users) {
    try {
      const action = actionOf(user, known, members, rules);
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
    removals: removed.length,
    limit: Math.max(REMOVALS_AT_LEAST, Math.floor((inService * rules.share) / 100)),
    confirm: digest(removed.map(({ action, user }) => `${action} ${user}`).sort()),
  };
}

const isOurs = (user: string, { domains }: Policy): boolean =>
  domains.includes(user.slice(user.lastIndexOf('@') + 1));

const byUrgency = (a: SyncAction, b: SyncAction): number =>
  ORDER.indexOf(a.action) - ORDER.indexOf(b.action) || (a.user < b.user ? -1 : 1);
