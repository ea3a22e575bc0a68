/** Observed -> the state of the agent resource, with a reason a person can act on. */

import type { AgentState } from '../../contracts/agent.ts';
import { CLI } from '../../contracts/names.ts';
import { intentOf } from './intent.ts';
import type { Observed } from './observed.ts';
import { isNowhere, STOCKOUTS } from './zone.ts';

export interface StateView {
  readonly state: AgentState;
  readonly reason?: string;
}

/** A VM that has not said a word for so long is not booting any more. */
export const BOOT_LIMIT_MS = 15 * 60_000;

const INTERRUPTED = 'No VM yet. If this lasts more than a minute, send the same request again.';
const PURGING = 'If this lasts more than a few minutes, purge it once more: it goes on.';
const SILENT = `The VM runs but has not reported for 15 minutes. Look at ${CLI} logs NAME, then ${CLI} restart NAME.`;

/**
 * Error codes of Compute operations to what to do.
 * https://cloud.google.com/compute/docs/troubleshooting/troubleshooting-vm-creation
 */
const OPERATION_REASONS: Readonly<Record<string, string>> = {
  QUOTA_EXCEEDED: 'A quota of the project is used up. Ask for more, or remove agents.',
  RESOURCE_NOT_FOUND: 'The image, network or disk that the plane is set to does not exist.',
  PERMISSIONS_ERROR: "The plane's service account may not create this VM. Run the setup again.",
  CONDITION_NOT_MET: 'A policy of the organisation forbids this VM. Ask your cloud administrator.',
};

const STATES: Readonly<Record<string, AgentState>> = {
  PROVISIONING: 'provisioning',
  STAGING: 'provisioning',
  PENDING: 'provisioning',
  RUNNING: 'booting',
  REPAIRING: 'booting',
  STOPPING: 'stopped',
  PENDING_STOP: 'stopped',
  STOPPED: 'stopped',
  SUSPENDING: 'stopped',
  SUSPENDED: 'stopped',
  TERMINATED: 'stopped',
};

/** @param now milliseconds since the epoch */
export function stateOf(observed: Observed, now: number): StateView {
  const { instance, operation } = observed;
  const { life } = intentOf(observed);
  if (life === 'deprovisioned' || life === 'revoked') return { state: 'deprovisioned' };
  if (life === 'purged') return { state: 'purging', reason: PURGING };
  if (!instance && life === 'stopped') return { state: 'stopped' };
  if (!instance) return withoutInstance(observed);
  const state = STATES[instance.status] ?? 'provisioning';
  const error = operation?.kind === 'start' ? operation.errors[0] : undefined;
  if (state === 'stopped' && life === 'running' && error)
    return { state: 'failed', reason: whyNot(error.code, 'start', observed) };
  return instance.status === 'RUNNING' ? runningState(observed, now) : { state };
}

function withoutInstance(observed: Observed): StateView {
  const { operation } = observed;
  const error = operation?.done ? operation.errors[0] : undefined;
  if (!operation || (operation.done && !error))
    return { state: 'provisioning', reason: INTERRUPTED };
  if (!error) return { state: 'provisioning' };
  return { state: 'failed', reason: whyNot(error.code, 'create', observed) };
}

function whyNot(code: string, verb: string, observed: Observed): string {
  if (STOCKOUTS.has(code)) return withoutRoom(observed);
  const reason = OPERATION_REASONS[code] ?? `Google could not ${verb} the VM (${code}).`;
  return `${reason} Then send the same request again.`;
}

/** A list does not look at disks; a VM that once spoke had one. */
function withoutRoom(observed: Observed): string {
  const { zone, guestStatus } = observed;
  const where = zone ? `Zone ${zone}` : 'The zone';
  if (isNowhere(observed) && !guestStatus) {
    return `${where} has no free capacity. The same request again tries the next zone of the region; the hourly reconcile does, too.`;
  }
  return `${where} has no free capacity, and the agent's data disk is there. The same request again tries once more, as the hourly reconcile does; the admin guide ("A zone without capacity") says how to move the agent.`;
}

/** The VM wrote it, and it ends up on an admin's terminal: no escape sequences, no hidden turns. */
const printable = (text: string): string => text.replace(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]+/gu, ' ');

function runningState({ instance, guestStatus }: Observed, now: number): StateView {
  const started = Date.parse(instance?.startedAt ?? '') || 0;
  // Guest attributes outlive a stop: what was written before this boot says nothing about it.
  const status = guestStatus && Date.parse(guestStatus.at) >= started ? guestStatus : undefined;
  const said = status?.reason ? printable(status.reason) : undefined;
  if (status?.state === 'ready') return { state: 'ready', ...(said && { reason: said }) };
  if (status?.state === 'failed') {
    return {
      state: 'failed',
      reason: said ?? 'The VM gave no reason. Look at its journal.',
    };
  }
  // A boot that said where it was and then hung is as stuck as one that never spoke.
  const lastWord = status ? Date.parse(status.at) : started;
  const silent = lastWord > 0 && now - lastWord > BOOT_LIMIT_MS;
  return silent
    ? { state: 'failed', reason: SILENT }
    : { state: 'booting', ...(said && { reason: said }) };
}
