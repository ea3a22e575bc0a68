/**
 * observe -> plan -> apply, the middle part: a pure function from what is wanted and what
 * is there to an ordered list of steps.
 *
 * A goal is a list of rules; a rule looks at the two and gives a step, or nothing when its
 * part is as it should be. Another goal (update, deprovision, purge) is another list.
 */

import type { PlanView } from '../../contracts/agent.ts';
import type { ConfigDocument } from '../../contracts/config-document.ts';
import { PlaneError } from '../../contracts/errors.ts';
import { METADATA_KEYS } from '../../contracts/instance-metadata.ts';
import { monthOf } from '../../contracts/month.ts';
import {
  type AgentName,
  backupSecretId,
  channelsSecretId,
  configSecretId,
  instanceName,
  keySecretId,
  LABEL_AGENT,
  LABEL_MANAGED_BY,
  MANAGED_BY,
  SHARED_KEY_SECRET,
  serviceAccountEmail,
  serviceAccountId,
} from '../../contracts/names.ts';
import { isWithdrawn, parseUsage } from './budget.ts';
import { sameDocument } from './document.ts';
import { type Intent, intentOf, isServed, sameIntent } from './intent.ts';
import { machineRemoval, machineSteps } from './machine-plan.ts';
import { ANNOTATION_USAGE, type Observed } from './observed.ts';
import {
  missingRoles,
  type Policy,
  ROLE_ACCESSOR,
  ROLE_VERSION_ADDER,
  ROLE_VERSION_MANAGER,
} from './policy.ts';
import {
  accountRemoval,
  backupRemoval,
  configRemoval,
  diskRemoval,
  secretRemoval,
  sharedKeyWithdrawal,
  withdrawal,
} from './purge-plan.ts';

export interface Desired {
  readonly name: AgentName;
  readonly project: string;
  /** Undefined when it is not known and not needed: to let go of an agent takes none. */
  readonly document: ConfigDocument | undefined;
  readonly intent: Intent;
  /** Milliseconds since the epoch; which month it is depends on it. */
  readonly now: number;
  /** Of the VM, as the plane is set now; the config version's number is not known yet. */
  readonly metadata: Readonly<Record<string, string>>;
}

export type StepId =
  | 'service-account'
  | 'config-secret'
  | 'key-secret'
  | 'config-version'
  | 'config-access'
  | 'key-access'
  | 'shared-key-access'
  | 'channels-secret'
  | 'channels-access'
  | 'backup-secret'
  | 'backup-access'
  | 'instance'
  | 'announce'
  | 'intent'
  | 'settle'
  | 'stop'
  | 'attach-disk'
  | 'start'
  | 'instance-removal'
  | 'config-withdrawal'
  | 'key-withdrawal'
  | 'shared-key-withdrawal'
  | 'disk-removal'
  | 'secret-removal'
  | 'backup-removal'
  | 'service-account-removal'
  | 'config-removal';

export interface Step {
  readonly id: StepId;
  readonly title: string;
  readonly needs: readonly StepId[];
  /** Of the access steps: what to grant, and on top of which policy. */
  readonly grant?: Grant;
  /** Of the withdrawals: whose rights on what. */
  readonly withdraw?: Withdrawal;
}

export interface Grant {
  readonly secret: string;
  readonly roles: readonly string[];
  readonly member: string;
  readonly policy: Policy | undefined;
}

export interface Withdrawal {
  readonly secret: string;
  readonly member: string;
  readonly policy: Policy;
}

type Rule = (desired: Desired, observed: Observed) => Step | readonly Step[] | undefined;

const WITHDRAWALS: readonly Rule[] = [
  (desired, { configPolicy }) =>
    withdrawal('config-withdrawal', desired, configSecretId(desired.name), configPolicy),
  (desired, { keyPolicy }) =>
    withdrawal('key-withdrawal', desired, keySecretId(desired.name), keyPolicy),
  sharedKeyWithdrawal,
];

export const GOALS = {
  /** An agent that is looked after, running or stopped. */
  provision: [
    intent,
    serviceAccount,
    configSecret,
    keySecret,
    configVersion,
    configAccess,
    keyAccess,
    sharedKeyAccess,
    machineSteps,
    announce,
  ],
  deprovision: [intent, machineSteps, ...WITHDRAWALS],
  purge: [
    intent,
    machineRemoval,
    sharedKeyWithdrawal,
    diskRemoval,
    secretRemoval,
    backupRemoval,
    accountRemoval,
    configRemoval,
  ],
  /** What `POST /v1/self/key-secret` asks for. */
  keySecret: [keySecret, keyAccess],
  /** What `POST /v1/self/channels-secret` asks for; most agents never do. */
  channelsSecret: [channelsSecret, channelsAccess],
  /** What `POST /v1/self/backup-secret` asks for. */
  backupSecret: [backupSecret, backupAccess],
} as const satisfies Record<string, readonly Rule[]>;
export type Goal = keyof typeof GOALS;

