/** What follows the key in the first conversation (seeds/000, phase 2): asked at once, while they are there. */

const HEADING = '## Done so far';
const DONE = /^- work:/m;

/**
 * @param bootstrap BOOTSTRAP.md as it lies in the workspace; undefined once it is gone
 * @returns whether the owner was not asked about their work yet
 */
export function workIsNext(bootstrap: string | undefined): boolean {
  if (bootstrap === undefined) return false;
  return !DONE.test(bootstrap.slice(bootstrap.lastIndexOf(HEADING)));
}
