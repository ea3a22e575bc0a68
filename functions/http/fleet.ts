/** The verbs over agents that exist: routes of function `api`. */

import { z } from 'zod';
import { agent, plan } from '../../contracts/agent.ts';
import { onceRequest, receipt, updateRequest } from '../../contracts/lifecycle.ts';
import type { AgentName } from '../../contracts/names.ts';
import { fixesOf, type Policy, parseBody } from '../core/request.ts';
import { demandAccountFor } from '../service/account.ts';
import type { Places } from '../service/cells.ts';
import {
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
import { claim } from '../service/number-pool.ts';
import type { Change } from '../service/steer.ts';
import type { Tools } from '../service/steps.ts';
import { dryRun } from './paging.ts';
import type { Answer } from './reply.ts';
import { type Call, isDry, type Route } from './router.ts';

export interface FleetParts {
  /** Made at the first call that needs Google. */
  readonly tools: Places['of'];
  readonly fleet: Places;
  readonly policy: Policy;
}

const ANSWERS: Route['answers'] = {
  200: {
    description: 'All is as asked for; or the plan, with dryRun',
    schema: z.union([agent, plan]),
  },
  202: { description: 'Begun; on its way', schema: agent },
};

type Ask = (tools: Tools, name: AgentName, call: Call) => Change | Promise<Change>;

function verb(
  { tools }: FleetParts,
  spec: Pick<Route, 'path' | 'id' | 'summary'> & Partial<Pick<Route, 'method' | 'body'>>,
  ask: Ask,
): Route {
  const handle = async (call: Call): Promise<Answer> => {
    const name = readName(call.params.name);
    const at = await tools(name);
    const outcome = await carryOut(at, name, await ask(at, name, call), isDry(call));
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
      async (tools, name, call) => {
        const request = parseBody(updateRequest, call.body, fixesOf(parts.policy));
        const change = update(name, parts.policy, request, tools.instance.bundleSha256);
        const { whatsappNumber: number, userPhone, whatsapp } = request;
        // What is refused must not have taken a number: that would cool off for weeks.
        if (number !== undefined || userPhone || whatsapp?.mode) {
          await demandAccountFor(parts.fleet, name, change);
        }
        if (number) await claim(tools, name, number, isDry(call));
        return change;
      },
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

const purgeRoute = ({ tools, fleet }: FleetParts): Route => ({
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
    const done = await purge(await tools(name), name, isDry(call));
    if (done.kind === 'plan') return { status: 200, body: done.plan, agent: name };
    await fleet.leave(name);
    return { status: 200, body: done.receipt, agent: name, change: done.change };
  },
});

export const fleetRoutes = (parts: FleetParts): readonly Route[] => [
  ...powerRoutes(parts),
  purgeRoute(parts),
];