const GOAL_OF = {
  running: 'provision',
  stopped: 'provision',
  deprovisioned: 'deprovision',
  purged: 'purge',
} as const satisfies Record<Intent['life'], Goal>;

export const goalOf = ({ life }: Intent): Goal => GOAL_OF[life];

/**
 * @returns steps in an order in which they could run one after the other; `needs` names only
 *   steps of this very list
 * @throws PlaneError FAILED_PRECONDITION when something carries the agent's names but not our labels
 */
export function planFor(goal: Goal, desired: Desired, observed: Observed): readonly Step[] {
  refuseForeign(desired.name, observed);
  const rules: readonly Rule[] = GOALS[goal];
  const all = rules.flatMap((rule) => rule(desired, observed)).filter((step) => step !== undefined);
  // While something goes on, what follows from it cannot be known: it is planned after that.
  const waiting = all.some(({ id }) => id === 'settle');
  const steps = waiting ? all.filter(({ id }) => id === 'intent' || id === 'settle') : all;
  const ids = new Set(steps.map((step) => step.id));
  const linked = steps.map((step) => ({
    ...step,
    needs: needsOf(step).filter((id) => ids.has(id)),
  }));
  return inOrder(linked);
}

/** Each step after those it needs; else in the order of the rules. */
function inOrder(steps: readonly Step[]): readonly Step[] {
  const ordered: Step[] = [];
  const isDone = (id: StepId): boolean => ordered.some((step) => step.id === id);
  for (let left = [...steps]; left.length > 0; left = left.filter(({ id }) => !isDone(id))) {
    const next = left.find(({ needs }) => needs.every(isDone));
    if (!next) throw new Error(`steps need each other: ${left.map(({ id }) => id).join(', ')}`);
    ordered.push(next);
  }
  return ordered;
}

/** What is asked for is on record before anything follows from it. */
const needsOf = ({ id, needs }: Step): readonly StepId[] =>
  id === 'intent' ? needs : [...needs, 'intent'];

/** The plan as `?dryRun=true` shows it. */
export const viewOf = (name: AgentName, steps: readonly Step[]): PlanView => ({
  agent: name,
  steps: steps.map(({ id, title, needs }) => ({ id, title, needs: [...needs] })),
});

/** What marks a service account as ours: it has no labels, so its description carries them. */
export const serviceAccountMark = (name: AgentName): string =>
  `${LABEL_MANAGED_BY}=${MANAGED_BY} ${LABEL_AGENT}=${name}`;

export const isOurs = (labels: Readonly<Record<string, string>>, name: AgentName): boolean =>
  labels[LABEL_MANAGED_BY] === MANAGED_BY && labels[LABEL_AGENT] === name;

function refuseForeign(name: AgentName, observed: Observed): void {
  const labelled: ReadonlyArray<
    readonly [string, { labels: Readonly<Record<string, string>> } | undefined]
  > = [
    [`secret ${configSecretId(name)}`, observed.configSecret],
    [`secret ${keySecretId(name)}`, observed.keySecret],
    [`secret ${channelsSecretId(name)}`, observed.channelsSecret],
    [`secret ${backupSecretId(name)}`, observed.backupSecret],
    [`instance ${instanceName(name)}`, observed.instance],
    [`disk of ${instanceName(name)}`, observed.dataDisk],
  ];
  const foreign = labelled.filter(([, it]) => it && !isOurs(it.labels, name)).map(([what]) => what);
  if (observed.serviceAccount && observed.serviceAccount.description !== serviceAccountMark(name)) {
    foreign.push(`service account ${serviceAccountId(name)}`);
  }
  if (foreign.length === 0) return;
  throw new PlaneError(
    'FAILED_PRECONDITION',
    'The project holds resources of this name that the plane did not make.',
    {
      details: foreign.map((field) => ({
        field,
        problem: `does not carry ${LABEL_MANAGED_BY}=${MANAGED_BY} and ${LABEL_AGENT}=${name}`,
        fix: 'rename or remove it, or label it if it really belongs to this agent',
      })),
    },
  );
}

/** A new config secret is created with the record in it. */
function intent({ name, intent: wanted }: Desired, observed: Observed): Step | undefined {
  if (!observed.configSecret || sameIntent(wanted, intentOf(observed))) return undefined;
  return { id: 'intent', title: `Record in ${configSecretId(name)}: ${wanted.life}`, needs: [] };
}

function serviceAccount({ name }: Desired, observed: Observed): Step | undefined {
  if (observed.serviceAccount) return undefined;
  return {
    id: 'service-account',
    title: `Create service account ${serviceAccountId(name)}`,
    needs: [],
  };
}

function configSecret(desired: Desired, observed: Observed): Step | undefined {
  if (observed.configSecret || !desired.document) return undefined;
  return { id: 'config-secret', title: `Create secret ${configSecretId(desired.name)}`, needs: [] };
}

