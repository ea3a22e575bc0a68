/** Answers: JSON bodies, errors among them, and the one log line per request. */

import type { ServerResponse } from 'node:http';
import { type ErrorBody, type ErrorCode, HTTP_STATUS, PlaneError } from '../../contracts/errors.ts';
import type { AuditChange, AuditEntry, Begun } from '../core/audit.ts';

/** What a request about many agents came to for one of them. */
export interface OneOfMany {
  readonly what: string;
  readonly agent: string;
  /** `OK` when left out. */
  readonly outcome?: string;
  readonly change: Partial<AuditChange>;
}

export interface Answer {
  readonly status: number;
  /** JSON; text is HTML. */
  readonly body: object | string;
  readonly headers?: Readonly<Record<string, string>>;
  /** Agent that the request was about, for the log. */
  readonly agent?: string;
  /** Lets nobody in, although no error says so: for the log. */
  readonly refused?: boolean;
  /** What became of it, where that is no error of the request: for the log. */
  readonly outcome?: ErrorCode;
  /** What was changed, for the log. */
  readonly change?: AuditChange;
  /** Of a request about many agents: a line each. */
  readonly changes?: readonly OneOfMany[];
}

/**
 * What Google said about a call of ours (errors with a cause) is not what the caller did
 * wrong: our own lack of a permission is no 403 of theirs.
 */
const OUTWARD: Readonly<Partial<Record<ErrorCode, ErrorCode>>> = {
  INVALID_ARGUMENT: 'INTERNAL',
  NOT_FOUND: 'FAILED_PRECONDITION',
  ALREADY_EXISTS: 'ABORTED',
  PERMISSION_DENIED: 'FAILED_PRECONDITION',
  UNAUTHENTICATED: 'FAILED_PRECONDITION',
};

const UNEXPECTED = 'Something went wrong in the plane. The request id names it in the log.';

/** The error as the caller may see it. Unknown means internal. */
export function outward(error: unknown): PlaneError {
  if (!(error instanceof PlaneError))
    return new PlaneError('INTERNAL', UNEXPECTED, { cause: error });
  if (error.cause === undefined) return error;
  const code = OUTWARD[error.code] ?? error.code;
  const { message, details, cause, retryAfterMs } = error;
  return new PlaneError(code, message, { details, cause, retryAfterMs });
}

/** Seconds after which the same request may do, where Google named none. Its quotas count minutes. */
const AGAIN_S: Readonly<Partial<Record<ErrorCode, number>>> = {
  UNAVAILABLE: 2,
  ABORTED: 2,
  RESOURCE_EXHAUSTED: 60,
};

function retryAfter({ code, retryAfterMs }: PlaneError): Readonly<Record<string, string>> {
  const usual = AGAIN_S[code];
  if (usual === undefined) return {};
  const asked = retryAfterMs === undefined ? usual : Math.ceil(retryAfterMs / 1000);
  return { 'retry-after': String(asked) };
}

/** @param headers more of them, such as `allow` */
export function errorAnswer(
  error: PlaneError,
  requestId: string,
  headers: Readonly<Record<string, string>> = {},
): Answer {
  const body: ErrorBody = {
    error: { code: error.code, message: error.message, details: [...error.details], requestId },
  };
  const challenge = error.code === 'UNAUTHENTICATED' ? { 'www-authenticate': 'Bearer' } : {};
  const again = retryAfter(error);
  return { status: HTTP_STATUS[error.code], body, headers: { ...headers, ...challenge, ...again } };
}

export function send(
  response: ServerResponse,
  answer: Answer,
  requestId: string,
  head: boolean,
): void {
  const { body } = answer;
  const text = typeof body === 'string' ? body : JSON.stringify(body);
  response.writeHead(answer.status, {
    'content-type': `${typeof body === 'string' ? 'text/html' : 'application/json'}; charset=utf-8`,
    'content-length': Buffer.byteLength(text),
    'cache-control': 'no-store',
    'x-content-type-options': 'nosniff',
    'x-request-id': requestId,
    ...answer.headers,
  });
  response.end(head ? undefined : text);
}

/**
 * What is counted, and alerts (infra/observe.tf). `pairing-needed`: the agent is not linked to
 * WhatsApp, and somebody was told how to link it. `channel-down`: it is, and for long nothing has
 * come through.
 */
export type LogEvent = 'pairing-needed' | 'channel-down';

export interface LogLine {
  readonly method: string;
  /** The route's pattern, or `unmatched`: what a caller typed could hold anything. */
  readonly route: string;
  readonly requestId: string;
  readonly latencyMs: number;
  readonly status: number;
  readonly agent?: string | undefined;
  readonly caller?: string | undefined;
  readonly event?: LogEvent | undefined;
  readonly error?: PlaneError | undefined;
  readonly audit?: AuditEntry | undefined;
}

/** Of a cause, what can be logged: class, code and stack frames; never Google's text or a body. */
function causeOf(cause: unknown): object | undefined {
  if (!(cause instanceof Error)) return undefined;
  const { code, status } = cause as { code?: unknown; status?: unknown };
  const frames = cause.stack?.split('\n').filter((line) => /^\s+at /.test(line));
  return { name: cause.name, code, status, stack: frames?.slice(0, 6).map((line) => line.trim()) };
}

/** Names of our own are words, numbers of a row, or a kind and a name with a space between. */
const OWN_NAME = /^[A-Za-z$_-]{1,40}$|^\d{1,6}$| /;

/** A field as far as it can be ours: a caller may have put a key or a number where a name belongs. */
const loggable = (field: string): string =>
  field
    .split('.')
    .map((part) => (OWN_NAME.test(part) ? part : '?'))
    .join('.');

/**
 * One line of structured log, as Cloud Logging reads it from stdout.
 * https://cloud.google.com/logging/docs/structured-logging
 */
export function logLine(line: LogLine): string {
  const { method, route, requestId, latencyMs, status, agent, caller, event, error, audit } = line;
  const severity = status >= 500 ? 'ERROR' : status >= 400 ? 'WARNING' : 'INFO';
  return JSON.stringify({
    severity,
    message: `${method} ${route} ${status}`,
    httpRequest: { requestMethod: method, status, latency: `${(latencyMs / 1000).toFixed(3)}s` },
    requestId,
    agent,
    caller,
    event,
    outcome: error?.code ?? 'OK',
    latencyMs: Math.round(latencyMs),
    fields: error?.details.map(({ field }) => loggable(field)),
    cause: causeOf(error?.cause),
    audit,
  });
}

/** One of the changes of a request that made many; the request's own line has the same request id. */
export function changeLine(requestId: string, audit: AuditEntry): string {
  const { agent, who: caller, what } = audit;
  return JSON.stringify({ severity: 'INFO', message: what, requestId, agent, caller, audit });
}

/** The line before a change: the request's own line, with the outcome, has the same request id. */
export function beginLine(requestId: string, route: string, begun: Begun): string {
  const { agent, who } = begun;
  const message = `${route} begun`;
  return JSON.stringify({ severity: 'NOTICE', message, requestId, agent, caller: who, begun });
}
