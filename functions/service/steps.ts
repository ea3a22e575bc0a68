/** What each step of a plan does to Google. */

import type { ConfigDocument } from '../../contracts/config-document.ts';
import { PlaneError } from '../../contracts/errors.ts';
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
import { type InstanceSettings, metadataOf } from '../core/instance.ts';
import { ANNOTATION_INTENT, formatIntent, type Intent, LEASE_MS } from '../core/intent.ts';
import {
  ANNOTATION_FOLLOWED,
  ANNOTATION_PERSON,
  ANNOTATION_USER,
  type Observed,
} from '../core/observed.ts';
import type { Desired, Step, StepId } from '../core/step.ts';
import { ANNOTATION_SUMMARY, formatSummary } from '../core/summary.ts';
import { withRoom } from '../core/vm-notes.ts';
import {
  announce,
  begin,
  createInstance,
  machinesIn,
  removeDisks,
  removeInstance,
  removeLeftovers,
} from './machine-steps.ts';
import { returnNumbers } from './number-pool.ts';
import { NUMBER_ACTIONS } from './number-steps.ts';
import type { Observer } from './observe.ts';
import type { Backups, Clock, Directory, Listing, Records, Webhooks } from './ports.ts';
import { grant, withdraw } from './rights.ts';
import type { Action, Run } from './run.ts';

export interface Tools extends Observer {
  readonly backups: Backups;
  readonly listing: Listing;
  /** Made when somebody is looked up: most requests say all. */
  readonly directory: () => Promise<Directory>;
  /** ISO 3166 country of phone numbers that name none; '' when there is none. */
  readonly phoneRegion: string;
  readonly records: Records;
  readonly webhooks: Webhooks;
  readonly clock: Clock;
  readonly instance: InstanceSettings;
  /** A fresh random id. */
  readonly newId: () => string;
  /** 0 up to 1. */
  readonly random: () => number;
}

/**
 * What is wanted of one agent, under the plane's own settings.
 * @param since when it was begun to look at what is there
 */
export function desiredOf(
  tools: Tools,
  name: AgentName,
  document: ConfigDocument | undefined,
  intent: Intent,
  since: number = tools.clock.now(),
): Desired {
  const metadata = metadataOf(tools.instance, name, '', intent);
  const { zone = tools.instance.zone } = intent;
  const now = tools.clock.now();
  return { name, project: tools.project, document, intent, zone, since, now, metadata };
}

const ACTIONS: Readonly<Record<StepId, Action>> = {
  'service-account': ({ tools, desired: { name } }) =>
    tools.serviceAccounts.create(serviceAccountId(name), `Agent ${name}`, serviceAccountMark(name)),
  'config-secret': ({ tools, desired }) =>
    tools.secrets.create(configSecretId(desired.name), labelsOf(desired.name), {
      [ANNOTATION_USER]: documentIn(desired).user,
      [ANNOTATION_INTENT]: formatIntent(desired.intent),
      ...(desired.followed === undefined ? {} : { [ANNOTATION_FOLLOWED]: desired.followed }),
      ...personIn(desired, undefined),
      ...summaryIn(desired),
    }),
  'key-secret': ({ tools, desired: { name } }) =>
    tools.secrets.create(keySecretId(name), labelsOf(name), {}),
  'config-version': addConfig,
  'config-enabled': async ({ tools, desired: { name }, observed: { detail } }) => {
    const version = detail?.configVersions[0]?.version;
    if (version !== undefined) await tools.secrets.enable(configSecretId(name), version);
  },
  'account-disabled': ({ tools, desired: { name, project } }) =>
    tools.serviceAccounts.disable(serviceAccountEmail(name, project)),
  'key-destruction': async ({ tools: { secrets }, observed: { credentials = [] } }) => {
    const all = credentials.flatMap(({ secret, versions }) =>
      versions.map((version) => secrets.destroy(secret, version)),
    );
    await Promise.all(all);
  },
  'account-enabled': ({ tools, desired: { name, project } }) =>
    tools.serviceAccounts.enable(serviceAccountEmail(name, project)),
  'leftover-removal': removeLeftovers,
  'boot-disk-removal': async (run) => {
    const [machines, { name }] = [machinesIn(run), run.desired];
    // Since the plan was made another request may have made the VM whose disk this is.
    if (await machines.instance(name)) return;
    const operation = await machines.removeDisk(instanceName(name));
    if (operation !== undefined) await machines.wait(operation);
  },
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
  settle: async (run) => {
    const { operation } = run.observed;
    if (operation?.name && !operation.done) await machinesIn(run).wait(operation.name);
  },
  stop: begin((machines, name) => machines.stop(name)),
  start: begin((machines, name) => machines.start(name)),
  'attach-disk': begin((machines, name) => machines.attachDataDisk(name)),
  'instance-removal': removeInstance,
  'config-withdrawal': withdraw,
  'key-withdrawal': withdraw,
  'channels-withdrawal': withdraw,
  'backup-withdrawal': withdraw,
  ...NUMBER_ACTIONS,
  'shared-key-withdrawal': withdraw,
  'disk-removal': ({ tools, observed }) => removeDisks(tools, observed.inventory?.disks ?? []),
  'secret-removal': async ({ tools: { secrets }, observed, desired: { name } }) => {
    const ids = (observed.inventory?.secrets ?? []).filter((id) => id !== configSecretId(name));
    await Promise.all(ids.map((id) => secrets.remove(id)));
  },
  'number-return': ({ tools, desired: { name } }) => returnNumbers(tools, name),
  'backup-removal': ({ tools, desired: { name } }) => tools.backups.remove(name),
  'service-account-removal': ({ tools, desired: { name, project } }) =>
    tools.serviceAccounts.remove(serviceAccountEmail(name, project)),
  'config-removal': ({ tools, desired: { name } }) => tools.secrets.remove(configSecretId(name)),
};

const summaryIn = ({ document }: Desired): Record<string, string> =>
  document ? { [ANNOTATION_SUMMARY]: formatSummary(document) } : {};

/** @param before what is on record of the owner */
function personIn({ person }: Desired, before: string | undefined): Record<string, string> {
  const id = person === undefined ? before : person;
  return id ? { [ANNOTATION_PERSON]: id } : {};
}

/** With the etag that was read: of two requests at once, one gets ABORTED here. */
async function recordIntent({ tools, desired, observed: { configSecret } }: Run): Promise<void> {
  const { name, intent } = desired;
  const { [ANNOTATION_PERSON]: person, ...others } = withRoom(configSecret?.annotations ?? {});
  const annotations = {
    ...others,
    ...personIn(desired, person),
    [ANNOTATION_INTENT]: formatIntent(intent),
    ...summaryIn(desired),
  };
  await tools.secrets.annotate(configSecretId(name), annotations, configSecret?.etag);
}

async function addConfig({ tools, desired }: Run): Promise<string> {
  const { name, intent } = desired;
  if (tools.clock.now() - intent.at > LEASE_MS / 2) {
    throw new PlaneError('ABORTED', 'This took too long to be safe. Send the same request again.');
  }
  const text = canonicalJson(documentIn(desired));
  const { version } = await tools.secrets.addVersion(configSecretId(name), text);
  return version;
}

function documentIn({ name, document }: Desired): ConfigDocument {
  if (!document) throw new Error(`the plan for ${name} has no document`);
  return document;
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
