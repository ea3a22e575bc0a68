/** One HTTP function over a route table: route, authenticate, read, handle, answer, log. */

import type { IncomingMessage, ServerResponse } from 'node:http';
import type { PlaneError } from '../../contracts/errors.ts';
import { agentName } from '../../contracts/names.ts';
import type { AuditEntry } from '../core/audit.ts';
import type { Identified } from './auth.ts';
import { readJson } from './body.ts';
import { type Answer, errorAnswer, logLine, outward, send } from './reply.ts';
import { allowedMethods, match, type Route } from './router.ts';
import type { WireOf } from './wire.ts';

export interface Context {
  readonly wireOf: WireOf;
  /** Takes one line of structured log, without the line end. */
  readonly log: (line: string) => void;
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
  ) => Promise<string>;
  /** What people see, instead of JSON, where something went wrong. */
  readonly errorPage?: (error: PlaneError, answer: Answer) => Answer;
}

interface Handled {
  readonly answer: Answer;
  readonly error?: PlaneError;
}

interface Seen {
  route?: Route;
  caller?: string;
  /** Agent that the path names. */
  agent?: string | undefined;
  isDry?: boolean;
}

export type HttpHandler = (request: IncomingMessage, response: ServerResponse) => Promise<void>;

async function handle(
  app: App,
  { wireOf }: Context,
  request: IncomingMessage,
  seen: Seen,
): Promise<Answer> {
  const { target, headers } = wireOf(request);
  const { route, params, query } = match(app.routes, request.method ?? '', target);
  seen.route = route;
  seen.agent = agentName.safeParse(params.name).data;
  seen.isDry = query.get('dryRun') === 'true';
  const identified = (who: string): void => {
    seen.caller = who;
  };
  const caller = route.role
    ? await app.authenticate(route.role, headers.authorization, identified)
    : '';
  seen.caller = caller;
  const body = route.body ? await readJson(request, headers, route.bodyLimit) : undefined;
  return route.handle({ params, query, body, caller });
}

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

/**
 * Every change that was asked for and every refusal of a caller; written, with the rest of the
 * request's line, before the answer is.
 */
function auditEntry(seen: Seen, { answer, error }: Handled): AuditEntry | undefined {
  const { route, caller } = seen;
  if (!route?.role) return undefined;
  const isRefusal = answer.status === 401 || answer.status === 403;
  if (!isRefusal && (route.method === 'GET' || seen.isDry)) return undefined;
  return {
    audit: isRefusal ? 'refusal' : 'change',
    who: caller || undefined,
    what: route.id,
    agent: answer.agent ?? seen.agent,
    outcome: error?.code ?? 'OK',
    ...answer.change,
  };
}

/** The function that functions-framework is given. Never rejects. */
export function createHandler(app: App, context: Context): HttpHandler {
  return async (request, response) => {
    const startedAt = context.ticks();
    const requestId = context.newId();
    const seen: Seen = {};
    const method = request.method ?? '';
    const handled: Handled = await handle(app, context, request, seen).then(
      (answer) => ({ answer }),
      (thrown: unknown) => failed(app, context, request, thrown, requestId),
    );
    const { answer, error } = handled;
    context.log(
      logLine({
        method,
        route: seen.route?.path ?? 'unmatched',
        requestId,
        latencyMs: context.ticks() - startedAt,
        status: answer.status,
        agent: answer.agent ?? seen.agent,
        caller: seen.caller || undefined,
        error,
        audit: auditEntry(seen, handled),
      }),
    );
    send(response, answer, requestId, method === 'HEAD');
  };
}
