/** What Google says about one agent: the input of plan.ts and state.ts. Undefined means absent. */

import type { VmStatus } from '../../contracts/instance-metadata.ts';
import type { Pairing } from '../../contracts/pairing.ts';
import type { Policy } from './policy.ts';

export interface SecretState {
  readonly labels: Readonly<Record<string, string>>;
  readonly annotations: Readonly<Record<string, string>>;
  readonly etag: string | undefined;
  /** RFC 3339, by Google's clock; undefined when nobody looked. */
  readonly createdAt?: string | undefined;
}

/** Newest version of a secret; `version` is its number. */
export interface SecretPayload {
  readonly version: string;
  readonly payload: string;
}

/** https://cloud.google.com/secret-manager/docs/reference/rest/v1/projects.secrets.versions#State */
export interface VersionState {
  readonly version: string;
  readonly state: 'ENABLED' | 'DISABLED' | 'DESTROYED';
  /** RFC 3339, by Google's clock. */
  readonly createdAt?: string | undefined;
}

/** On which the webhooks of a business number wait. */
export interface QueueState {
  readonly parts: readonly QueuePart[];
  /** Whether the subscription gets what is published to the topic of now. */
  readonly attached: boolean;
  /** Of the subscription; undefined without one. */
  readonly policy: Policy | undefined;
}
export interface QueuePart {
  readonly kind: 'topic' | 'subscription';
  readonly name: string;
}

export interface ServiceAccountState {
  readonly email: string;
  readonly description: string;
  readonly disabled?: boolean | undefined;
}

export interface InstanceState {
  readonly name: string;
  /** Google's number; undefined when nobody looked. */
  readonly id?: string | undefined;
  /** https://cloud.google.com/compute/docs/instances/instance-lifecycle */
  readonly status: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly metadata: Readonly<Record<string, string>>;
  readonly metadataFingerprint: string | undefined;
  /** Names of the attached disks; undefined when nobody looked. */
  readonly disks?: readonly string[] | undefined;
  /** Name of the one it boots from. */
  readonly bootDisk?: string | undefined;
  /** Email of the account that it acts as; '' when it has none. */
  readonly serviceAccount?: string | undefined;
  /** RFC 3339 */
  readonly startedAt: string | undefined;
}

/** The newest operation on the instance. `errors` come from `operation.error`. */
export interface OperationState {
  readonly name?: string | undefined;
  readonly kind: string;
  readonly done: boolean;
  /** When it was asked for, and over: RFC 3339, by Google's clock. */
  readonly at?: string | undefined;
  readonly endedAt?: string | undefined;
  readonly errors: ReadonlyArray<{ readonly code: string; readonly message: string }>;
}

/** A disk, as it is looked at by itself. */
export interface DiskState {
  readonly labels: Readonly<Record<string, string>>;
  /** RFC 3339, by Google's clock. */
  readonly createdAt?: string | undefined;
  readonly inUse?: boolean | undefined;
}

/** What carries some labels, and in which zone. */
export interface Labelled {
  readonly name: string;
  readonly zone: string;
}
export type LabelledDisk = Labelled & Omit<DiskState, 'labels'>;

/** What carries some labels in all zones, of which there are these. */
export interface Spread {
  readonly instances: readonly Labelled[];
  readonly disks: readonly LabelledDisk[];
  readonly zones: readonly string[];
}

