/** OpenAPI 3.1, generated from the route table and the zod schemas it carries. */

import { z } from 'zod';
import { errorBody } from '../../contracts/errors.ts';

export interface OperationSpec {
  readonly method: 'GET' | 'POST';
  /** With `{parameter}` segments. */
  readonly path: string;
  readonly id: string;
  readonly summary: string;
  /** Who may call it; undefined is everybody. */
  readonly role?: 'admin' | 'viewer' | 'vm';
  readonly query?: Readonly<
    Record<string, { readonly schema: z.ZodType; readonly description: string }>
  >;
  readonly body?: z.ZodType;
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

function parametersOf({ path, query }: OperationSpec): object[] {
  const inPath = [...path.matchAll(/\{(\w+)\}/g)].map(([, name]) => ({
    name,
    in: 'path',
    required: true,
    schema: { type: 'string' },
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
