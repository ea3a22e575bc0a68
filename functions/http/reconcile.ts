/** What reconcile would do, and reconcile itself, for one agent and for all: routes of function `api`. */

import { plan } from '../../contracts/agent.ts';
import { provisionTask } from '../../contracts/import.ts';
import {
  planAnswer,
  type ReconcileAnswer,
  reconcileAnswer,
  reconciled,
  roundBegun,
} from '../../contracts/lifecycle.ts';
import { planAll, planOne, reconcileAll, reconcileOne } from '../service/fleet.ts';
import { readName } from '../service/lifecycle.ts';
import { beginRound, RECONCILE_TASK, type RoundTools, walkPage } from '../service/round.ts';
import type { FleetParts } from './fleet.ts';
import { pageOf, paging } from './paging.ts';
import type { OneOfMany } from './reply.ts';
import type { Route } from './router.ts';

/** For the log: every agent to which something was done, or could not be. */
const told = (what: string, { agents }: ReconcileAnswer): readonly OneOfMany[] =>
  agents
    .filter(({ outcome, untouched }) => outcome !== 'unchanged' || untouched)
    .map(({ agent, outcome, done, untouched = [] }) => ({
      ...{ what, agent, outcome },
      change: {
        after: {
          ...(done.length > 0 && { done: done.join('; ') }),
          ...(untouched.length > 0 && {
            untouched: untouched.map(({ field }) => field).join(', '),
          }),
        },
      },
    }));

/** What Cloud Scheduler calls, and what that puts into the queue. */
const roundRoutes = ({ bulk }: RoundParts): readonly Route[] => [
  {
    method: 'POST',
    path: '/v1/reconcile/begin',
    id: 'beginRound',
    summary: 'Have all agents brought back to what was asked for, page by page, by the queue.',
    role: 'scheduler',
    answers: { 202: { description: 'It is in the queue', schema: roundBegun } },
    handle: async () => ({ status: 202, body: { round: await beginRound(await bulk()) } }),
  },
  {
    method: 'POST',
    path: RECONCILE_TASK,
    id: 'reconcileTask',
    summary: 'One page of such a round, as the queue brings it.',
    role: 'tasks',
    body: provisionTask,
    answers: { 200: { description: 'What was done', schema: reconcileAnswer } },
    handle: async ({ body }) => {
      const page = await walkPage(await bulk(), body);
      return { status: 200, body: page, changes: told('reconcileTask', page) };
    },
  },
];

interface RoundParts {
  readonly bulk: () => Promise<RoundTools>;
}

export function reconcileRoutes({ tools, fleet, bulk }: FleetParts & RoundParts): readonly Route[] {
  return [
    ...roundRoutes({ bulk }),
    {
      method: 'GET',
      path: '/v1/agents/{name}/plan',
      id: 'planAgent',
      summary: 'What reconcile would do to one agent.',
      role: 'viewer',
      answers: { 200: { description: 'The plan', schema: plan } },
      handle: async ({ params }) => {
        const name = readName(params.name);
        return { status: 200, body: await planOne(await tools(name), name), agent: name };
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
        const body = await reconcileOne(fleet, await tools(name), name);
        return {
          status: 200,
          body,
          agent: name,
          changes: told('reconcileAgent', { agents: [body] }),
        };
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
      handle: async (call) => ({ status: 200, body: await planAll(fleet, pageOf(call)) }),
    },
    {
      method: 'POST',
      path: '/v1/reconcile',
      id: 'reconcileFleet',
      summary: 'Bring all agents back to what was asked for, page by page.',
      role: 'admin',
      query: paging,
      answers: { 200: { description: 'What was done', schema: reconcileAnswer } },
      handle: async (call) => {
        const page = await reconcileAll(fleet, pageOf(call));
        return { status: 200, body: page, changes: told('reconcileFleet', page) };
      },
    },
  ];
}