function keySecret({ name }: Desired, observed: Observed): Step | undefined {
  if (observed.keySecret) return undefined;
  return { id: 'key-secret', title: `Create empty secret ${keySecretId(name)}`, needs: [] };
}

function backupSecret({ name }: Desired, observed: Observed): Step | undefined {
  if (observed.backupSecret) return undefined;
  return { id: 'backup-secret', title: `Create empty secret ${backupSecretId(name)}`, needs: [] };
}

/** May add its key and read it, never take one back: an old backup stays readable. */
function backupAccess(desired: Desired, observed: Observed): Step | undefined {
  const roles = [ROLE_ACCESSOR, ROLE_VERSION_ADDER];
  const secret = backupSecretId(desired.name);
  const step = access('backup-access', desired, secret, observed.backupPolicy, roles);
  return step && { ...step, needs: [...step.needs, 'backup-secret'] };
}

function channelsSecret({ name }: Desired, observed: Observed): Step | undefined {
  if (observed.channelsSecret) return undefined;
  return {
    id: 'channels-secret',
    title: `Create empty secret ${channelsSecretId(name)}`,
    needs: [],
  };
}

function configVersion({ name, document }: Desired, observed: Observed): Step | undefined {
  if (!document || sameDocument(observed.config?.payload, document)) return undefined;
  return {
    id: 'config-version',
    title: `Add a version to ${configSecretId(name)}`,
    needs: ['config-secret'],
  };
}

function access(
  id: StepId,
  desired: Desired,
  secret: string,
  policy: Policy | undefined,
  wanted: readonly string[],
): Step | undefined {
  if (!isServed(desired.intent)) return undefined;
  const member = `serviceAccount:${serviceAccountEmail(desired.name, desired.project)}`;
  const roles = missingRoles(policy, wanted, member);
  if (roles.length === 0) return undefined;
  const title = `Let ${serviceAccountId(desired.name)} use ${secret} (${roles.join(', ')})`;
  return { id, title, needs: ['service-account'], grant: { secret, roles, member, policy } };
}

function configAccess(desired: Desired, observed: Observed): Step | undefined {
  const secret = configSecretId(desired.name);
  const step = access('config-access', desired, secret, observed.configPolicy, [ROLE_ACCESSOR]);
  return step && { ...step, needs: [...step.needs, 'config-secret'] };
}

function keyAccess(desired: Desired, observed: Observed): Step | undefined {
  const roles = [ROLE_ACCESSOR, ROLE_VERSION_MANAGER];
  const step = access('key-access', desired, keySecretId(desired.name), observed.keyPolicy, roles);
  return step && { ...step, needs: [...step.needs, 'key-secret'] };
}

function channelsAccess(desired: Desired, observed: Observed): Step | undefined {
  const roles = [ROLE_ACCESSOR, ROLE_VERSION_MANAGER];
  const secret = channelsSecretId(desired.name);
  const step = access('channels-access', desired, secret, observed.channelsPolicy, roles);
  return step && { ...step, needs: [...step.needs, 'channels-secret'] };
}

/**
 * The shared key is made by setup; an organisation without one has nothing to grant. Closed to
 * an agent that used its budget up, until the month turns or this very request raises it.
 */
function sharedKeyAccess(desired: Desired, observed: Observed): Step | undefined {
  const policy = observed.sharedKeyPolicy;
  if (!policy || !desired.document) return undefined;
  const { budget: limit, timezone } = desired.document;
  const usage = parseUsage(observed.configSecret?.annotations[ANNOTATION_USAGE]);
  if (isWithdrawn(usage, { limit, month: monthOf(desired.now, timezone) })) return undefined;
  return access('shared-key-access', desired, SHARED_KEY_SECRET, policy, [ROLE_ACCESSOR]);
}

/**
 * Tells a VM that exists about the new config version, and about a bundle or startup script
 * that was deployed since: those take effect at its next boot.
 */
function announce(desired: Desired, observed: Observed): Step | undefined {
  if (!observed.instance) return undefined;
  const { metadata } = observed.instance;
  // A VM that is replaced is told at its creation.
  if (metadata[METADATA_KEYS.machine] !== (desired.intent.machine || undefined)) return undefined;
  const wanted = { ...desired.metadata, [METADATA_KEYS.configVersion]: observed.config?.version };
  const told = Object.entries(wanted).every(([key, value]) => metadata[key] === value);
  const { document } = desired;
  const current = !document || sameDocument(observed.config?.payload, document);
  if (told && current) return undefined;
  return {
    id: 'announce',
    title: `Tell ${instanceName(desired.name)} about its config version and bundle`,
    // What names a restart is written between off and on, or a restart could get lost.
    needs: ['config-version', 'config-access', 'settle', 'stop'],
  };
}
