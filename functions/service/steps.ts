/** What each step of a plan does to Google. */

import type { ConfigDocument } from '../../contracts/config-document.ts';
import { PlaneError } from '../../contracts/errors.ts';
import { METADATA_KEYS } from '../../contracts/instance-metadata.ts';
import {
  type AgentName,
  backupSecretId,
  channelsSecretId,
  configSecretId,
  instanceName,
  keySecretId,
  labelsOf,
  serviceAccountEmail,
  serviceAccountId,
} from '../../contracts/names.ts';
import { canonicalJson } from '../core/canonical.ts';
import { serviceAccountMark } from '../core/foreign.ts';
import { type InstanceSettings, metadataOf, renderInstance } from '../core/instance.ts';
import { ANNOTATION_INTENT, formatIntent, type Intent, LEASE_MS } from '../core/intent.ts';
import { ANNOTATION_USER, type Observed } from '../core/observed.ts';
import { type Policy, withMember, withoutAnyRole } from '../core/policy.ts';
import type { Desired, Step, StepId } from '../core/step.ts';
import type { Observer } from './observe.ts';
import type { Backups, Clock } from './ports.ts';
import { CONFLICT_SCHEDULE_MS, NEW_ACCOUNT_SCHEDULE_MS, retrying } from './retry.ts';

export interface Tools extends Observer {
  readonly backups: Backups;
  readonly clock: Clock;
  readonly instance: InstanceSettings;
  /** A fresh random id. */
  readonly newId: () => string;
  /** 0 up to 1. */
  readonly random: () => number;
}

/** What is wanted of one agent, under the plane's own settings. */
export function desiredOf(
  tools: Tools,
  name: AgentName,
  document: ConfigDocument | undefined,
  intent: Intent,
): Desired {
  const metadata = metadataOf(tools.instance, name, '', intent);
  return { name, project: tools.project, document, intent, now: tools.clock.now(), metadata };
}

interface Run {
  readonly tools: Tools;
  readonly desired: Desired;
  readonly observed: Observed;
  readonly done: (id: StepId) => unknown;
  /** The service account was made by this very plan, so Google may not know it everywhere yet. */
  readonly newAccount: boolean;
  /** Another step needs this one to be over, not just begun. */
  readonly awaited: boolean;
  readonly step: Step;
}

type Action = (run: Run) => Promise<unknown>;

const ACTIONS: Readonly<Record<StepId, Action>> = {
  'service-account': ({ tools, desired: { name } }) =>
    tools.serviceAccounts.create(serviceAccountId(name), `Agent ${name}`, serviceAccountMark(name)),
  'config-secret': ({ tools, desired }) =>
    tools.secrets.create(configSecretId(desired.name), labelsOf(desired.name), {
      [ANNOTATION_USER]: documentIn(desired).user,
      [ANNOTATION_INTENT]: formatIntent(desired.intent),
    }),
  'key-secret': ({ tools, desired: { name } }) =>
    tools.secrets.create(keySecretId(name), labelsOf(name), {}),
  'config-version': addConfig,
  'config-access': grant,
  'key-access': grant,
  'shared-key-access': grant,
  'channels-secret': ({ tools, desired: { name } }) =>
    tools.secrets.create(channelsSecretId(name), labelsOf(name), {}),
  'channels-access': grant,
  'backup-secret': ({ tools, desired: { name } }) =>
    tools.secrets.create(backupSecretId(name), labelsOf(name), {}),
  'backup-access': grant,
  instance: createInstance,
  announce,
  intent: recordIntent,
  settle: async ({ tools, observed: { operation } }) => {
    if (operation?.name && !operation.done) await tools.machines.wait(operation.name);
  },
  stop: begin(({ machines }, name) => machines.stop(name)),
  start: begin(({ machines }, name) => machines.start(name)),
  'attach-disk': begin(({ machines }, name) => machines.attachDataDisk(name)),
  'instance-removal': begin(({ machines }, name) => machines.remove(name)),
  'config-withdrawal': withdraw,
  'key-withdrawal': withdraw,
  'shared-key-withdrawal': withdraw,
  'disk-removal': async ({ tools: { machines }, observed }) => {
    const begun = (observed.inventory?.disks ?? []).map((disk) => machines.removeDisk(disk));
    for (const operation of await Promise.all(begun)) {
      if (operation !== undefined) await machines.wait(operation);
    }
  },
  'secret-removal': async ({ tools: { secrets }, observed, desired: { name } }) => {
    const ids = (observed.inventory?.secrets ?? []).filter((id) => id !== configSecretId(name));
    await Promise.all(ids.map((id) => secrets.remove(id)));
  },
  'backup-removal': ({ tools, desired: { name } }) => tools.backups.remove(name),
  'service-account-removal': ({ tools, desired: { name, project } }) =>
    tools.serviceAccounts.remove(serviceAccountEmail(name, project)),
  'config-removal': ({ tools, desired: { name } }) => tools.secrets.remove(configSecretId(name)),
};

/** Waits for its end only if something depends on it. */
function begin(action: (tools: Tools, name: AgentName) => Promise<string>): Action {
  return async ({ tools, desired, awaited }) => {
    const operation = await action(tools, desired.name);
    if (awaited) await tools.machines.wait(operation);
  };
}

/** With the etag that was read: of two requests at once, one gets ABORTED here. */
async function recordIntent({ tools, desired, observed: { configSecret } }: Run): Promise<void> {
  const { name, intent } = desired;
  const annotations = { ...configSecret?.annotations, [ANNOTATION_INTENT]: formatIntent(intent) };
  await tools.secrets.annotate(configSecretId(name), annotations, configSecret?.etag);
}

async function addConfig({ tools, desired }: Run): Promise<string> {
  const { name, intent } = desired;
  if (tools.clock.now() - intent.at > LEASE_MS / 2) {
    throw new PlaneError('ABORTED', 'This took too long to be safe. Send the same request again.');
  }
  return tools.secrets.addVersion(configSecretId(name), canonicalJson(documentIn(desired)));
}

function documentIn({ name, document }: Desired): ConfigDocument {
  if (!document) throw new Error(`the plan for ${name} has no document`);
  return document;
}

async function withdraw({ tools, step }: Run): Promise<void> {
  const { withdraw: wanted } = step;
  if (!wanted) throw new Error(`step ${step.id} has no withdrawal`);
  const { secret, member, policy } = wanted;
  await retrying(
    { codes: ['ABORTED'], schedule: CONFLICT_SCHEDULE_MS, clock: tools.clock },
    async (again) => {
      const current = again ? await tools.secrets.policy(secret) : policy;
      if (current) await tools.secrets.setPolicy(secret, withoutAnyRole(current, member));
    },
  );
}

/** Does one step. Safe to repeat: what exists already is found by the next observation. */
export function runStep(
  tools: Tools,
  desired: Desired,
  observed: Observed,
  plan: readonly Step[],
): (step: Step, done: (id: StepId) => unknown) => Promise<unknown> {
  const newAccount = plan.some((step) => step.id === 'service-account');
  return (step, done) => {
    const awaited = plan.some(({ needs }) => needs.includes(step.id));
    return ACTIONS[step.id]({ tools, desired, observed, done, newAccount, awaited, step });
  };
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
  const body = renderInstance(tools.instance, desired.name, versionOf(run), exists, desired.intent);
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
  const { machines } = tools;
  await machines.wait(await machines.setMetadata(desired.name, changed, metadataFingerprint));
}
