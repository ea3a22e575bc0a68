/** Why something failed, as one line among those of others. */

import { inWords, PlaneError, type Problem } from '../../contracts/errors.ts';
import type { AgentName } from '../../contracts/names.ts';
import { CLI } from '../../contracts/names.ts';

/** What nobody foresaw is told by its kind alone: its text may hold anything. */
export function reasonOf(error: unknown): string {
  if (!(error instanceof PlaneError)) {
    const kind = error instanceof Error ? error.name : typeof error;
    return `INTERNAL: the plane failed at it in a way that nobody foresaw (${kind}).`;
  }
  const facts = error.details.map((each) => `${inWords(each)}.`);
  return [error.message, ...facts].join(' ');
}

/** An agent of which nothing else can be told now. */
export const notLookedAt = (name: AgentName, error: unknown): Problem => ({
  field: `agent ${name}`,
  problem: `could not be looked at. ${reasonOf(error)}`,
  fix: `ask again; when it stays so: ${CLI} get ${name}`,
});
