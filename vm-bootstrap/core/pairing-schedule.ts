/** The times of linking a WhatsApp account. Milliseconds. */

import { PAIRING_ATTEMPTS_MAX } from '../../contracts/pairing.ts';

const SECOND = 1_000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;

/** WhatsApp's own rhythm (FACTS.md, "WhatsApp"): the first code of an attempt, and every later one. */
export const FIRST_CODE_MS = MINUTE;
export const LATER_CODE_MS = 20 * SECOND;

/** OpenClaw gives a login up after this long (ACTIVE_LOGIN_TTL_MS of its WhatsApp plugin, 2026.9.6). */
export const ATTEMPT_MS = 3 * MINUTE;

/**
 * From the end of an attempt to the start of the next, by how many failed in a row; the last
 * entry repeats. WhatsApp blocks a number that is linked over and over (seeds/002), and does not
 * say when: up to PAIRING_ATTEMPTS_MAX a person at the page hardly waits, from there on they do.
 */
const SPACING_MS: readonly number[] = [
  5 * SECOND,
  5 * SECOND,
  15 * SECOND,
  15 * MINUTE,
  HOUR,
  4 * HOUR,
  24 * HOUR,
];

/** So long without an attempt, the failures before it say nothing any more. */
export const FORGET_MS = 24 * HOUR;

/** So long somebody who asked is taken to be still waiting. */
export const WAITS_MS = 30 * MINUTE;

/** @param failures attempts that failed in a row, at least 0 */
export const spacingAfter = (failures: number): number =>
  SPACING_MS[Math.min(failures, SPACING_MS.length - 1)] ?? 0;

export const isPause = (failures: number): boolean => failures >= PAIRING_ATTEMPTS_MAX;
