/** What each step of a plan does to Google. */

import type { ConfigDocument } from '../../contracts/config-document.ts';
import { PlaneError } from '../../contracts/errors.ts';
import { METADATA_KEYS } from '../../contracts/instance-metadata.ts';
import {
  type AgentName,
  channelsSecretId,
  configSecretId,
  instanceName,
  keySecretId,
  labelsOf,
  serviceAccountId,
} from '../../contracts/names.ts';
import { canonicalJson } from '../core/canonical.ts';
import { type InstanceSettings, metadataOf, renderInstance } from '../core/instance.ts';
import { ANNOTATION_USER, type Observed } from '../core/observed.ts';
import { type Desired, type Step, type StepId, serviceAccountMark } from '../core/plan.ts';
import { type Policy, withMember } from '../core/policy.ts';
import type { Observer } from './observe.ts';
import type { Clock } from './ports.ts';
import { CONFLICT_SCHEDULE_MS, NEW_ACCOUNT_SCHEDULE_MS, retrying } from './retry.ts';

export interface Tools extends Observer {
  readonly clock: Clock;
  readonly instance: InstanceSettings;
}

/** What is wanted of one agent: its document, under the plane's own settings. */
export function desiredOf(tools: Tools, name: AgentName, document: ConfigDocument): Desired {
  const metadata = metadataOf(tools.instance, name, '');
  return { name, project: tools.project, document, now: tools.clock.now(), metadata };
}

interface Run {
  readonly tools: Tools;
  readonly desired: Desired;
  readonly observed: Observed;
  readonly done: (id: StepId) => unknown;
  /** The service account was made by this very plan, so Google may not know it everywhere yet. */
  readonly newAccount: boolean;
  readonly step: Step;
}

type Action = (run: Run) => Promise<unknown>;

const ACTIONS: Readonly<Record<StepId, Action>> = {
  'service-account': ({ tools, desired: { name } }) =>
    tools.serviceAccounts.create(serviceAccountId(name), `Agent ${name}`, serviceAccountMark(name)),
  'config-secret': ({ tools, desired: { name, document } }) =>
    tools.secrets.create(configSecretId(name), labelsOf(name), {
      [ANNOTATION_USER]: document.user,
    }),
  'key-secret': ({ tools, desired: { name } }) =>
    tools.secrets.create(keySecretId(name), labelsOf(name), {}),
  'config-version': ({ tools, desired }) =>
    tools.secrets.addVersion(configSecretId(desired.name), canonicalJson(desired.document)),
  'config-access': grant,
  'key-access': grant,
  'shared-key-access': grant,
  'channels-secret': ({ tools, desired: { name } }) =>
    tools.secrets.create(channelsSecretId(name), labelsOf(name), {}),
  'channels-access': grant,
  instance: createInstance,
  announce,
};

/** Does one step. Safe to repeat: what exists already is found by the next observation. */
export function runStep(
  tools: Tools,
  desired: Desired,
  observed: Observed,
  plan: readonly Step[],
): (step: Step, done: (id: StepId) => unknown) => Promise<unknown> {
  const newAccount = plan.some((step) => step.id === 'service-account');
  return (step, done) => ACTIONS[step.id]({ tools, desired, observed, done, newAccount, step });
}

/** The version number that is in force once the plan is done. */
function versionOf({ done, observed }: Run): string {
  const added = done('config-version');
  return typeof added === 'string' ? added : (observed.config?.version ?? '');
}

/** Read-modify-write with the policy's etag; a lost race starts over from a fresh read. */
async function grant(run: Run): Promise<void> {
  const { tools, step } = run;
  const wanted = step.grant;
  if (!wanted) throw new Error(`step ${step.id} has no grant`);
  const write = async (again: boolean): Promise<void> => {
    const policy: Policy | undefined = again
      ? await tools.secrets.policy(wanted.secret)
      : wanted.policy;
    await tools.secrets.setPolicy(wanted.secret, withMember(policy, wanted.roles, wanted.member));
  };
  await patient(run, () =>
    retrying({ codes: ['ABORTED'], schedule: CONFLICT_SCHEDULE_MS, clock: tools.clock }, write),
  );
}

/** Waits out Google's replication of a service account that this plan created. */
function patient<T>({ tools, newAccount }: Run, attempt: () => Promise<T>): Promise<T> {
  if (!newAccount) return attempt();
  const codes = ['INVALID_ARGUMENT', 'NOT_FOUND'] as const;
  return retrying({ codes, schedule: NEW_ACCOUNT_SCHEDULE_MS, clock: tools.clock }, attempt);
}

async function createInstance(run: Run): Promise<void> {
  const { tools, desired, observed } = run;
  const exists = observed.dataDisk !== undefined;
  const body = renderInstance(tools.instance, desired.name, versionOf(run), exists);
  await patient(run, () => tools.machines.insert(body));
}

async function announce(run: Run): Promise<void> {
  const { tools, desired, observed } = run;
  if (!observed.instance) {
    throw new PlaneError('ABORTED', `${instanceName(desired.name)} went away meanwhile.`);
  }
  const { metadata, metadataFingerprint } = observed.instance;
  const changed = {
    ...metadata,
    ...desired.metadata,
    [METADATA_KEYS.configVersion]: versionOf(run),
  };
  await tools.machines.setMetadata(desired.name, changed, metadataFingerprint);
}
