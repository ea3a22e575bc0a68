/** OpenAPI 3.1, generated from the route table and the zod schemas it carries. */

import { z } from 'zod';
import { type ErrorCode, errorBody, HTTP_STATUS } from '../../contracts/errors.ts';
import { agentName } from '../../contracts/names.ts';

export interface QuerySpec {
  readonly schema: z.ZodType;
  readonly description: string;
  /** What to give instead of a value that cannot be used. */
  readonly fix: string;
}

export interface OperationSpec {
  readonly method: 'GET' | 'POST' | 'PATCH' | 'DELETE';
  /** With `{parameter}` segments. */
  readonly path: string;
  readonly id: string;
  readonly summary: string;
  /** Who may call it; undefined is everybody. */
  readonly role?: 'admin' | 'viewer' | 'scheduler' | 'tasks' | 'vm';
  /** Without a role: a signed link in the path is what lets a caller in. */
  readonly behindLink?: true;
  /** Without a role: a signature over the body, or the secret that goes with it, lets a caller in. */
  readonly behindSignature?: true;
  readonly query?: Readonly<Record<string, QuerySpec>>;
  readonly body?: z.ZodType;
  /** The body is taken as bytes, whatever it is. */
  readonly bytes?: true;
  /** Bytes that the body may have; BODY_LIMIT (http/body.ts) when left out. */
  readonly bodyLimit?: number;
  /** By status. */
  readonly answers: Readonly<
    Record<number, { readonly description: string; readonly schema: z.ZodType }>
  >;
}

/** JSON Schema of what goes over the wire: for a body that is the schema's input. */
const schemaOf = (schema: z.ZodType): object => {
  const { $schema: _, ...rest } = z.toJSONSchema(schema, { io: 'input', unrepresentable: 'any' });
  return rest;
};

const json = (schema: object) => ({ content: { 'application/json': { schema } } });
const ERROR = { $ref: '#/components/schemas/Error' };

/** Codes of a route by what it has; `default` stands for the rest (405, 500, ...). */
function errorCodesOf({ role, body, query, path }: OperationSpec): readonly ErrorCode[] {
  return [
    ...(body || query ? (['INVALID_ARGUMENT'] as const) : []),
    ...(body ? (['PAYLOAD_TOO_LARGE', 'UNSUPPORTED_MEDIA_TYPE'] as const) : []),
    ...(path.includes('{') ? (['NOT_FOUND'] as const) : []),
    // Behind every route with a role is Google, which may refuse, be busy, or be gone.
    ...(role ? BEHIND_A_ROLE : []),
  ];
}

const BEHIND_A_ROLE = [
  'UNAUTHENTICATED',
  'PERMISSION_DENIED',
  'FAILED_PRECONDITION',
  'ALREADY_EXISTS',
  'ABORTED',
  'RESOURCE_EXHAUSTED',
  'UNAVAILABLE',
  'DEADLINE_EXCEEDED',
] as const;

/** One response per status, naming the codes that have it. */
function errorsOf(spec: OperationSpec): Record<string, object> {
  const codes = errorCodesOf(spec);
  const statuses = new Set(codes.map((code) => HTTP_STATUS[code]));
  return Object.fromEntries(
    [...statuses].map((status) => {
      const names = codes.filter((code) => HTTP_STATUS[code] === status).join(' or ');
      return [status, { description: names, ...json(ERROR) }];
    }),
  );
}

/** The one thing that a path of this API can name is an agent. */
function parametersOf({ path, query }: OperationSpec): object[] {
  const inPath = [...path.matchAll(/\{(\w+)\}/g)].map(([, name]) => ({
    name,
    in: 'path',
    required: true,
    schema: schemaOf(agentName),
  }));
  const inQuery = Object.entries(query ?? {}).map(([name, { schema, description }]) => ({
    name,
    in: 'query',
    required: false,
    description,
    schema: schemaOf(schema),
  }));
  return [...inPath, ...inQuery];
}

function operationOf(spec: OperationSpec): object {
  const answers = Object.entries(spec.answers).map(([status, { description, schema }]) => [
    status,
    { description, ...json(schemaOf(schema)) },
  ]);
  const parameters = parametersOf(spec);
  return {
    operationId: spec.id,
    summary: spec.summary,
    ...(parameters.length > 0 ? { parameters } : {}),
    ...(spec.body ? { requestBody: { required: true, ...json(schemaOf(spec.body)) } } : {}),
    security: spec.role ? [{ idToken: [] }] : [],
    responses: {
      ...Object.fromEntries(answers),
      ...errorsOf(spec),
      default: { description: 'What is wrong and how to fix it', ...json(ERROR) },
    },
    ...(spec.role ? { 'x-agents-plane-role': spec.role } : {}),
  };
}

/** @param url where the API answers */
export function openapi(title: string, url: string, specs: readonly OperationSpec[]): object {
  const paths: Record<string, Record<string, object>> = {};
  for (const spec of specs) {
    paths[spec.path] = { ...paths[spec.path], [spec.method.toLowerCase()]: operationOf(spec) };
  }
  return {
    openapi: '3.1.1',
    info: { title, version: '1', license: { name: 'MIT', identifier: 'MIT' } },
    servers: [{ url }],
    paths,
    components: {
      schemas: { Error: schemaOf(errorBody) },
      securitySchemes: {
        idToken: {
          type: 'http',
          scheme: 'bearer',
          bearerFormat: 'JWT',
          description: 'ID token signed by Google, its audience this service',
        },
      },
    },
  };
}
