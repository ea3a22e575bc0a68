/** The verbs over agents that exist: routes of function `api`. */

import { z } from 'zod';
import { agent, plan } from '../../contracts/agent.ts';
import {
  onceRequest,
  planAnswer,
  receipt,
  reconcileAnswer,
  reconciled,
  updateRequest,
} from '../../contracts/lifecycle.ts';
import type { AgentName } from '../../contracts/names.ts';
import { type Policy, parseBody } from '../core/request.ts';
import { PAGE_SIZE_MAX, planAll, reconcileAll, reconcileOne } from '../service/fleet.ts';
import {
  asRecorded,
  carryOut,
  deprovision,
  purge,
  readName,
  rebuild,
  restart,
  start,
  stop,
  update,
} from '../service/lifecycle.ts';
import type { Change } from '../service/steer.ts';
import type { Tools } from '../service/steps.ts';
import type { Answer } from './reply.ts';
import type { Call, Route } from './router.ts';

export interface FleetParts {
  /** Made at the first call that needs Google. */
  readonly tools: () => Promise<Tools>;
  readonly policy: Policy;
}

export const dryRun = {
  schema: z.enum(['true', 'false']),
  description: 'true shows the plan and touches nothing',
};
export const paging = {
  pageSize: {
    schema: z.coerce.number().int().min(1).max(PAGE_SIZE_MAX),
    description: `at most this many, 1 to ${PAGE_SIZE_MAX}`,
  },
  pageToken: {
    schema: z.string().regex(/^[\w-]{1,200}$/),
    description: 'nextPageToken of the page before',
  },
};

export const pageOf = ({ query }: Call) => ({
  size: Number(query.get('pageSize')) || undefined,
  token: query.get('pageToken') ?? undefined,
});

const isDry = ({ query }: Call): boolean => query.get('dryRun') === 'true';

const ANSWERS: Route['answers'] = {
  200: {
    description: 'All is as asked for; or the plan, with dryRun',
    schema: z.union([agent, plan]),
  },
  202: { description: 'Begun; on its way', schema: agent },
};

type Ask = (tools: Tools, name: AgentName, call: Call) => Change;

function verb(
  { tools }: FleetParts,
  spec: Pick<Route, 'path' | 'id' | 'summary'> & Partial<Pick<Route, 'method' | 'body'>>,
  ask: Ask,
): Route {
  const handle = async (call: Call): Promise<Answer> => {
    const name = readName(call.params.name);
    const at = await tools();
    const outcome = await carryOut(at, name, ask(at, name, call), isDry(call));
    if (outcome.kind === 'plan') return { status: 200, body: outcome.plan, agent: name };
    const { kind, agent: body, change } = outcome;
    return { status: kind === 'changed' ? 202 : 200, body, agent: name, change };
  };
  return { method: 'POST', role: 'admin', query: { dryRun }, answers: ANSWERS, ...spec, handle };
}

/** The id that makes a repetition the same request; a fresh one where none was given. */
const onceId = (tools: Tools, { body }: Call): string =>
  parseBody(onceRequest, body).requestId ?? tools.newId();

function powerRoutes(parts: FleetParts): readonly Route[] {
  const at = (action: string): string => `/v1/agents/{name}/${action}`;
  return [
    verb(
      parts,
      {
        method: 'PATCH',
        path: '/v1/agents/{name}',
        id: 'updateAgent',
        summary: 'Change some of its settings; the running VM takes them over.',
        body: updateRequest,
      },
      (_tools, name, { body }) => update(name, parts.policy, parseBody(updateRequest, body)),
    ),
    verb(
      parts,
      { path: at('stop'), id: 'stopAgent', summary: 'Stop its VM until somebody starts it.' },
      () => stop,
    ),
    verb(parts, { path: at('start'), id: 'startAgent', summary: 'Start its VM.' }, () => start),
    verb(
      parts,
      {
        path: at('restart'),
        id: 'restartAgent',
        summary: 'Shut its VM down and start it again.',
        body: onceRequest,
      },
      (tools, _name, call) => restart(onceId(tools, call)),
    ),
    verb(
      parts,
      {
        path: at('rebuild'),
        id: 'rebuildAgent',
        summary: 'A new VM on the newest image; the data disk, and with it WhatsApp, is kept.',
        body: onceRequest,
      },
      (tools, _name, call) => rebuild(onceId(tools, call)),
    ),
    verb(
      parts,
      {
        path: at('deprovision'),
        id: 'deprovisionAgent',
        summary: 'Out of service: VM stopped, rights withdrawn, all it has is kept.',
      },
      () => deprovision,
    ),
  ];
}

const purgeRoute = ({ tools }: FleetParts): Route => ({
  method: 'POST',
  path: '/v1/agents/{name}/purge',
  id: 'purgeAgent',
  summary: 'Remove the agent and everything that belongs to it, for good.',
  role: 'admin',
  query: { dryRun },
  answers: {
    200: { description: 'The receipt; or the plan, with dryRun', schema: z.union([receipt, plan]) },
  },
  handle: async (call) => {
    const name = readName(call.params.name);
    const done = await purge(await tools(), name, isDry(call));
    if (done.kind === 'plan') return { status: 200, body: done.plan, agent: name };
    return { status: 200, body: done.receipt, agent: name, change: done.change };
  },
});

function reconcileRoutes({ tools }: FleetParts): readonly Route[] {
  return [
    {
      method: 'GET',
      path: '/v1/agents/{name}/plan',
      id: 'planAgent',
      summary: 'What reconcile would do to one agent.',
      role: 'viewer',
      answers: { 200: { description: 'The plan', schema: plan } },
      handle: async ({ params }) => {
        const name = readName(params.name);
        const outcome = await carryOut(await tools(), name, asRecorded, true);
        return { status: 200, body: outcome.kind === 'plan' ? outcome.plan : {}, agent: name };
      },
    },
    {
      method: 'POST',
      path: '/v1/agents/{name}/reconcile',
      id: 'reconcileAgent',
      summary: 'Bring one agent back to what was asked for.',
      role: 'admin',
      answers: { 200: { description: 'What was done', schema: reconciled } },
      handle: async ({ params }) => {
        const name = readName(params.name);
        return { status: 200, body: await reconcileOne(await tools(), name), agent: name };
      },
    },
    {
      method: 'GET',
      path: '/v1/plan',
      id: 'planFleet',
      summary: 'What reconcile would do to all agents; only those to which it would do something.',
      role: 'viewer',
      query: paging,
      answers: { 200: { description: 'The plans', schema: planAnswer } },
      handle: async (call) => ({ status: 200, body: await planAll(await tools(), pageOf(call)) }),
    },
    {
      method: 'POST',
      path: '/v1/reconcile',
      id: 'reconcileFleet',
      summary: 'Bring all agents back to what was asked for, page by page.',
      role: 'admin',
      query: paging,
      answers: { 200: { description: 'What was done', schema: reconcileAnswer } },
      handle: async (call) => ({
        status: 200,
        body: await reconcileAll(await tools(), pageOf(call)),
      }),
    },
  ];
}

export const fleetRoutes = (parts: FleetParts): readonly Route[] => [
  ...powerRoutes(parts),
  purgeRoute(parts),
  ...reconcileRoutes(parts),
];
