/**
 * Google's two JSON error shapes.
 *
 * rpc: https://cloud.google.com/apis/design/errors#http_mapping
 * legacy (Compute, Storage, Gmail, Directory): https://cloud.google.com/storage/docs/json_api/v1/status-codes
 */

import type { Demand, GoogleError, GoogleStatus, Service } from './service.ts';

/** google.rpc.Code -> HTTP status, as Google's front ends map it. */
export const HTTP_STATUS: Readonly<Record<GoogleStatus, number>> = {
  INVALID_ARGUMENT: 400,
  FAILED_PRECONDITION: 400,
  UNAUTHENTICATED: 401,
  PERMISSION_DENIED: 403,
  NOT_FOUND: 404,
  ALREADY_EXISTS: 409,
  ABORTED: 409,
  RESOURCE_EXHAUSTED: 429,
  INTERNAL: 500,
  UNAVAILABLE: 503,
};

/** `reason` of the legacy shape, where the thrower named none. */
const LEGACY_REASON: Readonly<Record<GoogleStatus, string>> = {
  INVALID_ARGUMENT: 'invalid',
  FAILED_PRECONDITION: 'conditionNotMet',
  UNAUTHENTICATED: 'authError',
  PERMISSION_DENIED: 'forbidden',
  NOT_FOUND: 'notFound',
  ALREADY_EXISTS: 'conflict',
  ABORTED: 'conflict',
  RESOURCE_EXHAUSTED: 'rateLimitExceeded',
  INTERNAL: 'backendError',
  UNAVAILABLE: 'backendError',
};

/** HTTP status of an error; the legacy APIs answer a failed condition with 412. */
export function httpStatus(
  { status }: GoogleError,
  { errorShape, rateLimitStatus }: Pick<Service, 'errorShape' | 'rateLimitStatus'>,
): number {
  if (errorShape === 'legacy' && status === 'FAILED_PRECONDITION') return 412;
  if (status === 'RESOURCE_EXHAUSTED' && rateLimitStatus) return rateLimitStatus;
  return HTTP_STATUS[status];
}

/** The body that goes with `httpStatus`. */
export function errorBody(
  error: GoogleError,
  service: Pick<Service, 'errorShape' | 'rateLimitStatus'>,
): object {
  const code = httpStatus(error, service);
  const { message, status } = error;
  if (service.errorShape === 'rpc') {
    const details = error.details.length > 0 ? { details: error.details } : {};
    return { error: { code, message, status, ...details } };
  }
  const reason = error.reason ?? LEGACY_REASON[status];
  // No `status`: gax then reads Compute's 409 `alreadyExists` as ABORTED, as it does with Google
  // (https://github.com/googleapis/google-cloud-dotnet/issues/11718).
  return { error: { code, message, errors: [{ message, domain: 'global', reason }] } };
}

/** How most APIs of a shape word a missing permission. */
export function deniedMessage(demand: Demand, shape: Service['errorShape']): string {
  return shape === 'rpc'
    ? `Permission '${demand.permission}' denied for resource '${demand.resource}' (or it may not exist).`
    : `Required '${demand.permission}' permission for '${demand.resource}'`;
}

/** google.rpc.ErrorInfo of a missing permission, as IAM-aware clients read it. */
export function deniedDetails(demand: Demand): object {
  return {
    '@type': 'type.googleapis.com/google.rpc.ErrorInfo',
    reason: 'IAM_PERMISSION_DENIED',
    domain: 'iam.googleapis.com',
    metadata: { permission: demand.permission, resource: demand.resource },
  };
}

const EXPECTED =
  'Expected OAuth 2 access token, login cookie or other valid authentication credential. ' +
  'See https://developers.google.com/identity/sign-in/web/devconsole-project.';

export const TOKEN_MISSING = `Request is missing required authentication credential. ${EXPECTED}`;
export const TOKEN_INVALID = `Request had invalid authentication credentials. ${EXPECTED}`;
