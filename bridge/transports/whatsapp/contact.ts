/** What an answer of the Graph API says about the way to it, whatever it means for a message. Pure. */

import type { CallState } from '../../ports.ts';
import { type GraphAnswer, refusesToken } from './outcome.ts';

/** What was asked about: "not found" of one message or file says nothing about the number. */
export type About = 'the number' | 'one thing';

/** @returns undefined when the answer says nothing of the kind */
export function stateOf(answer: GraphAnswer, about: About): CallState | undefined {
  if (refusesToken(answer)) return 'token-refused';
  const { status, body } = answer;
  // An answer that is no JSON is somebody else's, a proxy's in between.
  if (status >= 200 && status < 300) return body === undefined ? 'failing' : 'ok';
  if (status >= 500) return 'failing';
  // Somebody may write too fast for WhatsApp; a list that is never answered is another matter.
  return about === 'the number' || status < 400 ? 'failing' : undefined;
}
