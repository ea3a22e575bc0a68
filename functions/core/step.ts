/** What is wanted of one agent, and the steps that a plan is made of. */

import type { ConfigDocument } from '../../contracts/config-document.ts';
import type { AgentName } from '../../contracts/names.ts';
import type { Intent } from './intent.ts';
import type { Observed } from './observed.ts';
import type { Policy } from './policy.ts';

export interface Desired {
  readonly name: AgentName;
  readonly project: string;
  /** Undefined when it is not known and not needed: to let go of an agent takes none. */
  readonly document: ConfigDocument | undefined;
  readonly intent: Intent;
  /** Where its VM is to be. */
  readonly zone: string;
  /** Milliseconds since the epoch: nothing that was looked at is older. */
  readonly since: number;
  /** What of the directory a new agent follows; undefined for one that is made by hand. */
  readonly followed?: string | undefined;
  /** The owner's id in the directory; null: not known, and none is kept; undefined: as it is. */
  readonly person?: string | null | undefined;
  /** Milliseconds since the epoch; which month it is depends on it. */
  readonly now: number;
  /** Of a business number that is connected, or (`none`) disconnected; undefined: as it is. */
  readonly number?: WantedNumber | 'none' | undefined;
  /** Of the VM, as the plane is set now; the config version's number is not known yet. */
  readonly metadata: Readonly<Record<string, string>>;
}

export interface WantedNumber {
  /** Its credentials, as they are kept. */
  readonly text: string;
  readonly hasWebhook: boolean;
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
  | 'config-enabled'
  | 'account-enabled'
  | 'account-disabled'
  | 'key-destruction'
  | 'boot-disk-removal'
  | 'leftover-removal'
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
  | 'channels-withdrawal'
  | 'backup-withdrawal'
  | 'number-secret'
  | 'number-version'
  | 'number-access'
  | 'number-withdrawal'
  | 'number-destruction'
  | 'number-announcement'
  | 'number-removal'
  | 'queue'
  | 'queue-withdrawal'
  | 'disk-removal'
  | 'secret-removal'
  | 'backup-removal'
  | 'number-return'
  | 'queue-removal'
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
  /** The agent's own secret: nobody else is granted anything on it, and the agent nothing else. */
  readonly isOwn: boolean;
}

export interface Withdrawal {
  readonly secret: string;
  readonly member: string;
  readonly policy: Policy;
  /** The agent's own secret: nobody keeps anything on it. */
  readonly isOwn: boolean;
}

/** Undefined when its part is as it should be. */
export type Rule = (desired: Desired, observed: Observed) => Step | readonly Step[] | undefined;