export interface Observed {
  readonly configSecret?: SecretState | undefined;
  readonly config?: SecretPayload | undefined;
  readonly configPolicy?: Policy | undefined;
  readonly keySecret?: SecretState | undefined;
  readonly keyPolicy?: Policy | undefined;
  /** Most agents have no channels of their own, and none has a backup before it is linked. */
  readonly channelsSecret?: SecretState | undefined;
  readonly channelsPolicy?: Policy | undefined;
  readonly backupSecret?: SecretState | undefined;
  readonly backupPolicy?: Policy | undefined;
  /** Of a business number: the most part of agents has none. */
  readonly numberSecret?: SecretState | undefined;
  readonly numberPolicy?: Policy | undefined;
  /** Of its credentials, newest first. */
  readonly numberVersions?: readonly VersionState[] | undefined;
  /** Its credentials themselves: looked at by whoever connects one alone. */
  readonly number?: SecretPayload | undefined;
  readonly queue?: QueueState | undefined;
  /** Undefined when the organisation has no shared key. */
  readonly sharedKeyPolicy?: Policy | undefined;
  readonly serviceAccount?: ServiceAccountState | undefined;
  readonly instance?: InstanceState | undefined;
  readonly dataDisk?: DiskState | undefined;
  readonly guestStatus?: VmStatus | undefined;
  readonly pairing?: Pairing | undefined;
  readonly operation?: OperationState | undefined;
  /** In which VM, data disk and operation were looked for; undefined: the plane's. */
  readonly zone?: string | undefined;
  /** Of an agent that has neither VM nor data disk: all there are, as every one was searched. */
  readonly zones?: readonly string[] | undefined;
  /** Disks in `zone` that a try without room left behind. */
  readonly leftovers?: readonly LabelledDisk[] | undefined;
  /** Zones that each hold a data disk of the agent's, where there are several. */
  readonly scattered?: readonly string[] | undefined;
  /** Of an agent that exists: what nobody but a verb needs to know (service/observe.ts). */
  readonly detail?: Detail | undefined;
  /** Looked at for an agent whose owner left: versions that are not destroyed. */
  readonly credentials?:
    | readonly { readonly secret: string; readonly versions: readonly string[] }[]
    | undefined;
  /** Looked at for a purge alone. */
  readonly inventory?: Inventory | undefined;
}

/** What drift shows in. */
export interface Detail {
  /** Newest first; looked at when the newest one could not be read. */
  readonly configVersions: readonly VersionState[];
  /** Newest readable version, where that is not the newest. */
  readonly lastConfig: SecretPayload | undefined;
  /** Newest version of the key secret; undefined when the agent has no key of its own. */
  readonly keyVersion: VersionState | undefined;
  /** Who may act as the agent's service account. */
  readonly accountPolicy: Policy | undefined;
  /** A disk with the name of the VM's own boot disk, where the VM does not boot from it. */
  readonly bootDisk: { readonly labels: Readonly<Record<string, string>> } | undefined;
}

/** Names of all that carries the agent's labels; objects and queues carry its name. */
export interface Inventory {
  /** Names of the records of its numbers in the pool. */
  readonly numbers?: readonly string[];
  readonly objects: readonly string[];
  readonly queues: readonly QueuePart[];
  readonly secrets: readonly string[];
  readonly instances: readonly Labelled[];
  readonly disks: readonly Labelled[];
}

/** Annotations of the config secret. */
export const ANNOTATION_USER = 'agents-plane-user';
/** The month's money, `core/budget.ts`. */
export const ANNOTATION_USAGE = 'agents-plane-usage';
/** How many mails the agent may send its owner, `core/mail-allowance.ts`. */
export const ANNOTATION_MAILS = 'agents-plane-mails';
/** How many channels may still be announced to the owner, `core/mail-allowance.ts`. */
export const ANNOTATION_NOTICES = 'agents-plane-channel-notices';
/** How many mails may still go out about its link, `core/mail-allowance.ts`. */
export const ANNOTATION_LINK_MAILS = 'agents-plane-link-mails';
/** What of the Workspace Directory the agent was last brought to, `core/sync-plan.ts`. */
export const ANNOTATION_FOLLOWED = 'agents-plane-followed';
/** The owner's id in the Workspace Directory: an address may become somebody else's, `core/owners.ts`. */
export const ANNOTATION_PERSON = 'agents-plane-person';
export const ANNOTATION_WELCOME = 'agents-plane-welcome';
/** Generation of the pairing links in force: pairing-link.ts. */
export const ANNOTATION_LINK = 'agents-plane-link';
/** The newest report of the channel: channel.ts. */
export const ANNOTATION_CHANNEL = 'agents-plane-channel';
/** The mail about the link that was lost, like the welcome mail's state. */
export const ANNOTATION_LOST_MAIL = 'agents-plane-lost-mail';
/** The mail about another phone's scan, like the welcome mail's state. */
export const ANNOTATION_WRONG_PHONE_MAIL = 'agents-plane-wrong-phone-mail';
/** When the newest reply "connect" came that was acted upon; milliseconds since the epoch. */
export const ANNOTATION_REPLY = 'agents-plane-reply';
/** What the VM last said of itself when that was the end of a boot: `vmStatus` as JSON. */
export const ANNOTATION_STATUS = 'agents-plane-status';
