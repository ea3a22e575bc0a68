/** How a command says what went wrong: as JSON to whoever asked for JSON. */

import { PlaneError } from '../../contracts/errors.ts';
import { describeFailure } from '../ui/failure.ts';

/** Known before the words are understood, since that can fail. */
export function asksForJson(words: readonly string[]): boolean {
  const end = words.indexOf('--');
  const ours = end < 0 ? words : words.slice(0, end);
  return ours.some(
    (word, at) =>
      /^(--json|-o=?json|--output=json)$/.test(word) ||
      (/^(-o|--output)$/.test(word) && ours[at + 1] === 'json'),
  );
}

/** In the shape of the API's errors (contracts/errors.ts), a line. */
export function failureAsJson(error: unknown): string {
  const known = error instanceof PlaneError ? error : undefined;
  const { code, message, details } = known ?? {
    code: 'INTERNAL',
    message: describeFailure(error),
    details: [],
  };
  return JSON.stringify({ error: { code, message, details } });
}
