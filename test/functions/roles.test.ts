/**
 * Every route times every caller, from the functions' own OpenAPI documents: a route that is
 * added is in the table by itself. And one audit line for every refusal and every change.
 */

import { LOCAL } from '../../local/plane/settings.ts';
import { ENVIRONMENT } from './fixtures.ts';
import type { Answered } from './harness.ts';
import { type InProcess, startInProcess } from './support/in-process.ts';

const API = ENVIRONMENT.AGENTS_PLANE_AUDIENCE;
const VM = ENVIRONMENT.AGENTS_PLANE_VM_URL;
const REQUEST = { user: 'allison@nine30.com', userPhone: '+15551234567' };

type Role = 'admin' | 'viewer' | 'vm' | undefined;
interface Operation {
  readonly id: string;
  readonly method: string;
  readonly path: string;
  readonly role: Role;
}

let plane: InProcess;
beforeAll(async () => {
  plane = await startInProcess();
});
afterAll(() => plane.close());

const engine = (audience: string): Promise<string> => {
  const { accounts, tokens } = plane.google.world;
  const email = `agent-allison@${LOCAL.project.id}.iam.gserviceaccount.com`;
  const account = accounts.find(email) ?? { email, uniqueId: '100000000000000000000' };
  return tokens.accountIdToken(account, audience, {
    instance: {
      project_id: LOCAL.project.id,
      project_number: Number(LOCAL.project.number),
      zone: LOCAL.zone,
      instance_id: '1',
      instance_name: 'agent-allison',
      instance_creation_timestamp: 0,
    },
  });
};
const person = (email: string, audience = API) =>
  plane.google.world.tokens.userIdToken(email, audience);

/** Who they are, what they may do at each function, and what the audit line calls them. */
const CALLERS: ReadonlyArray<{
  readonly who: string;
  readonly token: () => Promise<string | undefined>;
  readonly roles: readonly Role[];
  readonly named?: string;
}> = [
  { who: 'nobody', token: async () => undefined, roles: [] },
  { who: 'rubbish', token: async () => 'a.b.c', roles: [] },
  {
    who: 'a colleague without a role',
    token: () => person('bo@nine30.com'),
    roles: [],
    named: 'bo@nine30.com',
  },
  { who: 'a viewer', token: () => person(LOCAL.viewer), roles: ['viewer'], named: LOCAL.viewer },
  {
    who: 'an admin',
    token: () => person(LOCAL.admin),
    roles: ['viewer', 'admin'],
    named: LOCAL.admin,
  },
  { who: 'an admin, for the function of VMs', token: () => person(LOCAL.admin, VM), roles: [] },
  { who: "an agent's VM", token: () => engine(VM), roles: ['vm'], named: 'allison' },
  { who: "an agent's VM, for the function of people", token: () => engine(API), roles: [] },
];

async function operationsOf(
  call: (method: string, path: string) => Promise<Answered>,
): Promise<readonly Operation[]> {
  const { body } = await call('GET', '/v1/openapi.json');
  return Object.entries<Record<string, never>>(body.paths).flatMap(([path, methods]) =>
    Object.entries<Record<string, never>>(methods).map(([method, it]) => ({
      id: String(it.operationId),
      method: method.toUpperCase(),
      path,
      role: it['x-agents-plane-role'] as Role,
    })),
  );
}

/** Broken JSON: whoever is let in is told so, and nothing is changed. */
const ask = (
  call: InProcess['call'],
  { method, path }: Operation,
  token: string | undefined,
): Promise<Answered> =>
  call(
    method,
    path.replace('{name}', 'nobody'),
    method === 'GET' ? undefined : '{"',
    // Not even the default of these calls.
    token ?? '',
  );

const entries = () => plane.log.map((line) => JSON.parse(line));

describe.each([
  ['api', () => plane.call],
  ['vm', () => plane.callVm],
] as const)('function %s', (_name, callOf) => {
  test.each(CALLERS)('$who meets only what is theirs', async ({ token, roles, named }) => {
    const call = callOf();
    const operations = await operationsOf((method, path) => call(method, path));
    expect(operations.length).toBeGreaterThan(5);
    for (const operation of operations) {
      const mark = plane.log.length;
      const { status } = await ask(call, operation, await token());
      const isOpen = operation.role === undefined || roles.includes(operation.role);
      const refused = status === 401 || status === 403;
      expect([operation.id, refused]).toEqual([operation.id, !isOpen]);
      if (isOpen) continue;
      const [entry, ...more] = entries().slice(mark);
      expect(more).toEqual([]);
      expect(entry.audit).toMatchObject({ audit: 'refusal', what: operation.id });
      if (status === 403 && named?.includes('@')) expect(entry.audit.who).toBe(named);
      expect(entry.requestId).toEqual(expect.any(String));
    }
  });
});

describe('the audit line of a change', () => {
  const lineOf = async (method: string, path: string, body?: unknown) => {
    const { status, headers } = await plane.call(method, path, body);
    await plane.google.compute.operations.idle();
    const id = headers.get('x-request-id');
    const lines = entries().filter(({ requestId }) => requestId === id);
    expect(lines).toHaveLength(1);
    return { status, audit: lines[0].audit };
  };

  test('says who, what, which agent, and what it was and is, without whole numbers', async () => {
    const made = await lineOf('POST', '/v1/agents', REQUEST);
    expect(made.audit).toEqual({
      audit: 'change',
      who: LOCAL.admin,
      what: 'provisionAgent',
      agent: 'allison',
      outcome: 'OK',
      before: {},
      after: expect.objectContaining({ life: 'running', budget: 50, userPhone: '+1555•••4567' }),
    });
    const updated = await lineOf('PATCH', '/v1/agents/allison', { budget: 75 });
    expect(updated.audit).toMatchObject({ before: { budget: 50 }, after: { budget: 75 } });
    const stopped = await lineOf('POST', '/v1/agents/allison/stop');
    expect(stopped.audit).toMatchObject({
      before: { life: 'running' },
      after: { life: 'stopped' },
    });
    const purged = await lineOf('POST', '/v1/agents/allison/purge');
    expect(purged.audit).toMatchObject({ what: 'purgeAgent', after: { life: 'purged' } });
  });

  test('is there when it came to nothing, and not for a dry run or a look', async () => {
    const refused = await lineOf('POST', '/v1/agents/nobody/stop');
    expect(refused).toMatchObject({
      status: 404,
      audit: { audit: 'change', agent: 'nobody', outcome: 'NOT_FOUND' },
    });
    expect((await lineOf('GET', '/v1/agents')).audit).toBeUndefined();
    expect((await lineOf('POST', '/v1/agents?dryRun=true', REQUEST)).audit).toBeUndefined();
  });

  test('nothing that was logged holds a token or a whole number', () => {
    const all = plane.log.join('\n');
    expect(all).not.toMatch(/5551234567|eyJ[\w-]+\.[\w-]+/);
  });
});
