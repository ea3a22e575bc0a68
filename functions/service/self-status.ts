/** What an agent's VM says of itself, kept where a list of the fleet can read it. */

import { type VmStatus, vmStatus } from '../../contracts/instance-metadata.ts';
import type { AgentName } from '../../contracts/names.ts';
import { canonicalJson } from '../core/canonical.ts';
import { ANNOTATION_STATUS } from '../core/observed.ts';
import { parseBody } from '../core/request.ts';
import { type Annotator, annotate } from './annotations.ts';
import { type SelfTools, self } from './caller.ts';

/** The same status is written once. */
export async function noteStatus(tools: Annotator, name: AgentName, said: VmStatus): Promise<void> {
  const status = canonicalJson(said);
  await annotate(tools, name, (annotations) =>
    annotations[ANNOTATION_STATUS] === status ? undefined : { [ANNOTATION_STATUS]: status },
  );
}

/** `POST /v1/self/status`. Safe to repeat. */
export async function reportStatus(
  tools: SelfTools,
  name: AgentName,
  body: unknown,
): Promise<object> {
  const said = parseBody(vmStatus, body);
  await self(tools, name);
  await noteStatus(tools, name, said);
  return {};
}
