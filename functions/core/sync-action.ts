/** What a sync does about one agent, or one person of the directory: pure. */

import { createHash } from 'node:crypto';
import { PlaneError } from '../../contracts/errors.ts';
import { type UpdateRequest, updateRequest } from '../../contracts/lifecycle.ts';
import type { AgentName } from '../../contracts/names.ts';
import { canonicalJson } from './canonical.ts';
import { type DirectoryPerson, phoneForAgent, phoneOf } from './directory.ts';
import type { Member, Owned } from './owners.ts';
import { type Policy, parseBody, parseProvision, refuseBudget } from './request.ts';

/** Its making was begun and not seen to end. */
export const PENDING = 'pending';

export type SyncAction =
  | {
      readonly action: 'provision';
      readonly user: string;
      /** Body of a provision request. */
      readonly request: object;
      readonly followed: string;
      /** The owner's id. */
      readonly person: string | undefined;
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

export interface SyncRules {
  readonly policy: Policy;
  /** ISO 3166, or ''. */
  readonly phoneRegion: string;
  /** Percent of the fleet. */
  readonly share: number;
}

export const serves = ({ life }: Member): boolean => life === 'running' || life === 'stopped';
export const digest = (value: unknown): string =>
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
export function follow(
  user: string,
  person: DirectoryPerson,
  member: Member | undefined,
  { policy, phoneRegion }: SyncRules,
): SyncAction | undefined {
  const wishes = wishesOf(person, phoneRegion);
  const followed = digest(wishes);
  if (!member || member.followed === PENDING) {
    const request = { user, ...wishes, userPhone: phoneForAgent(person, phoneRegion) };
    parseProvision(policy, request);
    const id = member?.person ?? (person.primary === undefined ? person.id : undefined);
    return { action: 'provision', user, request, followed, person: id };
  }
  if (serves(member) && member.followed === followed) return undefined;
  refuseBudget(policy, wishes.budget);
  const isEmpty = Object.keys(wishes).length === 0;
  const fields = isEmpty ? {} : parseBody(updateRequest, wishes);
  return { action: 'update', user, agent: member.name, fields, followed };
}

export const wants = ({ suspended, toggle }: DirectoryPerson): boolean =>
  toggle.agentEnabled === true && !suspended;

/** @throws PlaneError where nobody but an admin can tell what is to be done */
export function actionFor(
  { member, owner, primary, successor }: Owned,
  fleet: ReadonlyMap<string, Member>,
  rules: SyncRules,
): SyncAction | undefined {
  const { name: agent, user } = member;
  // On its way out: nothing is left to decide.
  if (member.life === 'purged') return undefined;
  if (!owner || owner.suspended) {
    return member.life === 'revoked' ? undefined : { action: 'revoke', user, agent };
  }
  if (successor) {
    // Its mails would go to somebody else.
    if (serves(member) || wants(owner) || wants(successor)) throw isAnothers(primary);
    return undefined;
  }
  const other = primary === user ? undefined : fleet.get(primary);
  // Two agents for what is one person now: which of them goes is no machine's guess.
  if (other && (other.person ?? owner.id) === owner.id) {
    if (serves(member)) throw hasAnother(primary);
    return undefined;
  }
  if (member.followed === undefined) return undefined;
  if (wants(owner)) return follow(user, owner, member, rules);
  return serves(member) ? { action: 'deprovision', user, agent } : undefined;
}

const undecided = (message: string, problem: string, fix: string): PlaneError =>
  new PlaneError('FAILED_PRECONDITION', message, { details: [{ field: 'user', problem, fix }] });

const hasAnother = (primary: string): PlaneError =>
  undecided(
    'This person has two agents.',
    `is another address of ${primary}, who has an agent of their own`,
    'deprovision or purge the one that is not needed',
  );

const isAnothers = (primary: string): PlaneError =>
  undecided(
    "This agent's address is somebody else's now.",
    `is somebody else's address now; the owner of this agent is ${primary}`,
    'give the owner the address back, or purge the agent and provision one for the new address',
  );

/** Somebody new with the address of a person who left gets nothing of theirs. */
export const wasAnothers = (): PlaneError =>
  undecided(
    "The agent of this address was somebody else's.",
    'had another owner before, whose agent is out of service and still on record',
    'purge that agent: the next sync makes a new one',
  );
