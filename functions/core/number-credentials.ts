/** The credentials of a business number, as their secret has them. */

import type { ConfigDocument } from '../../contracts/config-document.ts';
import { type NumberCredentials, numberCredentials } from '../../contracts/whatsapp-number.ts';

/** Undefined when there are none. */
export const readCredentials = (payload: string | undefined): NumberCredentials | undefined =>
  payload === undefined ? undefined : numberCredentials.parse(JSON.parse(payload));

/** Whether they are for the way in which the agent is to talk. */
export const isConnected = (
  credentials: NumberCredentials | undefined,
  { whatsapp: { mode } }: Pick<ConfigDocument, 'whatsapp'>,
): boolean => credentials?.mode === mode;
