/**
 * Requests on connections that stay open, by undici's dispatcher. `fetch`, which is built on it, left three
 * times the garbage under load (decision 061); `node:http` takes more processor and does not say whether a
 * request that waited for a connection has begun (064).
 */

import type { IncomingHttpHeaders } from 'node:http';
import { Agent, type Dispatcher } from 'undici';

export interface HttpRequest {
  readonly method: 'GET' | 'POST';
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: string | Buffer;
  readonly timeoutMs: number;
}

export interface HttpAnswer {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly text: string;
}

export interface HttpClient {
  /** Any status is an answer; redirects are not followed. @throws HttpFailure. */
  request(url: string, wanted: HttpRequest): Promise<HttpAnswer>;
  close(): void;
}

/** Nothing that is asked for is longer: a page of a hundred messages has some 400 KB. */
const MAX_BYTES = 8_000_000;

export class HttpFailure extends Error {
  readonly code: string;
  /** A byte of the request may have left; false only when there was never a connection to send it on. */
  readonly begun: boolean;
  constructor(code: string, begun: boolean) {
    super(`no answer (${code})`);
    this.name = 'HttpFailure';
    this.code = code;
    this.begun = begun;
  }
}

/** To one host at once; what is more waits for one of them. */
export const MAX_SOCKETS = 64;

/**
 * How long an unused connection is kept where the server does not say (`keep-alive: timeout=`). Long enough for
 * the answer to use the one that "typing" opened; Google's and Amazon's balancers close theirs after 60 s or more,
 * and a request that meets such a close cannot know how it went.
 */
const IDLE_MS = 30_000;
const CONNECT_MS = 10_000;

/** What undici says in words of its own, in those of the system. */
const SYSTEM_CODES: Readonly<Record<string, string>> = {
  UND_ERR_SOCKET: 'ECONNRESET',
  UND_ERR_CONNECT_TIMEOUT: 'ETIMEDOUT',
};

const codeOf = (error: unknown): string => {
  const { code, errors } = error as { code?: string; errors?: { code?: string }[] };
  const own = code ?? errors?.[0]?.code ?? 'unknown';
  return SYSTEM_CODES[own] ?? own;
};

/** One request: collects its answer, or how it failed, and settles once. */
function exchange(
  timeoutMs: number,
  settle: { resolve(answer: HttpAnswer): void; reject(failure: HttpFailure): void },
): Dispatcher.DispatchHandler {
  const chunks: Buffer[] = [];
  let size = 0;
  let status = 0;
  let headers: IncomingHttpHeaders = {};
  let failed = false;
  /** Undefined until there is a connection: undici says so just before it writes the first byte. */
  let begun: Dispatcher.DispatchController | undefined;

  const fail = (code: string): void => {
    if (failed) return;
    failed = true;
    clearTimeout(timer);
    settle.reject(new HttpFailure(code, begun !== undefined));
    begun?.abort(new Error(code));
  };
  const timer = setTimeout(() => fail('TIMEOUT'), timeoutMs);

  return {
    onRequestStart(controller) {
      // It waited longer for a connection than its caller waits for it: nothing is sent.
      if (failed) controller.abort(new Error('TIMEOUT'));
      else begun = controller;
    },
    onResponseStart(_controller, statusCode, found) {
      status = statusCode;
      headers = found;
    },
    onResponseData(_controller, chunk) {
      chunks.push(chunk);
      size += chunk.length;
      if (size > MAX_BYTES) fail('TOO_LARGE');
    },
    onResponseEnd() {
      clearTimeout(timer);
      settle.resolve({ status, headers, text: Buffer.concat(chunks, size).toString() });
    },
    onResponseError: (_controller, error) => fail(codeOf(error)),
  };
}

export function createHttpClient(): HttpClient {
  const agent = new Agent({
    connections: MAX_SOCKETS,
    keepAliveTimeout: IDLE_MS,
    connect: { timeout: CONNECT_MS },
    allowH2: false,
    // A request has one time for all of it, which `exchange` keeps.
    headersTimeout: 0,
    bodyTimeout: 0,
  });
  return {
    request: (url, { method, headers, body = null, timeoutMs }) =>
      new Promise((resolve, reject) => {
        const { origin, pathname, search } = new URL(url);
        const options = { origin, path: `${pathname}${search}`, method, headers, body };
        agent.dispatch(options, exchange(timeoutMs, { resolve, reject }));
      }),
    close: () => void agent.destroy(),
  };
}
