/**
 * What is wanted of an agent apart from its document: one annotation on its config secret,
 * written with the secret's etag before anything else happens. So of two admins at once one
 * wins, and whoever comes after a crash finds what had been asked for.
 */

import { createHash } from 'node:crypto';
import { z } from 'zod';
import type { ConfigDocument } from '../../contracts/config-document.ts';
import { LIVES } from '../../contracts/lifecycle.ts';
import { canonicalJson } from './canonical.ts';
import { readDocument } from './document.ts';
import type { Observed, SecretState } from './observed.ts';

export const ANNOTATION_INTENT = 'agents-plane-intent';

const intent = z.strictObject({
  life: z.enum(LIVES),
  /** Id of the last restart that was asked for; empty when none ever was. */
  boot: z.string(),
  /** Id of the last rebuild. */
  machine: z.string(),
  /** Digest of the document that was asked for with it. */
  document: z.string(),
  /** Who recorded it (a request's id) and when, in milliseconds since the epoch. */
  by: z.string(),
  at: z.number(),
  /** Where it is, or is to be made, when that is not the plane's zone. */
  zone: z.string().optional(),
  /** The try without room after which that was chosen: RFC 3339, by Google's clock. */
  after: z.string().optional(),
});
export type Intent = z.infer<typeof intent>;

/**
 * Between the record of a new document and its version nobody else may write one: a version
 * cannot be made conditional, so time decides. A writer that has not sent its version within
 * the first half of the lease gives up; its call takes at most the other half.
 */
export const LEASE_MS = 8000;

/** 64 bits; two documents of one agent never share them by accident. */
const DIGEST_LENGTH = 16;

export const digestOf = (document: ConfigDocument): string =>
  createHash('sha256').update(canonicalJson(document)).digest('hex').slice(0, DIGEST_LENGTH);

/** Of an agent that was just asked for. */
export const firstIntent = (document: ConfigDocument, by: string, at: number): Intent => ({
  life: 'running',
  boot: '',
  machine: '',
  document: digestOf(document),
  by,
  at,
});

/** Undefined when none was ever recorded, or the text is not ours. */
export function recordedIntent(secret: SecretState | undefined): Intent | undefined {
  try {
    return intent.safeParse(JSON.parse(secret?.annotations[ANNOTATION_INTENT] ?? '')).data;
  } catch {
    return undefined;
  }
}

export const formatIntent = (value: Intent): string => canonicalJson(value);

/** What is in force: the record, or (before there was one) a running agent. */
export function intentOf(observed: Observed): Intent {
  const document = readDocument(observed.config?.payload);
  const digest = document ? digestOf(document) : '';
  const none: Intent = { life: 'running', boot: '', machine: '', document: digest, by: '', at: 0 };
  return recordedIntent(observed.configSecret) ?? none;
}

/** Whether both ask for the same, whoever asked and when. */
export const sameIntent = (a: Intent, b: Intent): boolean =>
  a.life === b.life &&
  a.boot === b.boot &&
  a.machine === b.machine &&
  a.document === b.document &&
  a.zone === b.zone &&
  a.after === b.after;

/**
 * Milliseconds for which another writer's document may still arrive; 0 when there is none, or
 * it is this request's own.
 */
export function leaseLeft(observed: Observed, by: string, now: number): number {
  const recorded = recordedIntent(observed.configSecret);
  if (!recorded || recorded.by === by) return 0;
  const document = readDocument(observed.config?.payload);
  if (document && digestOf(document) === recorded.document) return 0;
  return Math.max(0, Math.min(LEASE_MS, recorded.at + LEASE_MS - now));
}

/** Agents whose VM, rights and document are looked after; the others are being let go of. */
export const isServed = ({ life }: Pick<Intent, 'life'>): boolean =>
  life === 'running' || life === 'stopped';
