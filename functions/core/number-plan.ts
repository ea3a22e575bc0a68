/** The rules for a business number: its credentials, and the queue that its webhooks wait in. */

import { METADATA_KEYS } from '../../contracts/instance-metadata.ts';
import {
  instanceName,
  numberSecretId,
  serviceAccountEmail,
  serviceAccountId,
  webhookQueueId,
} from '../../contracts/names.ts';
import { isServed } from './intent.ts';
import type { Observed, VersionState } from './observed.ts';
import { missingRoles, ROLE_ACCESSOR, ROLE_SUBSCRIBER, strangers } from './policy.ts';
import { withdrawal } from './purge-plan.ts';
import { access } from './secret-access.ts';
import type { Desired, Rule, Step } from './step.ts';

/**
 * What a VM is told of the credentials that it is to read. It compares this with what it was told
 * before, so the number alone would not do: a secret that is deleted and made again counts from 1.
 */
export const numberMarkOf = ({ version, createdAt }: VersionState): string =>
  createdAt === undefined ? version : `${version}-${Date.parse(createdAt)}`;

/** Of the version that a VM would read; undefined when somebody disabled or destroyed it. */
export function numberMark({ numberVersions = [] }: Observed): string | undefined {
  const [newest] = numberVersions;
  return newest?.state === 'ENABLED' ? numberMarkOf(newest) : undefined;
}

/** Credentials that were replaced, and still could be read. */
export const replacedIn = (versions: readonly VersionState[]): readonly string[] =>
  versions
    .slice(1)
    .filter(({ state }) => state !== 'DESTROYED')
    .map(({ version }) => version);

const isNew = ({ number }: Desired, observed: Observed): boolean =>
  number !== undefined && number !== 'none' && observed.number?.payload !== number.text;

function numberSecret({ name }: Desired, { numberSecret: found }: Observed): Step | undefined {
  if (found) return undefined;
  const title = `Create empty secret ${numberSecretId(name)}`;
  return { id: 'number-secret', title, needs: [] };
}

function numberVersion(desired: Desired, observed: Observed): Step | undefined {
  if (!isNew(desired, observed)) return undefined;
  const title = `Add a version to ${numberSecretId(desired.name)}`;
  // With it the VM begins to pull.
  return { id: 'number-version', title, needs: ['number-secret', 'queue'] };
}

function numberAccess(desired: Desired, observed: Observed): Step | undefined {
  const secret = numberSecretId(desired.name);
  const step = access('number-access', desired, secret, observed.numberPolicy, [ROLE_ACCESSOR]);
  return step && { ...step, needs: [...step.needs, 'number-secret'] };
}

/** The queue, whole, in one piece, and with the right to take from it. */
function queue(desired: Desired, { queue: found }: Observed): Step | undefined {
  const { name, project, intent } = desired;
  if (!isServed(intent)) return undefined;
  const member = `serviceAccount:${serviceAccountEmail(name, project)}`;
  const roles = [ROLE_SUBSCRIBER];
  const whole =
    found?.parts.length === 2 &&
    found.attached &&
    missingRoles(found.policy, roles, member).length === 0 &&
    strangers(found.policy, roles, member).length === 0;
  if (whole) return undefined;
  const title = `Let ${serviceAccountId(name)}, and nobody else, take from queue ${webhookQueueId(name)}`;
  // After the secret: whoever looks for a queue looks for that first.
  return { id: 'queue', title, needs: ['service-account', 'number-secret'] };
}

function numberDestruction(desired: Desired, observed: Observed): Step | undefined {
  const { numberVersions = [] } = observed;
  const future: VersionState[] = isNew(desired, observed)
    ? [{ version: 'new', state: 'ENABLED' }, ...numberVersions]
    : [...numberVersions];
  // Somebody disabled the newest: what they are about is theirs to end.
  if (future[0]?.state !== 'ENABLED' || replacedIn(future).length === 0) return undefined;
  const title = `Destroy the replaced versions of ${numberSecretId(desired.name)}`;
  return { id: 'number-destruction', title, needs: ['number-version'] };
}

/** A VM that runs takes the credentials over; one that starts later reads them by itself. */
function numberAnnouncement(desired: Desired, observed: Observed): Step | undefined {
  const { name, number } = desired;
  const told = observed.instance?.metadata[METADATA_KEYS.whatsapp];
  const wanted = number === 'none' ? undefined : numberMark(observed);
  if (!observed.instance || (told === wanted && !isNew(desired, observed))) return undefined;
  return {
    id: 'number-announcement',
    title: `Tell ${instanceName(name)} about its business number`,
    needs: ['number-version', 'number-access', 'queue', 'number-removal'],
  };
}

function numberRemoval({ name }: Desired, observed: Observed): Step | undefined {
  if (!observed.numberSecret) return undefined;
  const title = `Delete secret ${numberSecretId(name)}`;
  return { id: 'number-removal', title, needs: ['queue-removal'] };
}

/** Of an agent that has one: what was connected stays so. */
export const NUMBER_KEPT: readonly Rule[] = [
  (desired, observed) => (observed.numberSecret ? numberAccess(desired, observed) : undefined),
  (desired, observed) => (wantsQueue(desired, observed) ? queue(desired, observed) : undefined),
  (desired, observed) => (observed.numberSecret ? numberDestruction(desired, observed) : undefined),
];

/** Meta has no other way; whether Kapso posts is in the credentials, which nobody reads for this. */
const wantsQueue = ({ document }: Desired, observed: Observed): boolean =>
  (observed.queue?.parts.length ?? 0) > 0 ||
  (document?.whatsapp.mode === 'cloud-api' && numberMark(observed) !== undefined);

export const NUMBER_CONNECTED: readonly Rule[] = [
  numberSecret,
  (desired, observed) =>
    desired.number !== 'none' && desired.number?.hasWebhook ? queue(desired, observed) : undefined,
  numberAccess,
  numberVersion,
  numberDestruction,
  numberAnnouncement,
];

/** Besides the queue. */
export const NUMBER_DISCONNECTED: readonly Rule[] = [numberRemoval, numberAnnouncement];

/** Of an agent that is out of service: nobody reads its credentials, nobody takes what people write. */
export const NUMBER_WITHDRAWALS: readonly Rule[] = [
  (desired, { numberPolicy }) =>
    withdrawal('number-withdrawal', desired, numberSecretId(desired.name), numberPolicy),
  ({ name }, { queue: found }) => {
    if ((found?.policy?.bindings.length ?? 0) === 0) return undefined;
    const title = `Take ${serviceAccountId(name)} its rights on queue ${webhookQueueId(name)}`;
    return { id: 'queue-withdrawal', title, needs: [] };
  },
];
