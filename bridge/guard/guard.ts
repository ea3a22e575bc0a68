/**
 * Who may speak, as what, and how often: decided before anything is queued. Pure but for the
 * allowance that is passed in, which counts in the same transaction that queues the message.
 */

import { type InboundMessage, laneOf } from '../message.ts';
import { normaliseNumber } from './number.ts';

export interface GuardRules {
  readonly mode: 'allowlist' | 'open';
  /** Role -> numbers or BSUIDs. */
  readonly roles: Readonly<Record<string, readonly string[]>>;
  /** Role of those who are in no list, in mode `open`. */
  readonly defaultRole: string;
  readonly denyMessage: string;
  /** Messages that a sender may write in a window. */
  readonly rateLimit: number;
  readonly rateWindowMs: number;
}

export type Verdict =
  | { readonly kind: 'admit'; readonly role: string }
  /** `reply` is left out when this sender was told not long ago. */
  | { readonly kind: 'deny'; readonly reply?: string }
  | { readonly kind: 'drop'; readonly reason: 'rate' | 'nothing-to-do' }
  /** The person sent something that nobody here can read, and may be told so once. */
  | { readonly kind: 'unreadable'; readonly reply?: string };

/** Store.allow in the window of `at` (milliseconds since the epoch; now when left out, or later than now). */
export type Allow = (name: string, windowMs: number, limit: number, at?: number) => boolean;

export type Guard = (message: InboundMessage, allow: Allow) => Verdict;

const HOUR_MS = 3_600_000;

const UNREADABLE =
  "I can't open this kind of message. Text, voice notes, pictures and documents work.";

/** @returns number -> role; the first role that lists a number has it. */
function rolesByNumber(roles: GuardRules['roles']): ReadonlyMap<string, string> {
  const known = new Map<string, string>();
  for (const [role, numbers] of Object.entries(roles)) {
    for (const number of numbers.map(normaliseNumber)) {
      if (!known.has(number)) known.set(number, role);
    }
  }
  return known;
}

export function createGuard(rules: GuardRules): Guard {
  const known = rolesByNumber(rules.roles);
  const roleOf = ({ sender }: InboundMessage): string | undefined =>
    known.get(normaliseNumber(sender.phone ?? sender.id)) ??
    known.get(sender.id) ??
    (rules.mode === 'open' ? rules.defaultRole : undefined);

  return (message, allow) => {
    const lane = laneOf(message.transport, message.sender);
    const role = roleOf(message);
    const { kind } = message.content;
    // An answer to a reaction or to a service notice would be an answer to nothing.
    if (kind === 'reaction') return { kind: 'drop', reason: 'nothing-to-do' };
    if (role === undefined) {
      const told = !allow(`deny:${lane}`, HOUR_MS, 1);
      return told ? { kind: 'deny' } : { kind: 'deny', reply: rules.denyMessage };
    }
    // By when it was written: what waited while the bridge was down arrives all at once.
    if (!allow(`rate:${lane}`, rules.rateWindowMs, rules.rateLimit, message.at)) {
      return { kind: 'drop', reason: 'rate' };
    }
    if (kind === 'unsupported') {
      const told = !allow(`unreadable:${lane}`, HOUR_MS, 1);
      return told ? { kind: 'unreadable' } : { kind: 'unreadable', reply: UNREADABLE };
    }
    return { kind: 'admit', role };
  };
}
