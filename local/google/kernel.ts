/**
 * The HTTP side of the emulator: routes a request to the API it belongs to and answers
 * the way Google's front end does. Everything about a single API is in its `Service`.
 */

import type { IncomingMessage, RequestListener, ServerResponse } from 'node:http';
import { errorBody, httpStatus } from './errors.ts';
import { partial } from './fields.ts';
import type { Caller, Gate } from './gate.ts';
import type { Call, Demand, Route, Service } from './service.ts';
import { GoogleError, Reply } from './service.ts';

/** Bytes. Far above every request of ours; Storage's own limit for one request is higher. */
const BODY_LIMIT = 256 * 1024 * 1024;

interface Compiled {
  readonly service: Service;
  readonly route: Route;
  readonly pattern: URLPattern;
}

interface Match extends Compiled {
  readonly params: Readonly<Record<string, string>>;
}

/** Custom verbs (`:access`) first, or `/secrets/:secret` would swallow them. */
const specificity = (path: string): number =>
  (path.includes('\\:') ? -1000 : 0) + (path.match(/(?<!\\):/g)?.length ?? 0);

function compile(services: readonly Service[]): readonly Compiled[] {
  return services
    .flatMap((service) =>
      service.routes.map((route) => ({
        service,
        route,
        pattern: new URLPattern({ pathname: route.path }),
      })),
    )
    .sort((a, b) => specificity(a.route.path) - specificity(b.route.path));
}

const percentDecode = (text: string): string => {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
};

function decode(groups: Record<string, string | undefined>): Record<string, string> {
  const entries = Object.entries(groups).map(([key, value]) => [key, percentDecode(value ?? '')]);
  return Object.fromEntries(entries);
}

function find(compiled: readonly Compiled[], verb: string, pathname: string): Match | undefined {
  for (const entry of compiled) {
    if (entry.route.verb !== verb) continue;
    const found = entry.pattern.exec({ pathname });
    if (found) return { ...entry, params: decode(found.pathname.groups) };
  }
  return undefined;
}

async function read(request: IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of request as AsyncIterable<Buffer>) {
    size += chunk.length;
    if (size > BODY_LIMIT)
      throw new GoogleError('INVALID_ARGUMENT', 'Request payload is too large.');
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}

/** @throws GoogleError INVALID_ARGUMENT, worded as Google's transcoder does. */
export function parseJson(raw: Buffer): Record<string, unknown> {
  if (raw.length === 0) return {};
  const text = raw.toString('utf8');
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    const start = text.slice(0, 40).split('\n')[0];
    throw new GoogleError(
      'INVALID_ARGUMENT',
      `Invalid JSON payload received. Unexpected token.\n${start}\n^`,
      'parseError',
    );
  }
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) {
    return value as Record<string, unknown>;
  }
  throw new GoogleError(
    'INVALID_ARGUMENT',
    'Invalid JSON payload received. Unknown name "": Root element must be a message.',
    'parseError',
  );
}

const headersOf = (request: IncomingMessage): Record<string, string | undefined> =>
  Object.fromEntries(
    Object.entries(request.headers).map(([k, v]) => [k, Array.isArray(v) ? v.join(', ') : v]),
  );

const VERB_OVERRIDE = 'x-http-method-override';

function send(response: ServerResponse, answer: object | Reply): number {
  const reply =
    answer instanceof Reply
      ? answer
      : new Reply(200, JSON.stringify(answer), {
          'content-type': 'application/json; charset=UTF-8',
        });
  response.writeHead(reply.status, {
    ...reply.headers,
    'content-length': Buffer.byteLength(reply.body),
  });
  response.end(reply.body);
  return reply.status;
}

/** Google's front end answers an unknown path with a page, not with JSON. */
const notFound = (pathname: string): Reply =>
  new Reply(
    404,
    `<!DOCTYPE html><title>Error 404 (Not Found)!!1</title><p>The requested URL <code>${pathname
      .replaceAll('&', '&amp;')
      .replaceAll('<', '&lt;')}</code> was not found on this server.`,
    { 'content-type': 'text/html; charset=UTF-8' },
  );

const asGoogleError = (error: unknown): GoogleError =>
  error instanceof GoogleError
    ? error
    : new GoogleError(
        'INTERNAL',
        `Emulator failure: ${error instanceof Error ? error.stack : error}`,
      );

/**
 * A request listener over all services. Order of checks, as Google's: route, token,
 * body, permission, effect.
 */
export function createKernel(services: readonly Service[], gate: Gate): RequestListener {
  const compiled = compile(services);

  const answer = async (match: Match, request: IncomingMessage, url: URL): Promise<Outcome> => {
    const { route, service } = match;
    let caller: Caller | undefined;
    let demands: readonly Demand[] = [];
    try {
      const raw = await read(request);
      caller = route.open ? undefined : gate.identify(request.headers.authorization);
      const call: Call = {
        principal: caller?.principal,
        scopes: caller?.scopes ?? [],
        params: match.params,
        query: url.searchParams,
        headers: headersOf(request),
        body: route.rawBody ? {} : parseJson(raw),
        raw,
      };
      route.validate?.(call);
      demands = route.demands(call);
      if (caller) gate.check(caller, demands, service);
      const result = await gate.perform(route.method, caller, () => route.handle(call));
      const part =
        result instanceof Reply ? result : partial(result, url.searchParams.get('fields'));
      return { result: part, caller, demands };
    } catch (thrown) {
      const error = asGoogleError(thrown);
      const body = JSON.stringify(errorBody(error, service));
      const status = httpStatus(error, service);
      const headers = {
        'content-type': 'application/json; charset=UTF-8',
        ...(error.retryAfterS === undefined ? {} : { 'retry-after': String(error.retryAfterS) }),
      };
      return { result: new Reply(status, body, headers), caller, demands };
    }
  };

  return async (request, response) => {
    const startedAt = gate.ticks();
    const url = new URL(request.url ?? '/', 'http://localhost');
    const verb = headersOf(request)[VERB_OVERRIDE] ?? request.method ?? 'GET';
    const match = find(compiled, verb, url.pathname);
    if (!match) {
      request.resume();
      send(response, notFound(url.pathname));
      return;
    }
    const { result, caller, demands } = await answer(match, request, url);
    const status = send(response, result);
    const { method } = match.route;
    gate.record({ method, principal: caller?.principal, demands, status, startedAt });
  };
}

interface Outcome {
  readonly result: object | Reply;
  readonly caller: Caller | undefined;
  readonly demands: readonly Demand[];
}
