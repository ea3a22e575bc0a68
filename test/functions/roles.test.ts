/**
 * Every route times every caller. The rows are written by hand and compared with the route
 * tables: a route that is added, or that lets in somebody else than before, fails here first.
 */

import { LOCAL } from '../../local/plane/settings.ts';
import { ENVIRONMENT, pagePath } from './fixtures.ts';
import type { Answered } from './harness.ts';
import { type InProcess, startInProcess } from './support/in-process.ts';

const API = ENVIRONMENT.AGENTS_PLANE_AUDIENCE;
const VM = ENVIRONMENT.AGENTS_PLANE_VM_URL;
const SCHEDULER = ENVIRONMENT.AGENTS_PLANE_SCHEDULER;
const WATCH = `agents-plane-watch@${LOCAL.project.id}.iam.gserviceaccount.com`;

/** `all`: everybody; `link`: whoever holds a link in force. */
type Need = 'admin' | 'viewer' | 'scheduler' | 'tasks' | 'vm' | 'link' | 'signature' | 'all';
type FunctionName = 'api' | 'vm' | 'pages';

const ROWS: Readonly<Record<FunctionName, Readonly<Record<string, Need>>>> = {
  api: {
    provisionAgent: 'admin',
    listAgents: 'viewer',
    getAgent: 'viewer',
    createPairingLink: 'admin',
    showNumber: 'viewer',
    connectNumber: 'admin',
    disconnectNumber: 'admin',
    updateAgent: 'admin',
    stopAgent: 'admin',
    startAgent: 'admin',
    restartAgent: 'admin',
    rebuildAgent: 'admin',
    deprovisionAgent: 'admin',
    purgeAgent: 'admin',
    planAgent: 'viewer',
    reconcileAgent: 'admin',
    planFleet: 'viewer',
    reconcileFleet: 'admin',
    beginRound: 'scheduler',
    reconcileTask: 'tasks',
    agentLogs: 'admin',
    readAudit: 'viewer',
    syncDirectory: 'scheduler',
    listNumbers: 'viewer',
    showNumbers: 'admin',
    addNumbers: 'admin',
    releaseNumber: 'admin',
    importPeople: 'admin',
    provisionTask: 'tasks',
    health: 'all',
    openapi: 'all',
  },
  vm: {
    ensureBackupSecret: 'vm',
    saveBackup: 'vm',
    loadBackup: 'vm',
    sendWelcome: 'vm',
    ensureKeySecret: 'vm',
    ensureChannelsSecret: 'vm',
    announceChannel: 'vm',
    sendMail: 'vm',
    listInbox: 'vm',
    readMail: 'vm',
    deleteMail: 'vm',
    listReplies: 'vm',
    forgetReply: 'vm',
    reportUsage: 'vm',
    reportChannel: 'vm',
    mailCode: 'vm',
    reportStatus: 'vm',
    readReply: 'vm',
    reportWrongPhone: 'vm',
    health: 'all',
    openapi: 'all',
  },
  pages: {
    pairingPage: 'link',
    pairingState: 'link',
    requestCode: 'link',
    verifyWebhook: 'signature',
    takeWebhook: 'signature',
    health: 'all',
  },
};

let plane: InProcess;
/** The path of a link to an agent's page, `/pair/...`. */
let link = '';
beforeAll(async () => {
  plane = await startInProcess();
  await plane.call('POST', '/v1/agents', { user: 'bo@nine30.com', userPhone: '+15557654321' });
  await plane.google.compute.operations.idle();
  const { body } = await plane.call('POST', '/v1/agents/bo/pairing-link', {});
  link = pagePath(body.url);
});
afterAll(() => plane.close());

const engine = (audience: string): Promise<string> => {
  const { accounts, tokens } = plane.google.world;
  const email = `agent-bo@${LOCAL.project.id}.iam.gserviceaccount.com`;
  const account = accounts.find(email) ?? { email, uniqueId: '100000000000000000000' };
  return tokens.accountIdToken(account, audience, {
    instance: {
      project_id: LOCAL.project.id,
      project_number: Number(LOCAL.project.number),
      zone: LOCAL.zone,
      instance_id: plane.google.compute.instances.byName('agent-bo')?.resource.id ?? '',
      instance_name: 'agent-bo',
      instance_creation_timestamp: 0,
    },
  });
};
const person = (email: string, audience = API) =>
  plane.google.world.tokens.userIdToken(email, audience);
const account = (email: string, audience: string) =>
  plane.google.world.tokens.accountIdToken({ email, uniqueId: '1' }, audience);

