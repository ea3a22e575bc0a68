/**
 * Texts that we wrote and that the agent may have edited since (AGENTS.md, BOOTSTRAP.md,
 * heartbeat): our part is brought up to date, theirs is kept.
 */

/**
 * @param last what we wrote last time, verbatim; undefined when never.
 * @param desired what we want to be there now.
 * @param current what is there; undefined when nothing is.
 * @returns the text that should be there. Idempotent: with `last` = `desired`, a second
 *   call on its own result returns it unchanged.
 */
export function mergeText(
  last: string | undefined,
  desired: string,
  current: string | undefined,
): string {
  if (current === undefined || current.trim() === '') return desired;
  if (current.includes(desired)) return current;
  if (last !== undefined && current.includes(last)) return current.replace(last, () => desired);
  // They rewrote our part and we have nothing new to say.
  if (last === desired) return current;
  return `${desired}\n${current}`;
}
