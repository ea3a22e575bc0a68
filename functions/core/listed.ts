/** Which agents a list asks Compute Engine about in one call, and what the answers say of one. */

import type { AgentState } from '../../contracts/agent.ts';
import { vmStatus } from '../../contracts/instance-metadata.ts';
import { type AgentName, agentName } from '../../contracts/names.ts';
import { isOurs } from './foreign.ts';
import { ANNOTATION_STATUS, type SecretState } from './observed.ts';

/**
 * Names in one filter: what comes back fits into one page of 500, and the address of the request
 * stays below 8 KB, where Google's front ends begin to refuse (`|` takes three characters there).
 */
const NAMES_MAX = 500;
const LENGTH_MAX = 7_000;

export function inFilters(names: readonly AgentName[]): readonly (readonly AgentName[])[] {
  const filters: AgentName[][] = [];
  let length = 0;
  for (const name of names) {
    const last = filters.at(-1);
    const takes = name.length + '%7C'.length;
    if (!last || last.length === NAMES_MAX || length + takes > LENGTH_MAX) {
      filters.push([name]);
      length = takes;
    } else {
      last.push(name);
      length += takes;
    }
  }
  return filters;
}

/** The agent whose config secret this is; undefined when it is none of ours. */
export function agentIn(id: string, secret: SecretState): AgentName | undefined {
  const name = agentName.safeParse(/^agent-(.+)-config$/.exec(id)?.[1]).data;
  return name && isOurs(secret.labels, name) ? name : undefined;
}

/** What the VM last told the plane; guest attributes cannot be listed. */
export function statusIn({ annotations }: Pick<SecretState, 'annotations'>) {
  try {
    return vmStatus.safeParse(JSON.parse(annotations[ANNOTATION_STATUS] ?? '')).data;
  } catch {
    return undefined;
  }
}

/** States that a failed operation of Compute Engine may be behind. */
export const MAY_HAVE_FAILED: ReadonlySet<AgentState> = new Set(['provisioning', 'stopped']);
