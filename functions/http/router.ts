/** One table of routes: used for routing here and for the OpenAPI document in core/openapi.ts. */

import type { Problem } from '../../contracts/errors.ts';
import { PlaneError } from '../../contracts/errors.ts';
import type { OperationSpec } from '../core/openapi.ts';
import type { Answer, LogEvent } from './reply.ts';

export interface Call {
  readonly params: Readonly<Record<string, string>>;
  readonly query: URLSearchParams;
  /** Undefined on routes without a body; a Buffer where the route takes bytes. */
  readonly body: unknown;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  /** Whoever authenticated: an email, or an agent's name on the VMs' API. */
  readonly caller: string;
}

/** Whether a request only asks what it would do. */
export const isDry = ({ query }: Pick<Call, 'query'>): boolean => query.get('dryRun') === 'true';

export interface Route extends OperationSpec {
  /** Whether this request is to change something; left out: unless it is a GET or a dry run. */
  readonly isChange?: (query: URLSearchParams) => boolean;
  /** Agent that a body is about, where the path names none; undefined for one that is no good. */
  readonly about?: (body: unknown) => string | undefined;
  /** What a successful call tells those who watch the log (infra/observe.tf); undefined: nothing. */
  readonly event?: (body: unknown) => LogEvent | undefined;
  readonly handle: (call: Call) => Promise<Answer> | Answer;
}

export interface Match {
  readonly route: Route;
  readonly params: Readonly<Record<string, string>>;
  readonly query: URLSearchParams;
}

/** A path is plain segments: nothing encoded, nothing empty, no dots to climb with. */
const PLAIN_PATH = /^(\/[A-Za-z0-9_-]+(\.[A-Za-z0-9_-]+)*)+$/;

const PATH_PROBLEM: Problem = {
  field: 'path',
  problem: 'is not a path of this API',
  fix: 'GET /v1/openapi.json lists the paths',
};

function paramsOf(pattern: string, path: string): Record<string, string> | undefined {
  const wanted = pattern.split('/');
  const given = path.split('/');
  if (wanted.length !== given.length) return undefined;
  const params: Record<string, string> = {};
  for (const [index, part] of wanted.entries()) {
    const segment = given[index] ?? '';
    const name = /^\{(\w+)\}$/.exec(part)?.[1];
    if (name) params[name] = segment;
    else if (part !== segment) return undefined;
  }
  return params;
}

/** Everything after the first `?` is the query: of `??dryRun=true` nothing may get lost. */
function splitTarget(target: string): { readonly path: string; readonly search: string } {
  const mark = target.indexOf('?');
  if (mark < 0) return { path: target, search: '' };
  return { path: target.slice(0, mark), search: target.slice(mark + 1) };
}

const routesAt = (routes: readonly Route[], path: string) =>
  PLAIN_PATH.test(path)
    ? routes.flatMap((route) => {
        const params = paramsOf(route.path, path);
        return params ? [{ route, params }] : [];
      })
    : [];

/** Methods that the path of this target has, for the `Allow` header. */
export const allowedMethods = (routes: readonly Route[], target: string): string =>
  routesAt(routes, splitTarget(target).path)
    .map(({ route }) => (route.method === 'GET' ? 'GET, HEAD' : route.method))
    .join(', ');

const wrongMethod = (allow: string): PlaneError =>
  new PlaneError('METHOD_NOT_ALLOWED', 'This path does not have this method.', {
    details: [{ field: 'method', problem: 'is not a method of this path', fix: `use ${allow}` }],
  });

/**
 * @param target the request target as it came, undecoded
 * @throws PlaneError NOT_FOUND, METHOD_NOT_ALLOWED, INVALID_ARGUMENT (query)
 */
export function match(routes: readonly Route[], method: string, target: string): Match {
  const { path, search } = splitTarget(target);
  const found = routesAt(routes, path);
  if (found.length === 0) {
    throw new PlaneError('NOT_FOUND', 'There is nothing at this path.', {
      details: [PATH_PROBLEM],
    });
  }
  const wanted = method === 'HEAD' ? 'GET' : method;
  const hit = found.find(({ route }) => route.method === wanted);
  if (!hit) throw wrongMethod(allowedMethods(routes, path));
  return { ...hit, query: queryOf(hit.route, search) };
}

/** @throws PlaneError INVALID_ARGUMENT for parameters that the route does not have */
function queryOf({ query: specs = {} }: Route, search: string): URLSearchParams {
  // The constructor forgives a leading `?`; behind an `&` it is part of the name, and refused.
  const query = new URLSearchParams(`&${search}`);
  const details: Problem[] = [];
  for (const name of new Set(query.keys())) {
    const spec = Object.hasOwn(specs, name) ? specs[name] : undefined;
    const values = query.getAll(name);
    if (spec && values.length === 1 && spec.schema.safeParse(values[0]).success) continue;
    const field = `query.${name.replace(/[^\w.-]/g, '?').slice(0, 40)}`;
    const problem = spec ? 'has a value that cannot be used' : 'is not a parameter of this request';
    details.push({ field, problem, fix: spec ? spec.fix : 'remove it' });
  }
  if (details.length === 0) return query;
  throw new PlaneError('INVALID_ARGUMENT', 'The query has parameters that cannot be used.', {
    details,
  });
}
