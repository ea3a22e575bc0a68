/** Following the Workspace Directory: `POST /v1/sync`. */

import { z } from 'zod';
import { email } from './config-document.ts';
import { agentName } from './names.ts';

const SYNC_ACTIONS = [
  /** Switched on in the directory: a new agent. */
  'provision',
  /** What the directory says of it changed, or it was switched on again. */
  'update',
  /** Switched off: out of service, all it has is kept. */
  'deprovision',
  /** Its owner is suspended or gone: out of service, and its keys are destroyed. */
  'revoke',
] as const;

const SYNC_OUTCOMES = ['planned', 'done', 'failed', 'left'] as const;

const synced = z.strictObject({
  action: z.enum(SYNC_ACTIONS),
  user: email,
  agent: agentName.optional(),
  /** `left`: there was no time; the next sync goes on. */
  outcome: z.enum(SYNC_OUTCOMES),
  /** Why it failed. */
  reason: z.string().optional(),
});
export type Synced = z.infer<typeof synced>;

/** Somebody whose entry in the directory cannot be followed. */
const unfollowed = z.strictObject({ user: email, problem: z.string() });
export type Unfollowed = z.infer<typeof unfollowed>;

/** Too many agents would go: nothing was done, and an administrator is asked. */
const syncStopped = z.strictObject({
  removals: z.number().int(),
  /** Most that a sync removes unasked. */
  limit: z.number().int(),
  /** Names exactly these removals: `?confirm=...` lets them happen. */
  confirm: z.string(),
});

export const syncAnswer = z.strictObject({
  stopped: syncStopped.optional(),
  actions: z.array(synced),
  unfollowed: z.array(unfollowed),
});
export type SyncAnswer = z.infer<typeof syncAnswer>;

export const confirmation = z.string().regex(/^[0-9a-f]{16}$/);
