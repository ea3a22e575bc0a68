/**
 * observe -> plan -> apply, the middle part: a pure function from what is wanted and what
 * is there to an ordered list of steps.
 *
 * A goal is a list of rules; a rule looks at the two and gives a step, or nothing when its
 * part is as it should be. Another goal (update, deprovision, purge) is another list.
 */

import type { PlanView } from '../../contracts/agent.ts';
import type { Problem } from '../../contracts/errors.ts';
import { METADATA_KEYS } from '../../contracts/instance-metadata.ts';
import {
  type AgentName,
  configSecretId,
  instanceName,
  serviceAccountId,
} from '../../contracts/names.ts';
import { METADATA_PAIRING_REQUEST } from '../../contracts/pairing.ts';
import { sameDocument } from './document.ts';
import { refuseForeign, refuseScattered } from './foreign.ts';
import { type Intent, intentOf, sameIntent } from './intent.ts';
import { isOther, machineRemoval, machineSteps } from './machine-plan.ts';
import { NUMBER_CONNECTED, NUMBER_DISCONNECTED, numberMark } from './number-plan.ts';
import type { Observed } from './observed.ts';
import {
  accountRemoval,
  backupRemoval,
  configRemoval,
  diskRemoval,
  numberReturn,
  queueRemoval,
  secretRemoval,
  sharedKeyWithdrawal,
} from './purge-plan.ts';
import { accountDisabled, keyDestruction } from './revoke-plan.ts';
import {
  backupAccess,
  backupSecret,
  channelsAccess,
  channelsSecret,
  configAccess,
  configEnabled,
  configSecret,
  configVersion,
  keyAccess,
  keySecret,
  LATER_ACCESS,
  sharedKeyAccess,
  WITHDRAWALS,
} from './secret-plan.ts';
import type { Desired, Rule, Step, StepId } from './step.ts';
import { ANNOTATION_SUMMARY, formatSummary } from './summary.ts';

const GOALS = {
  /** An agent that is looked after, running or stopped. */
  provision: [
    intent,
    serviceAccount,
    accountEnabled,
    configSecret,
    keySecret,
    configEnabled,
    configVersion,
    configAccess,
    keyAccess,
    sharedKeyAccess,
    ...LATER_ACCESS,
    machineSteps,
    announce,
  ],
  deprovision: [intent, configVersion, machineSteps, ...WITHDRAWALS],
  /** An agent whose owner left. */
  revoke: [intent, configVersion, machineSteps, ...WITHDRAWALS, accountDisabled, keyDestruction],
  purge: [
    intent,
    machineRemoval,
    sharedKeyWithdrawal,
    diskRemoval,
    secretRemoval,
    backupRemoval,
    numberReturn,
    queueRemoval,
    accountRemoval,
    configRemoval,
  ],
  /** What `POST /v1/self/key-secret` asks for. */
  keySecret: [keySecret, keyAccess],
  /** What `POST /v1/self/channels-secret` asks for; most agents never do. */
  channelsSecret: [channelsSecret, channelsAccess],
  /** What `POST /v1/self/backup-secret` asks for. */
  backupSecret: [backupSecret, backupAccess],
  connectNumber: NUMBER_CONNECTED,
  disconnectNumber: [queueRemoval, ...NUMBER_DISCONNECTED],
} as const satisfies Record<string, readonly Rule[]>;
export type Goal = keyof typeof GOALS;

const GOAL_OF = {
  running: 'provision',
  stopped: 'provision',
  deprovisioned: 'deprovision',
  revoked: 'revoke',
  purged: 'purge',
} as const satisfies Record<Intent['life'], Goal>;

export const goalOf = ({ life }: Intent): Goal => GOAL_OF[life];

/**
 * @returns steps in an order in which they could run one after the other; `needs` names only
 *   steps of this very list
 * @throws PlaneError FAILED_PRECONDITION when something carries the agent's names but not our labels,
 *   or two disks do, of which nobody knows which is the agent's
 */
