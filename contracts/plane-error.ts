/**
 * The error class and its codes, without the schema library: what runs before every start
 * of the gateway (`agent fetch-key`) needs the one and must not pay for the other. Import
 * it from `errors.ts` everywhere else.
 */

import type { Problem } from './errors.ts';

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

/** For a line in a log. */
export const codeOf = (error: unknown): ErrorCode =>
  error instanceof PlaneError ? error.code : 'INTERNAL';

export interface PlaneErrorOptions {
  readonly details?: readonly Problem[];
  /** For the log only; never shown to a caller. */
  readonly cause?: unknown;
  /** Milliseconds for which asking again is of no use, as Google's Retry-After said. */
  readonly retryAfterMs?: number | undefined;
}

/** Thrown wherever something goes wrong that has a name. `message` says what to do. */
export class PlaneError extends Error {
  readonly code: ErrorCode;
  readonly details: readonly Problem[];
  readonly retryAfterMs: number | undefined;

  constructor(code: ErrorCode, message: string, options: PlaneErrorOptions = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.name = 'PlaneError';
    this.code = code;
    this.details = options.details ?? [];
    this.retryAfterMs = options.retryAfterMs;
  }
}
