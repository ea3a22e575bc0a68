/**
 * The one error class of the product and its closed set of codes.
 *
 * Codes follow google.rpc.Code (https://cloud.google.com/apis/design/errors); the
 * HTTP statuses are the ones that document maps them to. Callers branch on `code`,
 * never on `message`.
 */

import { z } from 'zod';
import { ERROR_CODES } from './plane-error.ts';

export {
  type ErrorCode,
  HTTP_STATUS,
  PlaneError,
  type PlaneErrorOptions,
} from './plane-error.ts';

/** One thing that is wrong with a request, and what the caller can do about it. */
export const problem = z.strictObject({
  /** Dotted path into the body (`whatsapp.mode`), or `method`, `path`, `header.<name>`. */
  field: z.string(),
  /** What is wrong, in one sentence. Never repeats a secret or a whole phone number. */
  problem: z.string(),
  /** What to do about it, in one sentence. */
  fix: z.string(),
});
export type Problem = z.infer<typeof problem>;

/** Without a full stop: what follows is the caller's. */
export const inWords = ({ field, problem, fix }: Problem): string => `${field} ${problem}: ${fix}`;

/** The body of every answer of the plane that is not 2xx. */
export const errorBody = z.strictObject({
  error: z.strictObject({
    code: z.enum(ERROR_CODES),
    message: z.string(),
    details: z.array(problem),
    requestId: z.string(),
  }),
});
export type ErrorBody = z.infer<typeof errorBody>;
