/** What a command of ours remembers between two runs, as JSON in a file of its own. */

import { codeOf } from '../contracts/plane-error.ts';
import type { Host } from './host.ts';

/**
 * @param who says so in the journal
 * @param unreadable what a file is worth that a full disk cut short, or somebody edited: the service has to go on
 * @returns undefined when there is none
 */
export function readState<T>(
  host: Pick<Host, 'read' | 'log'>,
  path: string,
  who: string,
  unreadable?: T,
): T | undefined {
  const text = host.read(path);
  try {
    return text === undefined ? undefined : (JSON.parse(text) as T);
  } catch {
    host.log(`${who}: ${path} cannot be read`);
    return unreadable;
  }
}

/**
 * For what is worth less than the service that remembers it: a full disk stops nobody.
 * @param who says so in the journal
 * @returns false when it could not be written; then the file is as before
 */
export function tryWrite(
  host: Pick<Host, 'log'>,
  path: string,
  who: string,
  write: () => void,
): boolean {
  try {
    write();
    return true;
  } catch (error) {
    host.log(`${who}: ${path} cannot be written (${codeOf(error)})`);
    return false;
  }
}