export function planFor(goal: Goal, desired: Desired, observed: Observed): readonly Step[] {
  refuseForeign(desired.name, observed);
  if (goal !== 'purge') refuseScattered(desired.name, observed);
  const rules: readonly Rule[] = GOALS[goal];
  const all = rules.flatMap((rule) => rule(desired, observed)).filter((step) => step !== undefined);
  // While something goes on, what follows from it cannot be known: it is planned after that.
  const waiting = all.some(({ id }) => id === 'settle');
  const steps = waiting ? all.filter(({ id }) => AT_ONCE.has(id)) : all;
  const ids = new Set(steps.map((step) => step.id));
  const linked = steps.map((step) => ({
    ...step,
    needs: needsOf(step).filter((id) => ids.has(id)),
  }));
  return inOrder(linked);
}

/**
 * Done before anything is waited for: afterwards the record is served and not the request (steer.ts), and
 * a document that was not written by then would be forgotten.
 */
const AT_ONCE: ReadonlySet<StepId> = new Set([
  'config-secret',
  'intent',
  'config-version',
  'settle',
]);

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
export const viewOf = (
  name: AgentName,
  steps: readonly Step[],
  untouched: readonly Problem[] = [],
): PlanView => ({
  agent: name,
  steps: steps.map(({ id, title, needs }) => ({ id, title, needs: [...needs] })),
  ...(untouched.length > 0 ? { untouched: [...untouched] } : {}),
});

/** A new config secret is created with the record in it, and with what lists show. */
function intent({ name, intent: wanted, document }: Desired, observed: Observed): Step | undefined {
  const { configSecret } = observed;
  if (!configSecret) return undefined;
  const shown = configSecret.annotations[ANNOTATION_SUMMARY];
  const listed = !document || shown === formatSummary(document);
  if (listed && sameIntent(wanted, intentOf(observed))) return undefined;
  const zone = wanted.zone ? `, in ${wanted.zone}` : '';
  const title = `Record in ${configSecretId(name)}: ${wanted.life}${zone}`;
  return { id: 'intent', title, needs: [] };
}

function serviceAccount({ name }: Desired, observed: Observed): Step | undefined {
  if (observed.serviceAccount) return undefined;
  return {
    id: 'service-account',
    title: `Create service account ${serviceAccountId(name)}`,
    // A VM of the account that is gone would keep the name and have none of its rights.
    needs: ['instance-removal'],
  };
}

function accountEnabled({ name }: Desired, observed: Observed): Step | undefined {
  if (!observed.serviceAccount?.disabled) return undefined;
  const title = `Enable service account ${serviceAccountId(name)} again`;
  return { id: 'account-enabled', title, needs: [] };
}

/**
 * All that a VM is told, by key: beside its settings and config version what other requests told it,
 * and stays: its number, and the code that its owner asked for last.
 */
export function metadataFor(
  desired: Desired,
  observed: Observed,
  version: string,
): Readonly<Record<string, string>> {
  const number = numberMark(observed);
  const asked = observed.instance?.metadata[METADATA_PAIRING_REQUEST];
  return {
    ...desired.metadata,
    [METADATA_KEYS.configVersion]: version,
    ...(number === undefined ? {} : { [METADATA_KEYS.whatsapp]: number }),
    ...(asked === undefined ? {} : { [METADATA_PAIRING_REQUEST]: asked }),
  };
}

/**
 * Tells a VM that exists about the new config version, and about a bundle or startup script
 * that was deployed since: those take effect at its next boot.
 */
function announce(desired: Desired, observed: Observed): Step | undefined {
  if (!observed.instance) return undefined;
  const { metadata } = observed.instance;
  // A VM that is replaced is told at its creation.
  if (isOther(desired, observed)) return undefined;
  // While its version is disabled nobody knows what to tell it.
  if (!desired.document && !observed.config) return undefined;
  const wanted = metadataFor(desired, observed, observed.config?.version ?? '');
  // What nobody but an intruder could have added (a key to log in with) goes, too.
  const told =
    Object.entries(wanted).every(([key, value]) => metadata[key] === value) &&
    Object.keys(metadata).every((key) => Object.hasOwn(wanted, key));
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
