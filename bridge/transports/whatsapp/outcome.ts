/**
 * What an answer of the Graph API means for the message that was sent (FACTS.md, WhatsApp;
 * https://developers.facebook.com/docs/whatsapp/cloud-api/support/error-codes). Pure.
 */

import type { SendOutcome } from '../../ports.ts';
import { type HttpAnswer, HttpFailure } from '../http-client.ts';

export interface GraphAnswer {
  readonly status: number;
  /** Parsed JSON; undefined when there was none. */
  readonly body: unknown;
  readonly retryAfter?: string | undefined;
}

export function toAnswer({ status, headers, text }: HttpAnswer): GraphAnswer {
  let body: unknown;
  try {
    body = JSON.parse(text);
  } catch {
    body = undefined;
  }
  return { status, body, retryAfter: headers['retry-after'] };
}

const MINUTE_MS = 60_000;

/** Too much from this number or app: every message waits. */
const THROTTLED: ReadonlySet<number> = new Set([4, 613, 80007, 80008, 130429, 131048]);
/** Too much to this one recipient: about one message in six seconds. */
const PAIR_RATE = 131056;
const PAIR_PAUSE_MS = 6_000;
/** No later attempt can succeed; 131047 is the 24-hour window. */
const NEVER: ReadonlySet<number> = new Set([131047, 131049, 131050, 131031, 368, 130497]);
/** The token is missing, wrong or expired: nothing works before somebody renews it. */
const TOKEN: ReadonlySet<number> = new Set([0, 190]);
/** Meta's own trouble ("API unknown", "API service"): certainly not sent, works later. */
const PASSING: ReadonlySet<number> = new Set([1, 2, 131000, 131016, 131057, 133004]);

/** Whatever an answer asks for: no storm of requests, and no number that is silent for a day. */
const PAUSE_MS = { least: 1_000, most: 60 * MINUTE_MS } as const;
const THROTTLE_PAUSE_MS = MINUTE_MS;
const TOKEN_PAUSE_MS = 5 * MINUTE_MS;

/** `error.code`; an answer of a proxy in between has none. */
function codeIn(body: unknown): number | undefined {
  const code = (body as { error?: { code?: unknown } } | null)?.error?.code;
  return typeof code === 'number' ? code : undefined;
}

/** No call of ours will go well before somebody renews the token or the key. */
export function refusesToken({ status, body }: GraphAnswer): boolean {
  const code = codeIn(body);
  return code === undefined ? status === 401 || status === 403 : TOKEN.has(code);
}

function pauseOf(retryAfter: string | undefined): number | undefined {
  const seconds = Number(retryAfter);
  if (!retryAfter || !Number.isFinite(seconds)) return undefined;
  return Math.min(Math.max(seconds * 1_000, PAUSE_MS.least), PAUSE_MS.most);
}

const sentId = (body: unknown): string | undefined => {
  const messages = (body as { messages?: { id?: unknown }[] } | null)?.messages;
  const id = messages?.[0]?.id;
  return typeof id === 'string' ? id : undefined;
};

function fromCode(code: number, status: number, pause: number | undefined): SendOutcome {
  // Meta's texts can name the recipient: the code says enough.
  const reason = `WhatsApp error ${code}`;
  if (code === PAIR_RATE) return { kind: 'pace', reason, afterMs: pause ?? PAIR_PAUSE_MS };
  if (THROTTLED.has(code)) return { kind: 'rest', reason, afterMs: pause ?? THROTTLE_PAUSE_MS };
  if (NEVER.has(code)) return { kind: 'refused', reason };
  if (TOKEN.has(code)) {
    return { kind: 'rest', reason: `${reason}: renew the token`, afterMs: TOKEN_PAUSE_MS };
  }
  if (PASSING.has(code)) return { kind: 'again', reason, ...(pause && { afterMs: pause }) };
  // A code that nobody here knows: its status says whether it is the message's fault.
  return status >= 500 ? { ...fromStatus(status, pause), reason } : { kind: 'refused', reason };
}

function fromStatus(
  status: number,
  pause: number | undefined,
): Exclude<SendOutcome, { kind: 'sent' }> {
  const reason = `HTTP ${status}`;
  if (status === 429) return { kind: 'rest', reason, afterMs: pause ?? THROTTLE_PAUSE_MS };
  if (refusesToken({ status, body: undefined })) {
    return { kind: 'rest', reason: `${reason}: check the key`, afterMs: TOKEN_PAUSE_MS };
  }
  // 503 and 408 are said before anything is done; 500, 502 and 504 may hide a message that was sent.
  if (status === 503 || status === 408)
    return { kind: 'again', reason, ...(pause && { afterMs: pause }) };
  if (status >= 500) return { kind: 'unsure', reason };
  // A proxy's, whose sign-in page or whose move ends some time: nothing was followed, nothing sent.
  if (status >= 300 && status < 400) return { kind: 'again', reason };
  return { kind: 'refused', reason };
}

/** @param answer of `POST /{phone number id}/messages` */
export function outcomeOf({ status, body, retryAfter }: GraphAnswer): SendOutcome {
  if (status >= 200 && status < 300) {
    const id = sentId(body);
    // Something in between said so: a proxy's page, or an answer that nobody here knows.
    if (id === undefined)
      return { kind: 'unsure', reason: `HTTP ${status} that is not WhatsApp's` };
    return { kind: 'sent', id };
  }
  const pause = pauseOf(retryAfter);
  const code = codeIn(body);
  return code === undefined ? fromStatus(status, pause) : fromCode(code, status, pause);
}

/** @param error what the HTTP client threw; anything else may hide a message that was sent */
export function outcomeOfFailure(
  error: unknown,
): Extract<SendOutcome, { kind: 'again' | 'unsure' }> {
  if (!(error instanceof HttpFailure)) return { kind: 'unsure', reason: 'no answer (unknown)' };
  return { kind: error.begun ? 'unsure' : 'again', reason: error.message };
}
