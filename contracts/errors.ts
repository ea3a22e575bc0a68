/**
 * The one error class of the product and its closed set of codes.
 *
 * Codes follow google.rpc.Code (https://cloud.google.com/apis/design/errors); the
 * HTTP statuses are the ones that document maps them to. Callers branch on `code`,
 * never on `message`.
 */

import { z } from 'zod';

/** Code -> HTTP status. Exhaustive: the type `ErrorCode` is derived from this table. */
export const HTTP_STATUS = {
  INVALID_ARGUMENT: 400,
  FAILED_PRECONDITION: 412,
  UNAUTHENTICATED: 401,
  PERMISSION_DENIED: 403,
  NOT_FOUND: 404,
  METHOD_NOT_ALLOWED: 405,
  ALREADY_EXISTS: 409,
  ABORTED: 409,
  PAYLOAD_TOO_LARGE: 413,
  UNSUPPORTED_MEDIA_TYPE: 415,
  RESOURCE_EXHAUSTED: 429,
  CANCELLED: 499,
  INTERNAL: 500,
  UNAVAILABLE: 503,
  DEADLINE_EXCEEDED: 504,
} as const;

export type ErrorCode = keyof typeof HTTP_STATUS;

export const ERROR_CODES = Object.keys(HTTP_STATUS) as [ErrorCode, ...ErrorCode[]];

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

export interface PlaneErrorOptions {
  readonly details?: readonly Problem[];
  /** For the log only; never shown to a caller. */
  readonly cause?: unknown;
}

/** Thrown wherever something goes wrong that has a name. `message` says what to do. */
export class PlaneError extends Error {
  readonly code: ErrorCode;
  readonly details: readonly Problem[];

  constructor(code: ErrorCode, message: string, options: PlaneErrorOptions = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.name = 'PlaneError';
    this.code = code;
    this.details = options.details ?? [];
  }
}
