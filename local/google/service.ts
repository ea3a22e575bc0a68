/**
 * What every emulated Google API is made of: routes, each with the permission that it
 * takes. The kernel (`kernel.ts`) does the rest: routing, authentication, IAM, strict
 * request bodies, Google's error shape, the recording of calls.
 */

/** Canonical codes as Google's JSON errors carry them in `status`. */
export type GoogleStatus =
  | 'INVALID_ARGUMENT'
  | 'FAILED_PRECONDITION'
  | 'UNAUTHENTICATED'
  | 'PERMISSION_DENIED'
  | 'NOT_FOUND'
  | 'ALREADY_EXISTS'
  | 'ABORTED'
  | 'RESOURCE_EXHAUSTED'
  | 'INTERNAL'
  | 'UNAVAILABLE';

/** Thrown by a handler; the kernel answers with Google's own error shape for that API. */
export class GoogleError extends Error {
  readonly status: GoogleStatus;
  /** `reason` of the legacy error shape (Compute, Gmail, Directory, Storage), e.g. `notFound`. */
  readonly reason: string | undefined;
  /** `details` of the rpc error shape: messages with an `@type`. */
  readonly details: readonly object[];
  /** Goes out as the header Retry-After. */
  readonly retryAfterS: number | undefined;

  constructor(
    status: GoogleStatus,
    message: string,
    reason?: string,
    details: readonly object[] = [],
    retryAfterS?: number,
  ) {
    super(message);
    this.retryAfterS = retryAfterS;
    this.name = 'GoogleError';
    this.status = status;
    this.reason = reason;
    this.details = details;
  }
}

export interface Call {
  /** `serviceAccount:x@y` or `user:x@y`; undefined only on routes with `open: true`. */
  readonly principal: string | undefined;
  /** OAuth scopes of the access token; empty on open routes. */
  readonly scopes: readonly string[];
  /** Named parts of the path, percent-decoded. */
  readonly params: Readonly<Record<string, string>>;
  readonly query: URLSearchParams;
  readonly headers: Readonly<Record<string, string | undefined>>;
  /** Parsed JSON (an empty object when there was none). */
  readonly body: Record<string, unknown>;
  /** The raw bytes, for uploads. */
  readonly raw: Buffer;
}

/** What a call needs: a permission on a resource (full resource path, e.g. `projects/p/secrets/s`). */
export interface Demand {
  readonly permission: string;
  readonly resource: string;
}

/** A handler returns an object (sent as JSON), or a `Reply` for anything else. */
export class Reply {
  readonly status: number;
  readonly body: string | Buffer;
  readonly headers: Readonly<Record<string, string>>;
  constructor(
    status: number,
    body: string | Buffer,
    headers: Readonly<Record<string, string>> = {},
  ) {
    this.status = status;
    this.body = body;
    this.headers = headers;
  }
}

export interface Route {
  readonly verb: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';
  /** URLPattern pathname, e.g. `/v1/projects/:project/secrets/:secret`; a custom verb is written `\\:getIamPolicy`. */
  readonly path: string;
  /** Full method name for the recording: `google.cloud.secretmanager.v1.SecretManagerService.GetSecret`. */
  readonly method: string;
  /** What it takes; `[]` needs authentication alone. */
  readonly demands: (call: Call) => readonly Demand[];
  /** No authentication (token endpoints, certificates). */
  readonly open?: boolean;
  /** The body is not JSON (uploads, forms): `body` stays empty, `raw` has the bytes. */
  readonly rawBody?: boolean;
  /** Throws GoogleError INVALID_ARGUMENT on unknown or mistyped body fields. */
  readonly validate?: (call: Call) => void;
  readonly handle: (call: Call) => object | Reply | Promise<object | Reply>;
}

export interface Service {
  /** `secretmanager`, `compute`, ... */
  readonly name: string;
  /** google.rpc.Status errors, or the older `errors[]` shape. */
  readonly errorShape: 'rpc' | 'legacy';
  /** Status of a rate that is used up, with reason `rateLimitExceeded`, where that is not 429. */
  readonly rateLimitStatus?: 403;
  /** Wording of a 403, where it is not the usual one of the shape. */
  readonly denied?: (demand: Demand, principal: string) => string;
  readonly routes: readonly Route[];
}

/** One call as the emulator saw it. Times are milliseconds of `performance.now()`. */
export interface RecordedCall {
  readonly method: string;
  readonly principal: string | undefined;
  readonly demands: readonly Demand[];
  readonly status: number;
  readonly startedAt: number;
  readonly endedAt: number;
}
