/** The agent resource, as answers carry it. */

import type { Agent, Channel, Spend } from '../../contracts/agent.ts';
import { type AgentName, instanceName, serviceAccountEmail } from '../../contracts/names.ts';
import { parseUsage, type UsageRecord } from '../core/budget.ts';
import { channelOf, hasDevice, parseChannel } from '../core/channel.ts';
import { ANNOTATION_CHANNEL, ANNOTATION_USAGE, type Observed } from '../core/observed.ts';
import { stateOf } from '../core/state.ts';
import type { Summary } from '../core/summary.ts';
import type { Tools } from './steps.ts';

const spendOf = ({ month, usd, withdrawn }: UsageRecord): Spend => ({ month, usd, withdrawn });

/**
 * @param plane where an agent is of which nothing else is known
 * @param now milliseconds since the epoch
 */
export function resourceOf(
  name: AgentName,
  summary: Summary,
  observed: Observed,
  plane: Pick<Tools, 'project' | 'instance'>,
  now: number,
): Agent {
  const status = observed.instance?.status;
  const key = observed.guestStatus?.key;
  const usage = parseUsage(observed.configSecret?.annotations[ANNOTATION_USAGE]);
  return {
    name,
    ...stateOf(observed, now),
    ...summary,
    configVersion: observed.config?.version ?? '',
    instance: {
      name: instanceName(name),
      zone: observed.zone ?? plane.instance.zone,
      ...(status === undefined ? {} : { status }),
    },
    serviceAccount: serviceAccountEmail(name, plane.project),
    ...(key === undefined ? {} : { key }),
    ...channelIn(observed, hasDevice(summary)),
    ...(usage === undefined ? {} : { spend: spendOf(usage) }),
  };
}

function channelIn(
  { configSecret, pairing }: Observed,
  isDevice: boolean,
): { readonly channel?: Channel } {
  const note = parseChannel(configSecret?.annotations[ANNOTATION_CHANNEL]);
  if (isDevice) return { channel: channelOf(note, pairing) };
  return note?.event === 'deaf' ? { channel: channelOf(note, undefined) } : {};
}
