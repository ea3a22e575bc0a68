/** Who is in the local domain: ids outlive a change of address, and are never given twice. */

import { subjectOf } from '../tokens.ts';

/** What a test or a demo may say of a person; the rest follows from the address. */
export interface Person {
  readonly primaryEmail: string;
  /** Other addresses of the same person: an old one after a change, one of somebody who left. */
  readonly aliases?: readonly string[];
  readonly givenName?: string;
  readonly familyName?: string;
  readonly suspended?: boolean;
  readonly archived?: boolean;
  readonly isAdmin?: boolean;
  readonly phones?: readonly {
    readonly value: string;
    readonly type: string;
    readonly primary?: boolean;
  }[];
  /** schema -> field -> value */
  readonly customSchemas?: Readonly<Record<string, Readonly<Record<string, unknown>>>>;
}

export interface Account extends Person {
  readonly id: string;
}

export interface People {
  /** Adds a person, or replaces what is known of them. */
  put(person: Person): void;
  /** As an administrator deletes somebody. Whoever gets the address later is somebody else. */
  remove(email: string): void;
  /** The same person under another address; the old one becomes an alias, as Google does it. */
  rename(email: string, to: string): void;
  all(): readonly Account[];
  /** By primary address. */
  at(email: string): Account | undefined;
  /** By any address, or by id. */
  find(key: string): Account | undefined;
}

export function createPeople(): People {
  const accounts = new Map<string, Account>();
  /** How many people have had an address. */
  const holders = new Map<string, number>();
  const newId = (email: string): string => {
    const before = holders.get(email) ?? 0;
    holders.set(email, before + 1);
    return subjectOf(before === 0 ? email : `${before} ${email}`);
  };
  return {
    put: (person) => {
      const primaryEmail = person.primaryEmail.toLowerCase();
      const id = accounts.get(primaryEmail)?.id ?? newId(primaryEmail);
      accounts.set(primaryEmail, { ...person, primaryEmail, id });
    },
    remove: (email) => void accounts.delete(email.toLowerCase()),
    rename: (email, to) => {
      const person = accounts.get(email);
      if (!person) throw new Error(`nobody is called ${email}`);
      accounts.delete(email);
      const aliases = [...(person.aliases ?? []), email];
      accounts.set(to, { ...person, primaryEmail: to, aliases });
    },
    all: () => [...accounts.values()],
    at: (email) => accounts.get(email),
    find: (key) =>
      accounts.get(key) ??
      [...accounts.values()].find(({ id, aliases }) => id === key || aliases?.includes(key)),
  };
}
