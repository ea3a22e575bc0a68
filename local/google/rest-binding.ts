/**
 * REST routes of an API out of the `google.api.http` options in its protos.
 *
 * https://cloud.google.com/endpoints/docs/grpc/transcoding
 */

import { lookup, type ProtoField, type ProtoMethod, resolve } from './proto-json.ts';
import type { Json, Schema } from './proto-schema.ts';
import type { RpcApi } from './rpc.ts';
import type { Call, Route } from './service.ts';

const VERBS = ['get', 'post', 'put', 'patch', 'delete'] as const;

/** `{secret.name=projects/*\/secrets/*}` in a template. */
interface Variable {
  /** Path of the request field. */
  readonly field: readonly string[];
  /** Segments; a `:name` one is the path parameter of that name. */
  readonly segments: readonly string[];
}

interface Binding {
  readonly verb: Route['verb'];
  readonly path: string;
  readonly variables: readonly Variable[];
  /** `*`: the whole request; a field name; undefined: no body. */
  readonly body: string | undefined;
}

const camel = (name: string): string =>
  name.replace(/_([a-z])/g, (_, c: string) => c.toUpperCase());

/** Splits a template into a URLPattern path and the request fields it sets. */
function parseTemplate(template: string): Pick<Binding, 'path' | 'variables'> {
  const variables: Variable[] = [];
  let count = 0;
  const path = template.replace(/\{([^=}]+)(?:=([^}]+))?\}/g, (_, name: string, pattern = '*') => {
    const segments = String(pattern)
      .split('/')
      .map((segment) => (segment === '*' ? `:p${count++}` : segment));
    variables.push({ field: name.split('.').map(camel), segments });
    return segments.join('/');
  });
  return {
    path: path.replace(/:([a-zA-Z]+)$/, '\\:$1'),
    variables,
  };
}

function bindingOf(method: ProtoMethod): Binding | undefined {
  const http = method.parsedOptions?.find((option) => '(google.api.http)' in option)?.[
    '(google.api.http)'
  ] as Record<string, string> | undefined;
  const verb = VERBS.find((candidate) => http?.[candidate] !== undefined);
  if (!http || !verb) return undefined;
  return {
    verb: verb.toUpperCase() as Route['verb'],
    ...parseTemplate(http[verb] ?? ''),
    body: http.body,
  };
}

/** Sets a nested field without touching what the request was made from. */
function withField(request: Json, [head = '', ...rest]: readonly string[], value: unknown): Json {
  if (rest.length === 0) return { ...request, [head]: value };
  return { ...request, [head]: withField({ ...(request[head] as Json | undefined) }, rest, value) };
}

const boundValue = (variable: Variable, params: Call['params']): string =>
  variable.segments
    .map((segment) => (segment.startsWith(':') ? params[segment.slice(1)] : segment))
    .join('/');

/** Query parameters that are request fields; the others (`alt`, `$alt`, `key`, …) mean nothing to a method. */
function fromQuery(query: URLSearchParams, fields: Readonly<Record<string, ProtoField>>): Json {
  let request: Json = {};
  for (const name of new Set(query.keys())) {
    const path = name.split('.').map(camel);
    const field = fields[path[0] ?? ''];
    if (!field) continue;
    const value = field.rule === 'repeated' ? query.getAll(name) : query.get(name);
    request = withField(request, path, value);
  }
  return request;
}

/** The request message of a call. @throws GoogleError INVALID_ARGUMENT */
function requestOf(binding: Binding, schema: Schema, type: string, call: Call): Json {
  let request = fromQuery(call.query, lookup(schema.root, type)?.fields ?? {});
  if (binding.body === '*') request = { ...request, ...call.body };
  else if (binding.body) request = { ...request, [camel(binding.body)]: call.body };
  for (const variable of binding.variables) {
    request = withField(request, variable.field, boundValue(variable, call.params));
  }
  return schema.read(type, request);
}

/** One route for each method that the API serves; regional bindings are left out. */
export function restRoutes(api: RpcApi): readonly Route[] {
  const methods = lookup(api.schema.root, api.name)?.methods ?? {};
  return Object.entries(api.methods).map(([name, method]) => {
    const definition = methods[name];
    const binding = definition && bindingOf(definition);
    const type = definition && resolve(api.schema.root, api.name, definition.requestType);
    if (!binding || !type) throw new Error(`${api.name}.${name} has no REST binding`);
    const request = (call: Call): Json => requestOf(binding, api.schema, type, call);
    return {
      verb: binding.verb,
      path: binding.path,
      method: `${api.name}.${name}`,
      demands: (call) => method.demands(request(call)),
      handle: (call) =>
        method.handle(request(call), { principal: call.principal ?? '', scopes: call.scopes }),
    };
  });
}
