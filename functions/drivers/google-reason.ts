/** The reason that an error of Google's gives besides its status: fields of the answer alone, never its text. */

/**
 * Reasons with which Google says "too often" under a 403: Compute, Gmail and the Directory do.
 * https://cloud.google.com/compute/docs/api/rate-limits
 * https://developers.google.com/workspace/gmail/api/guides/handle-errors
 * https://developers.google.com/workspace/admin/directory/v1/limits
 */
const TOO_OFTEN: ReadonlySet<unknown> = new Set([
  ...['rateLimitExceeded', 'userRateLimitExceeded', 'quotaExceeded', 'dailyLimitExceeded'],
  // google.rpc.ErrorInfo's: https://cloud.google.com/apis/design/errors#error_info
  'RATE_LIMIT_EXCEEDED',
]);

/** Where gax keeps the answer's body, of which it decodes no `errors` (google-gax 6, `setRawHttpResponsePayload`). */
const BODY = Symbol.for('google-gax.rawHttpResponsePayload');

interface Reasons {
  readonly [BODY]?: unknown;
  readonly reason?: unknown;
  readonly errors?: unknown;
  readonly details?: unknown;
  readonly error?: unknown;
  readonly response?: { readonly data?: unknown };
  readonly cause?: unknown;
}

function parsed(body: unknown): unknown {
  if (typeof body !== 'string') return body;
  try {
    return JSON.parse(body);
  } catch {
    return undefined;
  }
}

/**
 * Whether one of the error's reasons says "too often": gax' own, or those of the answer (`errors` of the older APIs,
 * `details` of the newer ones) that the error, or what caused it, still holds.
 */
export function isTooOften(error: unknown, depth = 0): boolean {
  if (typeof error !== 'object' || error === null || depth > 5) return false;
  const { reason, errors, details, error: inner, response, cause, [BODY]: body } = error as Reasons;
  if (TOO_OFTEN.has(reason)) return true;
  const within: readonly unknown[] = [errors, details].flatMap((list) =>
    Array.isArray(list) ? (list as readonly unknown[]) : [],
  );
  return [...within, inner, response?.data, parsed(body), cause].some((each) =>
    isTooOften(each, depth + 1),
  );
}
