/** Many people at once: what goes over the wire of the admin API, and what the queue carries. */

import { z } from 'zod';
import { email, provisionRequest } from './config-document.ts';
import { agentName } from './names.ts';

/** People in one request: what a function can look at and put into the queue in its 120 s. */
export const IMPORT_MAX = 1000;
/** Bytes of a body with so many people in it, generously. */
export const IMPORT_BODY_MAX = 1024 * 1024;

/** `POST /v1/imports` */
export const importRequest = z.strictObject({
  people: z.array(provisionRequest).min(1).max(IMPORT_MAX),
});

const imported = z.strictObject({
  user: email,
  /** What it takes to have the agent as asked for; `nothing`: it is. */
  takes: z.enum(['create', 'change', 'nothing']),
  /** The name of the agent that there is. */
  agent: agentName.optional(),
  /** Put into the queue by this request, or waiting there from an earlier one. */
  queued: z.boolean(),
});
export type Imported = z.infer<typeof imported>;

export const importAnswer = z.strictObject({
  /** In the order of the request. */
  people: z.array(imported),
  /** Pieces of work in the queue, whosever they are; at most 10,000 are counted. */
  waiting: z.number().int(),
});
export type ImportAnswer = z.infer<typeof importAnswer>;

/** One piece of bulk work, as Cloud Tasks brings it: `POST /v1/tasks/provision`. */
export const provisionWork = z.strictObject({
  request: provisionRequest,
  /** The admin who asked for it. */
  by: email,
});
export const provisionTask = z.strictObject({
  work: z.record(z.string(), z.unknown()),
  /** Proof that the plane wrote it: core/ticket.ts. */
  ticket: z.string().max(100),
});

const WORK_OUTCOMES = ['done', 'refused'] as const;
export const workAnswer = z.strictObject({
  outcome: z.enum(WORK_OUTCOMES),
  agent: agentName.optional(),
});
