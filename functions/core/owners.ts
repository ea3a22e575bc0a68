/**
 * Whose an agent is, in today's directory: by the id that was remembered of its owner, or by its
 * address where none was. An address can become somebody else's; an id cannot. Pure.
 */

import type { AgentName } from '../../contracts/names.ts';
import type { DirectoryPerson } from './directory.ts';
import type { Intent } from './intent.ts';

/** An agent, as its config secret's annotations show it. */
export interface Member {
  readonly name: AgentName;
  readonly user: string;
  readonly life: Intent['life'];
  /** What of the directory it was last brought to; `PENDING` at its beginning; undefined: made by hand. */
  readonly followed: string | undefined;
  /** The owner's id in the directory, once a sync or a provision has seen them. */
  readonly person?: string | undefined;
}

export interface Owned {
  readonly member: Member;
  /** Undefined: gone. */
  readonly owner: DirectoryPerson | undefined;
  /** The owner's primary address today. */
  readonly primary: string;
  /** Whose primary address the agent's is now, where that is somebody else than the owner. */
  readonly successor: DirectoryPerson | undefined;
}

/** The id of an owner who is not on record with it yet. */
export interface Acquaintance {
  readonly agent: AgentName;
  readonly user: string;
  readonly person: string;
}

/**
 * Who has to be asked for by name, before "is not in the list" may mean "is gone": by the id on
 * record, or the address where there is none.
 */
export function absentees(
  listed: readonly DirectoryPerson[],
  fleet: readonly Member[],
): readonly { readonly user: string; readonly key: string }[] {
  const ids = new Set(listed.map(({ id }) => id));
  const addresses = new Set(listed.map(({ email }) => email));
  const isListed = ({ user, person }: Member): boolean =>
    person === undefined ? addresses.has(user) : ids.has(person);
  return fleet
    .filter((member) => member.life !== 'revoked' && !isListed(member))
    .map(({ user, person }) => ({ user, key: person ?? user }));
}

/**
 * @param people the list, and (with `primary`, under the agent's address) whoever was asked for
 * @param fleet every agent; one a user
 */
export function ownersOf(
  people: readonly DirectoryPerson[],
  fleet: readonly Member[],
): readonly Owned[] {
  const listed = people.filter(({ primary }) => primary === undefined);
  const byAddress = new Map(listed.map((person) => [person.email, person]));
  const byId = new Map(listed.map((person) => [person.id ?? person.email, person]));
  const answers = people.filter(({ primary }) => primary !== undefined);
  const asked = new Map(answers.map((person) => [person.email, person]));
  return fleet.map((member) => {
    const { user, person } = member;
    const holder = byAddress.get(user);
    const owner = [byId.get(person ?? user), holder, asked.get(user)]
      .filter((one) => one !== undefined)
      // An entry that came without an id contradicts nothing.
      .find(({ id = person }) => person === undefined || id === person);
    const successor = holder && holder !== owner ? holder : undefined;
    return { member, owner, primary: owner?.primary ?? owner?.email ?? user, successor };
  });
}

/** Whose id may be kept: an alias says nothing of whose the agent is. */
export const acquaintances = (owned: readonly Owned[]): readonly Acquaintance[] =>
  owned.flatMap(({ member: { name: agent, user, life, person: known }, owner, primary }) => {
    const isToLearn = known === undefined && life !== 'revoked' && life !== 'purged';
    if (!isToLearn || primary !== user || owner?.id === undefined) return [];
    return [{ agent, user, person: owner.id }];
  });
