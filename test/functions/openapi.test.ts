/** The OpenAPI document says what the routes do, and is one. */

import { apiRoutes } from '../../functions/http/api.ts';
import type { Route } from '../../functions/http/router.ts';
import { vmRoutes } from '../../functions/http/vm.ts';
import { onePlace } from '../../functions/service/cells.ts';

const never = () => Promise.reject(new Error('needs no Google'));
const policy = {
  ...{ domains: ['nine30.com'], budgetMax: 500, model: 'anthropic/claude-sonnet-4-6' },
  timezone: 'UTC',
};
const TABLES: ReadonlyArray<readonly [string, readonly Route[]]> = [
  [
    'api',
    apiRoutes({
      ...{ tools: never, links: never, bulk: never, journal: never, syncing: never },
      fleet: onePlace(never),
      policy,
      url: 'https://api.example',
    }),
  ],
  ['vm', vmRoutes({ self: never, url: 'https://vm.example' })],
];

interface Operation {
  readonly operationId: string;
  readonly requestBody?: { content: { 'application/json': { schema: Record<string, unknown> } } };
  readonly parameters?: ReadonlyArray<{ readonly name: string }>;
  readonly responses: Record<string, unknown>;
  readonly security: object[];
}
interface Document {
  readonly openapi: string;
  readonly paths: Record<string, Record<string, Operation>>;
}

async function documentOf(routes: readonly Route[]): Promise<Document> {
  const route = routes.find(({ path }) => path === '/v1/openapi.json');
  const call = {
    params: {},
    query: new URLSearchParams(),
    body: undefined,
    headers: {},
    caller: '',
  };
  const answer = await route?.handle(call);
  return JSON.parse(JSON.stringify(answer?.body)) as Document;
}

/** Every `$ref` in the document. */
const referencesIn = (value: unknown): string[] =>
  value && typeof value === 'object'
    ? Object.entries(value).flatMap(([key, inner]) =>
        key === '$ref' ? [String(inner)] : referencesIn(inner),
      )
    : [];

const resolve = (document: object, reference: string): unknown =>
  reference
    .replace(/^#\//, '')
    .split('/')
    .reduce<unknown>((at, key) => (at as Record<string, unknown> | undefined)?.[key], document);

describe.each(TABLES)('OpenAPI of %s', (_name, routes) => {
  test('has every route and no other', async () => {
    const { paths, openapi } = await documentOf(routes);
    expect(openapi).toBe('3.1.1');
    const listed = Object.entries(paths).flatMap(([path, methods]) =>
      Object.keys(methods).map((method) => `${method.toUpperCase()} ${path}`),
    );
    expect(listed.sort()).toEqual(routes.map(({ method, path }) => `${method} ${path}`).sort());
  });

  test('operation ids are unique, references resolve, errors are described', async () => {
    const document = await documentOf(routes);
    const operations = Object.values(document.paths).flatMap((methods) => Object.values(methods));
    expect(new Set(operations.map((each) => each.operationId)).size).toBe(operations.length);
    for (const reference of referencesIn(document))
      expect(resolve(document, reference)).toBeDefined();
    for (const { responses } of operations) expect(responses).toHaveProperty('default');
  });

  test('every parameter is described, and every error that a route can answer with', async () => {
    const { paths } = await documentOf(routes);
    for (const { method, path, role, body, query } of routes) {
      const { parameters = [], responses } = paths[path]?.[method.toLowerCase()] ?? {};
      const named = [...path.matchAll(/\{(\w+)\}/g)].map(([, name]) => name);
      expect(parameters?.map(({ name }) => name)).toEqual([...named, ...Object.keys(query ?? {})]);
      const statuses = [
        ...(body || query ? [400] : []),
        ...(body ? [413, 415] : []),
        ...(named.length > 0 ? [404] : []),
        ...(role ? [401, 403, 409, 412, 429, 503, 504] : []),
      ];
      expect(Object.keys(responses ?? {})).toEqual(expect.arrayContaining(statuses.map(String)));
    }
  });

  test('what takes a role says so', async () => {
    const { paths } = await documentOf(routes);
    for (const { method, path, role } of routes) {
      const security = paths[path]?.[method.toLowerCase()]?.security ?? [];
      expect([path, security.length > 0]).toEqual([path, role !== undefined]);
    }
  });
});

test('the provision request is described by the schema that checks it', async () => {
  const { paths } = await documentOf(TABLES[0]?.[1] ?? []);
  const schema = paths['/v1/agents']?.post?.requestBody?.content['application/json'].schema;
  expect(schema).toMatchObject({
    type: 'object',
    additionalProperties: false,
    required: ['user'],
    properties: {
      budget: { type: 'number', minimum: 1 },
      userPhone: { pattern: expect.any(String) },
    },
  });
});
