/**
 * A model on this machine that speaks Anthropic's, OpenAI's and Google's wire formats.
 *
 * It refuses keys that it was not told to accept, in each provider's own way: so an
 * answer proves that the right key travelled all the way to the caller.
 */

import { createHash } from 'node:crypto';
import type { IncomingMessage, RequestListener, ServerResponse } from 'node:http';
import { json } from 'node:stream/consumers';
import { ZodError } from 'zod';
import type { Provider } from '../../contracts/models.ts';
import { answer } from './answer.ts';
import { anthropic } from './anthropic.ts';
import { type ModelRequest, type Script, toReply } from './conversation.ts';
import type { Dialect, Endpoint, ErrorKind, StreamEvent } from './dialect.ts';
import { gemini } from './gemini.ts';
import { openai } from './openai.ts';

/** One request as the server saw it. The key itself is never kept. */
export interface RecordedRequest {
  readonly provider: Provider;
  readonly path: string;
  readonly model: string | undefined;
  /** First 12 hex digits of the key's SHA-256; undefined without a key. */
  readonly keyFingerprint: string | undefined;
  /** Turns of the conversation; 0 when the request is not one. */
  readonly messages: number;
  /** Names of the tools that the model was offered. */
  readonly tools: readonly string[];
  readonly stream: boolean;
  readonly status: number;
}

export interface ModelServerOptions {
  /** Asked at every request, so keys can come and go while the server runs. */
  readonly accepts: (provider: Provider, key: string) => boolean;
  /** Asked in order before the built-in answers; the first that is not undefined wins. */
  readonly scripts?: readonly Script[];
  /** Milliseconds since the epoch. */
  readonly now?: () => number;
}

export interface ModelServer {
  /** Mount it on a loopback port, or behind TLS for `hosts`. */
  readonly listener: RequestListener;
  /** The public host names it stands for. */
  readonly hosts: readonly string[];
  readonly requests: readonly RecordedRequest[];
  /** Adds a script in front of all others. Call the result to take it away again. */
  script(script: Script): () => void;
}

const DIALECTS: readonly Dialect[] = [anthropic, openai, gemini];

/** The same fingerprint that `requests` carries. */
export const fingerprintOf = (key: string): string =>
  createHash('sha256').update(key).digest('hex').slice(0, 12);

/** By host name where that says it; else by path, and where paths collide (`/v1/models`) by header. */
function dialectOf(req: IncomingMessage, path: string): Dialect {
  const host = req.headers.host?.replace(/:\d+$/, '');
  const byHost = DIALECTS.find((dialect) => dialect.host === host);
  if (byHost) return byHost;
  if (path.startsWith('/v1beta/') || req.headers['x-goog-api-key']) return gemini;
  const isAnthropic =
    path.startsWith('/v1/messages') ||
    req.headers['x-api-key'] !== undefined ||
    req.headers['anthropic-version'] !== undefined;
  return isAnthropic ? anthropic : openai;
}

function sendJson(res: ServerResponse, status: number, body: object): void {
  const bytes = Buffer.from(JSON.stringify(body));
  res.writeHead(status, { 'content-type': 'application/json', 'content-length': bytes.length });
  res.end(bytes);
}

function sendEvents(res: ServerResponse, events: readonly StreamEvent[]): void {
  res.writeHead(200, { 'content-type': 'text/event-stream', 'cache-control': 'no-cache' });
  for (const { event, data } of events) {
    const text = typeof data === 'string' ? data : JSON.stringify(data);
    res.write(`${event === undefined ? '' : `event: ${event}\n`}data: ${text}\n\n`);
  }
  res.end();
}

const describe = (error: ZodError): string =>
  error.issues.map((issue) => `${issue.path.join('.')}: ${issue.message}`).join('; ');

class Refusal extends Error {
  readonly kind: ErrorKind;
  constructor(kind: ErrorKind, message: string) {
    super(message);
    this.kind = kind;
  }
}

const toRefusal = (error: unknown): Refusal =>
  error instanceof Refusal
    ? error
    : new Refusal('bad-request', error instanceof ZodError ? describe(error) : 'not valid JSON');

/** @param options see there. @returns a listener; opens nothing by itself. */
export function createModelServer(options: ModelServerOptions): ModelServer {
  const requests: RecordedRequest[] = [];
  const scripts: Script[] = [...(options.scripts ?? [])];
  const now = options.now ?? Date.now;

  const reply = (request: ModelRequest) => {
    for (const script of scripts) {
      const said = script(request);
      if (said !== undefined) return toReply(said);
    }
    return answer(request);
  };

  /** Answers a generating call; hands back what was asked, for the recording. */
  const generate = (endpoint: Endpoint, body: unknown, res: ServerResponse): ModelRequest => {
    const request = endpoint.parse(body);
    const id = `local${String(requests.length).padStart(8, '0')}`;
    const createdAt = Math.floor(now() / 1000);
    const context = { request, reply: reply(request), id, createdAt };
    if (request.stream) sendEvents(res, endpoint.events(context));
    else sendJson(res, 200, endpoint.whole(context));
    return request;
  };

  const serve = async (req: IncomingMessage, res: ServerResponse): Promise<void> => {
    const url = new URL(req.url ?? '/', 'http://model');
    const dialect = dialectOf(req, url.pathname);
    const key = dialect.key(req.headers, url.searchParams);
    let asked: ModelRequest | undefined;
    let status = 200;
    try {
      if (!key) throw new Refusal('key-missing', 'No API key was given.');
      if (!options.accepts(dialect.provider, key)) throw new Refusal('key-wrong', 'Wrong API key.');
      const verb = req.method ?? 'GET';
      const body: unknown = verb === 'POST' ? await json(req) : undefined;
      const endpoint = verb === 'POST' ? dialect.endpoint(url.pathname) : undefined;
      const other = endpoint ? undefined : dialect.other(verb, url.pathname, body);
      if (endpoint) asked = generate(endpoint, body, res);
      else if (other) sendJson(res, 200, other);
      else throw new Refusal('not-found', 'There is nothing at this address.');
    } catch (error) {
      const refusal = toRefusal(error);
      const wire = dialect.error(refusal.kind, refusal.message, String(requests.length));
      status = wire.status;
      if (!res.headersSent) sendJson(res, wire.status, wire.body);
    } finally {
      requests.push({
        provider: dialect.provider,
        path: url.pathname,
        model: asked?.model,
        keyFingerprint: key ? fingerprintOf(key) : undefined,
        messages: asked?.turns.length ?? 0,
        tools: asked?.tools ?? [],
        stream: asked?.stream ?? false,
        status,
      });
    }
  };

  return {
    listener: (req, res) => void serve(req, res),
    hosts: DIALECTS.map((dialect) => dialect.host),
    requests,
    script: (script) => {
      scripts.unshift(script);
      return () => {
        const at = scripts.indexOf(script);
        if (at >= 0) scripts.splice(at, 1);
      };
    },
  };
}
