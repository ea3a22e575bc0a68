/**
 * Google's errors to ours, by code alone. The text of Google's answer goes into `cause`,
 * for the log; a caller sees the sentences below.
 */

import { type ErrorCode, PlaneError } from '../../contracts/errors.ts';
import { isTooOften } from './google-reason.ts';

/** https://grpc.github.io/grpc/core/md_doc_statuscodes.html (the generated clients' `code`). */
const GRPC: Readonly<Record<number, ErrorCode>> = {
  1: 'CANCELLED',
  // Google's word for a 500 of its own.
  2: 'UNAVAILABLE',
  3: 'INVALID_ARGUMENT',
  4: 'DEADLINE_EXCEEDED',
  5: 'NOT_FOUND',
  6: 'ALREADY_EXISTS',
  7: 'PERMISSION_DENIED',
  8: 'RESOURCE_EXHAUSTED',
  9: 'FAILED_PRECONDITION',
  10: 'ABORTED',
  13: 'UNAVAILABLE',
  14: 'UNAVAILABLE',
  16: 'UNAUTHENTICATED',
};

/** HTTP statuses (googleapis, Compute). 412 is a stale fingerprint or etag. */
const HTTP: Readonly<Record<number, ErrorCode>> = {
  400: 'INVALID_ARGUMENT',
  401: 'UNAUTHENTICATED',
  403: 'PERMISSION_DENIED',
  404: 'NOT_FOUND',
  409: 'ALREADY_EXISTS',
  412: 'ABORTED',
  429: 'RESOURCE_EXHAUSTED',
  499: 'CANCELLED',
  502: 'UNAVAILABLE',
  503: 'UNAVAILABLE',
  504: 'DEADLINE_EXCEEDED',
};

/** Node's names for a connection that did not come about or broke. */
const NETWORK: ReadonlySet<string> = new Set([
  ...['ECONNREFUSED', 'ECONNRESET', 'EPIPE', 'ETIMEDOUT', 'ENOTFOUND', 'EAI_AGAIN'],
  ...['EHOSTUNREACH', 'ENETUNREACH', 'UND_ERR_SOCKET', 'UND_ERR_CONNECT_TIMEOUT'],
]);

const TIMEOUT = 'TimeoutError';

const MESSAGES: Readonly<Partial<Record<ErrorCode, string>>> = {
  PERMISSION_DENIED:
    "The plane's own account lacks a permission in the project. Run the setup again.",
  UNAUTHENTICATED: "Google did not accept the plane's own credentials. Run the setup again.",
  RESOURCE_EXHAUSTED: 'A Google quota of the project is used up. Try again in a minute.',
  UNAVAILABLE: 'Google cannot be reached right now. Send the same request again.',
  DEADLINE_EXCEEDED: 'Google took too long. Send the same request again.',
  ABORTED: 'Somebody changed the same thing at the same time. Send the same request again.',
};

const numberIn = (value: unknown): number | undefined => {
  const number = Number(value);
  return Number.isInteger(number) ? number : undefined;
};

interface Fields {
  readonly name?: unknown;
  readonly code?: unknown;
  readonly status?: unknown;
  readonly cause?: unknown;
}

/** @returns undefined when the error says nothing that has a code */
function codeOf(error: unknown): ErrorCode | undefined {
  const code = wordOf(error);
  return code === 'PERMISSION_DENIED' && isTooOften(error) ? 'RESOURCE_EXHAUSTED' : code;
}

/** By status or number alone. */
function wordOf(error: unknown, depth = 0): ErrorCode | undefined {
  if (typeof error !== 'object' || error === null || depth > 3) return undefined;
  const { name, code, status, cause } = error as Fields;
  // Of AbortSignal.timeout: a DOMException, whose number 23 is none of Google's; gaxios has its name as the code.
  if (name === TIMEOUT || code === TIMEOUT) return 'DEADLINE_EXCEEDED';
  const http = numberIn(status) ?? numberIn(code);
  if (http !== undefined && http >= 100)
    return HTTP[http] ?? (http >= 500 ? 'UNAVAILABLE' : undefined);
  const grpc = numberIn(code);
  if (grpc !== undefined && grpc > 0) return GRPC[grpc];
  if (typeof code === 'string' && NETWORK.has(code)) return 'UNAVAILABLE';
  return wordOf(cause, depth + 1);
}

/**
 * Milliseconds of a Retry-After: seconds, or a date, which the same answer's own date is taken
 * from. https://www.rfc-editor.org/rfc/rfc9110#field.retry-after
 */
function retryAfterIn(headers: Pick<Headers, 'get'>): number | undefined {
  const text = headers.get('retry-after') ?? '';
  if (/^\d+$/.test(text)) return Number(text) * 1000;
  const ms = Date.parse(text) - Date.parse(headers.get('date') ?? '');
  return Number.isNaN(ms) ? undefined : Math.max(0, ms);
}

/** Headers are a class of node-fetch's here and of Node's there. */
interface Answered {
  readonly headers?: Pick<Headers, 'get'>;
}

/** Of the answer that the error, or what caused it, still holds. */
function retryAfterOf(error: unknown, depth = 0): number | undefined {
  if (typeof error !== 'object' || error === null || depth > 3) return undefined;
  const { response, cause } = error as { response?: Answered; cause?: unknown };
  if (typeof response?.headers?.get !== 'function') return retryAfterOf(cause, depth + 1);
  return retryAfterIn(response.headers);
}

/** @param what what the plane was doing, for the log */
function toPlaneError(error: unknown, what: string): PlaneError {
  if (error instanceof PlaneError) return error;
  const code = codeOf(error) ?? 'INTERNAL';
  const message = MESSAGES[code] ?? `Google refused a call of the plane (${what}).`;
  return new PlaneError(code, message, { cause: error, retryAfterMs: retryAfterOf(error) });
}

/** Runs a call. @throws PlaneError */
export async function call<T>(what: string, run: () => Promise<T>): Promise<T> {
  try {
    return await run();
  } catch (error) {
    throw toPlaneError(error, what);
  }
}

/**
 * Runs a read; undefined when there is no such thing.
 * @param absent codes that say so
 * @throws PlaneError
 */
export async function read<T>(
  what: string,
  run: () => Promise<T>,
  absent: readonly ErrorCode[] = ['NOT_FOUND'],
): Promise<T | undefined> {
  try {
    return await run();
  } catch (error) {
    const translated = toPlaneError(error, what);
    if (absent.includes(translated.code)) return undefined;
    throw translated;
  }
}

/** Makes something; what is there already is as good as made. @throws PlaneError */
export async function make(what: string, run: () => Promise<unknown>): Promise<void> {
  try {
    await call(what, run);
  } catch (error) {
    if (!(error instanceof PlaneError) || error.code !== 'ALREADY_EXISTS') throw error;
  }
}

/** What was looked at is no more as it was: Google's words for a stale etag or fingerprint (412), and for a thing that is gone. */
const LOST_RACES: readonly string[] = ['FAILED_PRECONDITION', 'NOT_FOUND'];

/**
 * A write under a condition, with `call` inside. @param noun of what is written, for the message
 * @throws PlaneError ABORTED when the race is lost, as IAM says it
 */
export async function conditional<T>(noun: string, write: () => Promise<T>): Promise<T> {
  try {
    return await write();
  } catch (error) {
    if (!(error instanceof PlaneError) || !LOST_RACES.includes(error.code)) throw error;
    const message = `Somebody changed the same ${noun} at the same time. Send the same request again.`;
    throw new PlaneError('ABORTED', message, { cause: error.cause });
  }
}
