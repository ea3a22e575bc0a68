/** The verbs over an agent that exists: what goes over the wire of the admin API. */

import { z } from 'zod';
import { plan } from './agent.ts';
import { updatable } from './config-document.ts';
import { problem } from './errors.ts';
import { agentName } from './names.ts';

/**
 * What is wanted of an agent, apart from its config document.
 * `deprovisioned`: stopped, and without any right; everything it has is kept.
 * `revoked`: deprovisioned because its owner left: its keys are destroyed, too.
 * `purged`: on its way out; nothing is kept.
 */
export const LIVES = ['running', 'stopped', 'deprovisioned', 'revoked', 'purged'] as const;
export type Life = (typeof LIVES)[number];

/** `PATCH /v1/agents/{name}`: fields that are left out stay as they are; null takes one away. */
export const updateRequest = updatable.refine((fields) => Object.keys(fields).length > 0, {
  error: 'changes nothing',
  params: { fix: 'give at least one field' },
});
export type UpdateRequest = z.infer<typeof updateRequest>;

/**
 * Of `restart` and `rebuild`, which would otherwise happen once more when a request whose answer
 * got lost is sent again: the same id is the same restart.
 */
export const onceRequest = z.strictObject({ requestId: z.uuid().optional() });

const RESOURCE_KINDS = [
  'instance',
  'disk',
  'secret',
  'serviceAccount',
  'binding',
  'object',
  'topic',
  'subscription',
] as const;

/** One thing in the project that belongs to an agent. */
const owned = z.strictObject({ kind: z.enum(RESOURCE_KINDS), name: z.string() });
export type Owned = z.infer<typeof owned>;

/** What a purge found at its start, and that nothing of it is there any more. */
export const receipt = z.strictObject({
  agent: agentName,
  removed: z.array(owned),
  /** By label, after the last deletion: always empty, or the purge has failed. */
  left: z.array(owned).length(0),
  /** RFC 3339 */
  at: z.string(),
});
export type Receipt = z.infer<typeof receipt>;

const RECONCILE_OUTCOMES = [
  'unchanged',
  'repaired',
  'purged',
  /** Something of its names is not ours: nothing was touched. */
  'refused',
  /** There is something of it, but nothing that says what it should be. */
  'orphaned',
  'failed',
] as const;

export const reconciled = z.strictObject({
  agent: agentName,
  outcome: z.enum(RECONCILE_OUTCOMES),
  /** Titles of the steps that were taken. */
  done: z.array(z.string()),
  /** As in a plan. */
  untouched: z.array(problem).optional(),
  /** Why nothing was, and what to do. */
  reason: z.string().optional(),
});
export type Reconciled = z.infer<typeof reconciled>;

/** `POST /v1/reconcile`: one page of agents; `nextPageToken` continues. */
export const reconcileAnswer = z.strictObject({
  agents: z.array(reconciled),
  /** Of the first page: numbers of the pool that were allotted and then not used. */
  numbersReturned: z.number().int().optional(),
  nextPageToken: z.string().optional(),
});
export type ReconcileAnswer = z.infer<typeof reconcileAnswer>;

/** `POST /v1/reconcile/begin`: a round over all agents, page by page, through the queue. */
export const roundBegun = z.strictObject({ round: z.string() });
/** One page of it. */
export const roundPage = z.strictObject({
  round: z.string().max(40),
  /** Where the page before ended; '' for the first. */
  token: z.string().max(200),
});

/** `GET /v1/plan`: what that would do. */
export const planAnswer = z.strictObject({
  plans: z.array(plan),
  nextPageToken: z.string().optional(),
});
