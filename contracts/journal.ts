/** What the plane and a VM wrote down: over the wire of the admin API. */

import { z } from 'zod';
import { agentName } from './names.ts';

/** `GET /v1/agents/{name}/logs`: a part of what the VM's serial port said. */
export const vmLog = z.strictObject({
  agent: agentName,
  text: z.string(),
  /** Where to go on. */
  next: z.string(),
});

const facets = z.record(z.string(), z.union([z.string(), z.number()]));

/** One line about a change or a refusal. */
export const auditLine = z.object({
  /** RFC 3339 */
  at: z.string(),
  audit: z.enum(['begun', 'change', 'refusal']),
  /** What was proven of the caller; undefined when nothing was. */
  who: z.string().optional(),
  /** Id of the operation, as in the OpenAPI document. */
  what: z.string(),
  agent: z.string().optional(),
  outcome: z.string().optional(),
  requestId: z.string(),
  before: facets.optional(),
  after: facets.optional(),
});
export type AuditLine = z.infer<typeof auditLine>;

/** `GET /v1/audit`: newest first. */
export const auditAnswer = z.strictObject({
  lines: z.array(auditLine),
  nextPageToken: z.string().optional(),
});
export type AuditAnswer = z.infer<typeof auditAnswer>;
