/** Strictness for APIs whose messages are written down as plain field lists. */

import { GoogleError } from '../service.ts';

/** @throws GoogleError INVALID_ARGUMENT for a field that the message does not have, worded as Google's transcoder does */
export function checkFields(body: object, known: readonly string[], at = ''): void {
  const unknown = Object.keys(body).find((name) => !known.includes(name));
  if (unknown === undefined) return;
  const where = at === '' ? '' : ` at '${at}'`;
  throw new GoogleError(
    'INVALID_ARGUMENT',
    `Invalid JSON payload received. Unknown name "${unknown}"${where}: Cannot find field.`,
  );
}

/**
 * An operation that is over: everything here happens at once.
 * @param target full name of what it was about
 */
export const doneOperation = (name: string, target: string, type: string, response: object) => ({
  name,
  done: true,
  metadata: { target },
  response: { '@type': `type.googleapis.com/${type}`, ...response },
});
