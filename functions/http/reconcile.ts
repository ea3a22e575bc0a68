/** What reconcile would do, and reconcile itself, for one agent and for all: routes of function `api`. */

import { plan } from '../../contracts/agent.ts';
import { planAnswer, reconcileAnswer, reconciled } from '../../contracts/lifecycle.ts';
import { planAll, planOne, reconcileAll, reconcileOne } from '../service/fleet.ts';
import { readName } from '../service/lifecycle.ts';
import type { FleetParts } from './fleet.ts';
import { pageOf, paging } from './paging.ts';
import type { Route } from './router.ts';

export function reconcileRoutes({ tools }: FleetParts): readonly Route[] {
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
        return { status: 200, body: await planOne(await tools(), name), agent: name };
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
