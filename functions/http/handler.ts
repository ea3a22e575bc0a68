/** One HTTP function over a route table: route, authenticate, read, handle, answer, log. */

import type { IncomingMessage, ServerResponse } from 'node:http';
import type { PlaneError } from '../../contracts/errors.ts';
import { agentName } from '../../contracts/names.ts';
import type { AuditEntry, Begun } from '../core/audit.ts';
import type { Identified } from './auth/token.ts';
import { readJson, readRaw } from './body.ts';
import {
  type Answer,
  beginLine,
  changeLine,
  errorAnswer,
  type LogEvent,
  logLine,
  outward,
  send,
} from './reply.ts';
import { allowedMethods, isDry, match, type Route } from './router.ts';
import type { WireOf } from './wire.ts';

export interface Context {
  readonly wireOf: WireOf;
  /**
   * Takes one line of structured log, without the line end. Resolves when the line is out of
   * this process; rejects when it cannot get there.
   */
  readonly log: (line: string) => Promise<void>;
  /** Milliseconds, monotonic. */
  readonly ticks: () => number;
  readonly newId: () => string;
}

export interface App {
  readonly routes: readonly Route[];
  /**
   * @returns who is calling
   * @throws PlaneError UNAUTHENTICATED, PERMISSION_DENIED
   */
  readonly authenticate: (
    role: NonNullable<Route['role']>,
    authorization: string | undefined,
    identified: Identified,
    /** Cloud Run let the request in by this very header: there was no other to ask. */
    isChecked: boolean,
  ) => Promise<string>;
  /** What people see, instead of JSON, where something went wrong. */
  readonly errorPage?: (error: PlaneError, answer: Answer) => Answer;
}

interface Handled {
  readonly answer: Answer;
  readonly error?: PlaneError;
}

/** What is known of a request so far. */
interface Seen {
  readonly requestId: string;
  route?: Route;
  caller?: string;
  /** Agent that the path names, or the body. */
  agent?: string | undefined;
  isChange?: boolean;
  event?: LogEvent | undefined;
}

export type HttpHandler = (request: IncomingMessage, response: ServerResponse) => Promise<void>;

const isWanted = ({ method, isChange }: Route, query: URLSearchParams): boolean =>
  isChange ? isChange(query) : method !== 'GET' && !isDry({ query });

function bodyOf(
  { body, bytes, bodyLimit }: Route,
  request: IncomingMessage,
  headers: IncomingMessage['headers'],
): Promise<unknown> | undefined {
  if (bytes) return readRaw(request, headers, bodyLimit);
  return body ? readJson(request, headers, bodyLimit) : undefined;
}

async function handle(
  app: App,
  { wireOf, log }: Context,
  request: IncomingMessage,
  seen: Seen,
): Promise<Answer> {
  const { target, headers } = wireOf(request);
  const { route, params, query } = match(app.routes, request.method ?? '', target);
  seen.route = route;
  seen.agent = agentName.safeParse(params.name).data;
  seen.isChange = isWanted(route, query);
  const identified = (who: string): void => {
    seen.caller = who;
  };
  const caller = route.role
    ? await app.authenticate(
        route.role,
        headers.authorization,
        identified,
        headers['x-serverless-authorization'] === undefined,
      )
    : '';
  seen.caller = caller;
  const body = await bodyOf(route, request, headers);
  seen.agent ??= route.about?.(body);
  seen.event = route.event?.(body);
  // A process that dies on the way leaves this line; one that cannot write it changes nothing.
  if (seen.isChange) await log(beginLine(seen.requestId, route.path, whatOf(route, seen)));
  return route.handle({ params, query, body, headers, caller });
}

/** Who is doing what, as far as it was proven. */
const whatOf = (route: Route, { caller, agent }: Seen): Begun => ({
  who: caller || undefined,
  what: route.id,
  agent,
});

function failed(
  app: App,
  context: Context,
  request: IncomingMessage,
  thrown: unknown,
  id: string,
): Handled {
  const error = outward(thrown);
  const headers: Record<string, string> = {};
  if (error.code === 'METHOD_NOT_ALLOWED') {
    headers.allow = allowedMethods(app.routes, context.wireOf(request).target);
  }
  // Read on and thrown away: to close on a client that still sends would reset the connection
  // and take the answer with it. Node's limit of 300 s a request ends what never ends.
  if (error.code === 'PAYLOAD_TOO_LARGE') request.resume();
  const answer = errorAnswer(error, id, headers);
  return { answer: app.errorPage?.(error, answer) ?? answer, error };
}

/** Nobody, somebody else, or a link that is not in force. */
const isRefusal = ({ status, refused }: Answer): boolean =>
  status === 401 || status === 403 || refused === true;

/**
 * Every change that was asked for and every refusal of a caller; written, with the rest of the
 * request's line, before the answer is.
 */
function auditEntry(seen: Seen, { answer, error }: Handled): AuditEntry | undefined {
  const { route } = seen;
  if (!route || !(route.role || route.behindLink || route.behindSignature)) return undefined;
  const refused = isRefusal(answer);
  if (!refused && !seen.isChange) return undefined;
  const { agent, ...what } = whatOf(route, seen);
  const byLink = route.behindLink && answer.agent !== undefined ? { who: 'link' } : {};
  return {
    audit: refused ? 'refusal' : 'change',
    ...what,
    ...byLink,
    agent: answer.agent ?? agent,
    outcome: error?.code ?? answer.outcome ?? (refused ? 'NOT_FOUND' : 'OK'),
    ...answer.change,
  };
}

function lineOf(request: IncomingMessage, seen: Seen, handled: Handled, latencyMs: number): string {
  const { answer, error } = handled;
  return logLine({
    method: request.method ?? '',
    route: seen.route?.path ?? 'unmatched',
    requestId: seen.requestId,
    latencyMs,
    status: answer.status,
    agent: answer.agent ?? seen.agent,
    caller: seen.caller || undefined,
    event: error ? undefined : seen.event,
    error,
    audit: auditEntry(seen, handled),
  });
}

async function logChanges({ log }: Context, seen: Seen, { changes = [] }: Answer): Promise<void> {
  const who = seen.caller || undefined;
  for (const { change, outcome = 'OK', ...what } of changes) {
    await log(changeLine(seen.requestId, { audit: 'change', who, ...what, outcome, ...change }));
  }
}

/** The function that functions-framework is given. Never rejects. */
export function createHandler(app: App, context: Context): HttpHandler {
  return async (request, response) => {
    const startedAt = context.ticks();
    const requestId = context.newId();
    const seen: Seen = { requestId };
    const failure = (thrown: unknown): Handled => failed(app, context, request, thrown, requestId);
    const handled: Handled = await handle(app, context, request, seen).then(
      (answer) => ({ answer }),
      failure,
    );
    const line = lineOf(request, seen, handled, context.ticks() - startedAt);
    // Nothing is said that is not on record: without the line, the answer is that something is wrong.
    const { answer } = await logChanges(context, seen, handled.answer)
      .then(() => context.log(line))
      .then(() => handled, failure);
    send(response, answer, requestId, request.method === 'HEAD');
  };
}
