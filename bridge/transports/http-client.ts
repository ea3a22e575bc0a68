/**
 * Requests on connections that stay open. On node:http rather than `fetch`: under load `fetch`
 * left three times the garbage (decision 061 has the figures), and this knows its codes.
 */

import { Agent as HttpAgent, request as httpRequest, type IncomingMessage } from 'node:http';
import { Agent as HttpsAgent, request as httpsRequest } from 'node:https';
import type { Socket } from 'node:net';

export interface HttpRequest {
  readonly method: 'GET' | 'POST';
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: string | Buffer;
  readonly timeoutMs: number;
}

export interface HttpAnswer {
  readonly status: number;
  readonly headers: IncomingMessage['headers'];
  readonly text: string;
}

export interface HttpClient {
  /** Any status is an answer; redirects are not followed. @throws HttpFailure. */
  request(url: string, wanted: HttpRequest): Promise<HttpAnswer>;
  close(): void;
}

/** Nothing that is asked for is longer: a page of a hundred messages has some 400 KB. */
const MAX_CHARS = 8_000_000;

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

const codeOf = (error: unknown): string => {
  const { code, errors } = error as { code?: string; errors?: { code?: string }[] };
  return code ?? errors?.[0]?.code ?? 'unknown';
};

/** To one host at once; what is more waits for one of them. */
export const MAX_SOCKETS = 64;

export function createHttpClient(): HttpClient {
  const options = { keepAlive: true, maxSockets: MAX_SOCKETS, scheduling: 'lifo' } as const;
  /** Connections that came about. `reusedSocket` does not tell: it is false for who waited for one (Node 24). */
  const open = new WeakSet<Socket>();
  const agents = { 'http:': new HttpAgent(options), 'https:': new HttpsAgent(options) };

  return {
    request: (url, { method, headers, body, timeoutMs }) =>
      new Promise((resolve, reject) => {
        const secure = url.startsWith('https:');
        const start = secure ? httpsRequest : httpRequest;
        const agent = agents[secure ? 'https:' : 'http:'];
        const length = body === undefined ? {} : { 'content-length': Buffer.byteLength(body) };
        const outgoing = start(url, { method, agent, headers: { ...headers, ...length } });
        let begun = false;
        const fail = (error: unknown): void => {
          clearTimeout(timer);
          reject(new HttpFailure(codeOf(error), begun));
        };
        const timer = setTimeout(
          () => outgoing.destroy(Object.assign(new Error(), { code: 'TIMEOUT' })),
          timeoutMs,
        );
        outgoing.on('socket', (socket) => {
          begun = open.has(socket);
          if (begun) return;
          // What is written before is kept until then: a handshake that fails has sent nothing of ours.
          socket.once(secure ? 'secureConnect' : 'connect', () => {
            open.add(socket);
            begun = true;
          });
        });
        outgoing.on('error', fail);
        outgoing.on('response', (answer) => {
          let text = '';
          answer.setEncoding('utf8');
          answer.on('data', (chunk: string) => {
            text += chunk;
            if (text.length > MAX_CHARS) {
              answer.destroy(Object.assign(new Error(), { code: 'TOO_LARGE' }));
            }
          });
          answer.on('error', fail);
          answer.on('end', () => {
            clearTimeout(timer);
            resolve({ status: answer.statusCode ?? 0, headers: answer.headers, text });
          });
        });
        outgoing.end(body);
      }),
    close() {
      for (const agent of Object.values(agents)) agent.destroy();
    },
  };
}
