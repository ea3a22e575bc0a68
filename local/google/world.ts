/**
 * What all emulated services share: projects, people, accounts, policies, tokens, time.
 * Built once per emulator; services get it as a parameter.
 */

import { randomBytes } from 'node:crypto';
import type { AuditConfigs } from './audit-log.ts';
import { createPropagation } from './iam-propagation.ts';
import { createIamStore, type IamStore } from './iam-store.ts';
import { createLogBuckets, type LogBuckets } from './log-buckets.ts';
import { createProjects, type Project, type Projects } from './projects.ts';
import { createRoles, type Roles } from './roles.ts';
import { createServiceAccounts, type ServiceAccounts } from './service-accounts.ts';
import { createTokens, type Tokens } from './tokens.ts';

export interface Clock {
  /** Milliseconds since 1970. */
  now(): number;
  /** Milliseconds, monotonic. */
  ticks(): number;
}

export const systemClock: Clock = { now: () => Date.now(), ticks: () => performance.now() };

/** URL-safe, 256 bits. */
export const systemRandom = (): string => randomBytes(32).toString('base64url');

export interface World {
  readonly projects: Projects;
  readonly roles: Roles;
  readonly accounts: ServiceAccounts;
  readonly iam: IamStore;
  readonly tokens: Tokens;
  /** Reads that Cloud Audit Logs writes down. */
  readonly auditConfigs: AuditConfigs;
  readonly logBuckets: LogBuckets;
  readonly clock: Clock;
  readonly random: () => string;
  /** Whether a Workspace user with this (lower-case) address exists. */
  readonly userExists: (email: string) => boolean;
}

export interface WorldOptions {
  readonly projects: readonly Project[];
  /** Full name of a custom role -> its permissions. */
  readonly customRoles?: Readonly<Record<string, readonly string[]>>;
  readonly userExists: (email: string) => boolean;
  readonly clock: Clock;
  readonly random: () => string;
  /** Most service accounts in a project. */
  readonly accountsPerProject?: number | undefined;
  /** Milliseconds until a policy that is set is in force (iam-propagation.ts). */
  readonly propagationMs?: number | undefined;
}

export async function createWorld(options: WorldOptions): Promise<World> {
  const { clock, random, userExists } = options;
  const projects = createProjects(options.projects);
  const roles = createRoles(options.customRoles);
  const accounts = createServiceAccounts(options.accountsPerProject);
  const tokens = await createTokens({ now: clock.now, random });

  const memberExists = (member: string): boolean => {
    const [kind, email = ''] = member.split(':');
    if (kind === 'user') return userExists(email.toLowerCase());
    if (kind === 'serviceAccount') return accounts.find(email) !== undefined;
    return true;
  };
  const propagation = createPropagation(clock.now, options.propagationMs ?? 0);
  const iam = createIamStore({ roles, projects, memberExists, propagation });
  const auditConfigs: AuditConfigs = new Map();
  const logBuckets = createLogBuckets(projects.normalise, clock.now);
  return {
    projects,
    roles,
    accounts,
    iam,
    tokens,
    auditConfigs,
    logBuckets,
    clock,
    random,
    userExists,
  };
}
