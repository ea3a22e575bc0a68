/**
 * One HTTP request. On node:http rather than `fetch`, and not by `import`: both load undici
 * (an import reads every export, and `http.WebSocket` is a getter that loads it), which costs
 * 20 to 28 of the 70 ms that fetch-key takes in all (measured, Node 24); the gateway waits for it.
 */

import { PlaneError } from '../contracts/plane-error.ts';

export interface HttpRequest {
  readonly url: string;
  readonly method?: 'GET' | 'POST' | 'PUT';
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string;
  readonly timeoutMs?: number;
}

export interface HttpResponse {
  readonly status: number;
  readonly headers: Readonly<Record<string, string | readonly string[] | undefined>>;
  readonly text: string;
}

const TIMEOUT_MS = 15_000;
/** Nothing we ask for is larger; a config document has a few hundred bytes. */
const MAX_CHARS = 4_000_000;

/** @throws PlaneError UNAVAILABLE when no answer came; any status is an answer. */
export async function request(wanted: HttpRequest): Promise<HttpResponse> {
  const { request: open } = wanted.url.startsWith('https:')
    ? process.getBuiltinModule('node:https')
    : process.getBuiltinModule('node:http');
  return new Promise((resolve, reject) => {
    const fail = (cause: unknown): void =>
      reject(
        new PlaneError('UNAVAILABLE', `No answer from ${new URL(wanted.url).host}.`, { cause }),
      );
    const body = wanted.body === undefined ? undefined : Buffer.from(wanted.body);
    const outgoing = open(
      wanted.url,
      {
        method: wanted.method ?? 'GET',
        headers: { ...wanted.headers, ...(body && { 'content-length': String(body.length) }) },
        signal: AbortSignal.timeout(wanted.timeoutMs ?? TIMEOUT_MS),
      },
      (answer) => {
        let text = '';
        answer.setEncoding('utf8');
        answer.on('data', (chunk: string) => {
          text += chunk;
          if (text.length > MAX_CHARS) answer.destroy(new Error('answer too large'));
        });
        answer.on('error', fail);
        answer.on('end', () =>
          resolve({ status: answer.statusCode ?? 0, headers: answer.headers, text }),
        );
      },
    );
    outgoing.on('error', fail);
    outgoing.end(body);
  });
}
