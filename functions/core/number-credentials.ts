/** The credentials of a business number, as their secret has them. */

import type { ConfigDocument } from '../../contracts/config-document.ts';
import { PlaneError } from '../../contracts/plane-error.ts';
import { type NumberCredentials, numberCredentials } from '../../contracts/whatsapp-number.ts';

/**
 * Undefined when there are none.
 * @throws PlaneError FAILED_PRECONDITION when it is not what the plane writes; it is not quoted, for it has tokens
 */
export function readCredentials(payload: string | undefined): NumberCredentials | undefined {
  if (payload === undefined) return undefined;
  try {
    return numberCredentials.parse(JSON.parse(payload));
  } catch {
    throw new PlaneError(
      'FAILED_PRECONDITION',
      'The secret with the credentials of its number cannot be read. Connect the number again.',
    );
  }
}

/** Whether they are for the way in which the agent is to talk. */
export const isConnected = (
  credentials: NumberCredentials | undefined,
  { whatsapp: { mode } }: Pick<ConfigDocument, 'whatsapp'>,
): boolean => credentials?.mode === mode;