/** Who they are, what they may do, and what the audit line calls them when they may not. */
const CALLERS: ReadonlyArray<{
  readonly who: string;
  readonly token: () => Promise<string | undefined>;
  readonly may: readonly Need[];
  readonly named?: string;
}> = [
  { who: 'nobody', token: async () => undefined, may: [] },
  { who: 'rubbish', token: async () => 'a.b.c', may: [] },
  {
    who: 'a colleague without a role',
    token: () => person('bo@nine30.com'),
    may: [],
    named: 'bo@nine30.com',
  },
  { who: 'a viewer', token: () => person(LOCAL.viewer), may: ['viewer'], named: LOCAL.viewer },
  { who: 'an admin', token: () => person(LOCAL.admin), may: ['viewer', 'admin', 'scheduler'] },
  { who: 'an admin, for the function of VMs', token: () => person(LOCAL.admin, VM), may: [] },
  { who: "an agent's VM", token: () => engine(VM), may: ['vm'] },
  { who: "an agent's VM, for the function of people", token: () => engine(API), may: [] },
  {
    who: "the queue's account",
    token: () => account(ENVIRONMENT.AGENTS_PLANE_TASKS_ACCOUNT, API),
    may: ['tasks'],
    named: ENVIRONMENT.AGENTS_PLANE_TASKS_ACCOUNT,
  },
  {
    who: "the queue's account, for VMs",
    token: () => account(ENVIRONMENT.AGENTS_PLANE_TASKS_ACCOUNT, VM),
    may: [],
    named: ENVIRONMENT.AGENTS_PLANE_TASKS_ACCOUNT,
  },
  { who: "the watch's account", token: () => account(WATCH, API), may: [], named: WATCH },
  {
    who: "the scheduler's account",
    token: () => account(SCHEDULER, API),
    may: ['scheduler'],
    named: SCHEDULER,
  },
  {
    who: "the scheduler's account, for VMs",
    token: () => account(SCHEDULER, VM),
    may: [],
    named: SCHEDULER,
  },
];

type Operation = InProcess['routes'][FunctionName][number];

/** Broken JSON: whoever is let in is told so, and nothing is changed. */
function ask(name: FunctionName, { method, path }: Operation, token: string): Promise<Answered> {
  const at = path.replace('{name}', 'nobody').replace('/pair/{token}', forged());
  if (name === 'pages') return plane.callPages(method, at, token);
  const call = name === 'api' ? plane.call : plane.callVm;
  return call(method, at, method === 'GET' ? undefined : '{"', token);
}

/** The link of another agent, under the signature of one that is real. */
function forged(): string {
  const [payload = '', signature = ''] = link.replace('/pair/', '').split('.');
  const claims = JSON.parse(Buffer.from(payload, 'base64url').toString());
  const other = Buffer.from(JSON.stringify({ ...claims, agent: 'allison' })).toString('base64url');
  return `/pair/${other}.${signature}`;
}

const entries = () => plane.log.map((line) => JSON.parse(line));

/** Everything that a request left in the log, after `mark`. */
const outcomeOf = (mark: number) => entries().slice(mark);

describe.each(['api', 'vm', 'pages'] as const)('function %s', (name) => {
  test('has a row for each of its routes', () => {
    const needs = plane.routes[name].map(({ id, role, behindLink, behindSignature }) => [
      id,
      role ?? (behindLink ? 'link' : behindSignature ? 'signature' : 'all'),
    ]);
    expect(Object.fromEntries(needs)).toEqual(ROWS[name]);
  });

  test.each(CALLERS)('$who meets only what is theirs', async ({ token, may, named }) => {
    for (const operation of plane.routes[name]) {
      const need = ROWS[name][operation.id];
      const mark = plane.log.length;
      // Not even the default of these calls.
      const { status } = await ask(name, operation, (await token()) ?? '');
      const isOpen = need === 'all' || may.some((role) => role === need);
      const refused = status === 401 || status === 403 || (name === 'pages' && status === 404);
      expect([operation.id, refused]).toEqual([operation.id, !isOpen]);
      if (isOpen) continue;
      const lines = outcomeOf(mark).filter(({ audit }) => audit);
      expect(lines).toHaveLength(1);
      expect(lines[0].audit).toMatchObject({ audit: 'refusal', what: operation.id });
      if (status === 403 && named && name !== 'pages') expect(lines[0].audit.who).toBe(named);
      expect(lines[0].requestId).toEqual(expect.any(String));
    }
  });
});

describe('whoever has the link', () => {
  test('sees this one agent’s page, and may ask it for a code', async () => {
    const mark = plane.log.length;
    expect((await plane.callPages('GET', link)).status).toBe(200);
    expect((await plane.callPages('GET', `${link}/state`)).status).toBe(200);
    expect(outcomeOf(mark).filter(({ audit }) => audit)).toEqual([]);
    expect((await plane.callPages('POST', `${link}/request`)).status).toBe(200);
    expect(outcomeOf(mark).at(-1).audit).toEqual({
      audit: 'change',
      who: 'link',
      what: 'requestCode',
      agent: 'bo',
      outcome: 'OK',
    });
  });

  test('is let into nothing else with it', async () => {
    const token = link.replace('/pair/', '');
    expect((await plane.call('GET', '/v1/agents', undefined, token)).status).toBe(401);
    expect((await plane.callVm('POST', '/v1/self/welcome', undefined, token)).status).toBe(401);
  });

  test('is refused, on record, once a new link has replaced it', async () => {
    await plane.call('POST', '/v1/agents/bo/pairing-link', { replace: true });
    const mark = plane.log.length;
    expect((await plane.callPages('POST', `${link}/request`)).status).toBe(410);
    expect(outcomeOf(mark).at(-1).audit).toMatchObject({
      audit: 'refusal',
      who: 'link',
      what: 'requestCode',
      agent: 'bo',
    });
  });
});
