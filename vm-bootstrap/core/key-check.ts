/** What a provider's answer says about a key. Pure. */

export type KeyVerdict = 'good' | 'refused' | 'unknown';

/** Google answers 400 for a key that does not exist (reason API_KEY_INVALID); the others 401 or 403. */
const REFUSALS = new Set([400, 401, 403]);

export function verdictOf(status: number): KeyVerdict {
  if (status >= 200 && status < 300) return 'good';
  return REFUSALS.has(status) ? 'refused' : 'unknown';
}
