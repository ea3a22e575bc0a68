/**
 * The service accounts of all projects. A name that is used again after a deletion is
 * another account: it has a new unique id, and nothing that was granted to the old one.
 */

import { GoogleError } from './service.ts';

export interface ServiceAccount {
  /** The part before the @. */
  readonly id: string;
  readonly email: string;
  /** 21 digits. */
  readonly uniqueId: string;
  readonly projectId: string;
  readonly displayName: string;
  readonly description: string;
  readonly disabled: boolean;
}

export interface ServiceAccounts {
  /** By email or unique id. */
  find(key: string): ServiceAccount | undefined;
  list(projectId: string): readonly ServiceAccount[];
  /** @throws GoogleError ALREADY_EXISTS, RESOURCE_EXHAUSTED (100 accounts a project) */
  create(
    projectId: string,
    id: string,
    texts?: { displayName?: string; description?: string },
  ): ServiceAccount;
  /** @throws GoogleError NOT_FOUND */
  update(
    email: string,
    change: Partial<Pick<ServiceAccount, 'displayName' | 'description' | 'disabled'>>,
  ): ServiceAccount;
  /** @returns what was deleted; undefined when there was none */
  remove(email: string): ServiceAccount | undefined;
}

/** Default quota: https://cloud.google.com/iam/quotas */
const ACCOUNTS_PER_PROJECT = 100;

const emailOf = (id: string, projectId: string): string =>
  `${id}@${projectId}.iam.gserviceaccount.com`;

/** @param most in one project: a quota that can be raised */
export function createServiceAccounts(most: number = ACCOUNTS_PER_PROJECT): ServiceAccounts {
  const accounts = new Map<string, ServiceAccount>();
  let made = 0;

  const list = (projectId: string): readonly ServiceAccount[] =>
    [...accounts.values()]
      .filter((account) => account.projectId === projectId)
      .sort((a, b) => (a.email < b.email ? -1 : 1));

  const find = (key: string): ServiceAccount | undefined =>
    accounts.get(key) ?? [...accounts.values()].find((account) => account.uniqueId === key);

  return {
    find,
    list,
    create(projectId, id, texts = {}) {
      const email = emailOf(id, projectId);
      if (accounts.has(email)) {
        throw new GoogleError(
          'ALREADY_EXISTS',
          `Service account ${id} already exists within project projects/${projectId}.`,
        );
      }
      const there = [...accounts.values()].filter((account) => account.projectId === projectId);
      if (there.length >= most) {
        throw new GoogleError(
          'RESOURCE_EXHAUSTED',
          'Maximum number of service accounts on project reached.',
        );
      }
      made += 1;
      const uniqueId = `1${String(10_000_000 + made).padStart(20, '0')}`;
      const { displayName = '', description = '' } = texts;
      const account = { id, email, uniqueId, projectId, displayName, description, disabled: false };
      accounts.set(email, account);
      return account;
    },
    update(email, change) {
      const before = find(email);
      if (!before) throw new GoogleError('NOT_FOUND', `Unknown service account`);
      const account = { ...before, ...change };
      accounts.set(account.email, account);
      return account;
    },
    remove(email) {
      const account = find(email);
      if (account) accounts.delete(account.email);
      return account;
    },
  };
}
