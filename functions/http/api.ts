/** Function `api`: what admins and viewers may do. */

import { z } from 'zod';
import {
  AGENT_STATES,
  agent,
  agentList,
  pairingLink,
  pairingLinkRequest,
  plan,
} from '../../contracts/agent.ts';
import { provisionRequest } from '../../contracts/config-document.ts';
import type { AgentName } from '../../contracts/names.ts';
import { openapi } from '../core/openapi.ts';
import { LINK_LIFETIME_DAYS } from '../core/pairing-link.ts';
import { type Policy, parseBody } from '../core/request.ts';
import { getAgent, linkFor } from '../service/agents.ts';
import type { Places } from '../service/cells.ts';
import { readName } from '../service/lifecycle.ts';
import { listFleet } from '../service/list.ts';
import type { LinkTools } from '../service/pairing-link.ts';
import type { Journal } from '../service/ports.ts';
import { provisionIn, readRequest } from '../service/provision.ts';
import type { RoundTools } from '../service/round.ts';
import type { Tools } from '../service/steps.ts';
import type { SyncTools } from '../service/sync.ts';
import { bulkRoutes } from './bulk.ts';
import { fleetRoutes } from './fleet.ts';
import { journalRoutes } from './journal.ts';
import { numberRoutes } from './numbers.ts';
import { dryRun, listPaging, pageOf } from './paging.ts';
import { reconcileRoutes } from './reconcile.ts';
import type { Answer } from './reply.ts';
import { type Call, isDry, type Route } from './router.ts';
import { syncRoutes } from './sync.ts';
import { whatsappRoutes } from './whatsapp.ts';

export interface ApiParts {
  /** Made at the first call that needs Google. */
  readonly tools: Places['of'];
  readonly fleet: Places;
  readonly links: () => Promise<Tools & LinkTools>;
  readonly bulk: () => Promise<RoundTools>;
  readonly journal: (agent?: AgentName) => Promise<Journal>;
  readonly syncing: () => Promise<SyncTools>;
  readonly policy: Policy;
  /** URL of this API. */
  readonly url: string;
}

const health = z.strictObject({ status: z.literal('ok') });
const anyDocument = z.record(z.string(), z.unknown());
const oneState = `one of ${AGENT_STATES.join(', ')}`;
const state = {
  schema: z.enum(AGENT_STATES),
  description: oneState,
  fix: `give ${oneState}`,
};

async function postAgent({ fleet, policy }: ApiParts, call: Call): Promise<Answer> {
  const dry = isDry(call);
  const done = await provisionIn(fleet, readRequest(policy, call.body), dry);
  if (done.kind === 'plan') return { status: 200, body: done.plan, agent: done.plan.agent };
  const status = done.kind === 'changed' ? 202 : 200;
  return { status, body: done.agent, agent: done.agent.name, change: done.change };
}

/** In the agent's own project; links are signed with the plane's key. */
const linksOf = async (
  { links, tools }: ApiParts,
  name: AgentName,
): Promise<Tools & LinkTools> => ({
  ...(await links()),
  ...(await tools(name)),
});

/** The agent that a request would rather have; two people of one name may make it another. */
function nameFor(policy: Policy, body: unknown): string | undefined {
  try {
    return readRequest(policy, body).names[0];
  } catch {
    return undefined;
  }
}

function agentRoutes(parts: ApiParts): readonly Route[] {
  return [
    {
      method: 'POST',
      path: '/v1/agents',
      id: 'provisionAgent',
      summary: 'Give a person an agent, or change it. Safe to repeat.',
      role: 'admin',
      query: { dryRun },
      body: provisionRequest,
      about: (body) => nameFor(parts.policy, body),
      answers: {
        200: {
          description: 'All is as asked for; or the plan, with dryRun',
          schema: z.union([agent, plan]),
        },
        202: { description: 'Created or changed; on its way', schema: agent },
      },
      handle: (call) => postAgent(parts, call),
    },
    {
      method: 'GET',
      path: '/v1/agents',
      id: 'listAgents',
      summary: 'The agents, page by page; each page by name.',
      role: 'viewer',
      query: { ...listPaging, state },
      answers: { 200: { description: 'A page of agents', schema: agentList } },
      handle: async (call) => {
        const wanted = state.schema.safeParse(call.query.get('state')).data;
        const page = { ...pageOf(call), state: wanted };
        return { status: 200, body: await listFleet(await parts.fleet.all(), page) };
      },
    },
    {
      method: 'GET',
      path: '/v1/agents/{name}',
      id: 'getAgent',
      summary: 'One agent and its state.',
      role: 'viewer',
      answers: { 200: { description: 'The agent', schema: agent } },
      handle: async ({ params }) => {
        const name = readName(params.name);
        const body = await getAgent(await parts.tools(name), name);
        return { status: 200, body, agent: body.name };
      },
    },
    {
      method: 'POST',
      path: '/v1/agents/{name}/pairing-link',
      id: 'createPairingLink',
      summary: "Get a link to the page on which the agent's WhatsApp is linked.",
      role: 'admin',
      body: pairingLinkRequest,
      answers: {
        200: {
          description: `A link that works for ${LINK_LIFETIME_DAYS} days`,
          schema: pairingLink,
        },
      },
      handle: async ({ params, body }) => {
        const { replace } = parseBody(pairingLinkRequest, body);
        const at = await linksOf(parts, readName(params.name));
        const { name, link } = await linkFor(at, params.name ?? '', replace);
        return { status: 200, body: link, agent: name };
      },
    },
  ];
}

export const HEALTH: Route = {
  method: 'GET',
  path: '/healthz',
  id: 'health',
  summary: 'Whether the function answers.',
  answers: { 200: { description: 'It does', schema: health } },
  handle: () => ({ status: 200, body: { status: 'ok' } }),
};

/** Routes that need neither a caller nor Google. */
export function openRoutes(title: string, url: string, others: readonly Route[]): readonly Route[] {
  const routes: Route[] = [
    ...others,
    HEALTH,
    {
      method: 'GET',
      path: '/v1/openapi.json',
      id: 'openapi',
      summary: 'This document.',
      answers: { 200: { description: 'OpenAPI 3.1', schema: anyDocument } },
      handle: () => ({ status: 200, body: openapi(title, url, routes) }),
    },
  ];
  return routes;
}

export const apiRoutes = (parts: ApiParts): readonly Route[] =>
  openRoutes('Agents Plane', parts.url, [
    ...agentRoutes(parts),
    ...whatsappRoutes({ numberTools: (name) => linksOf(parts, name) }),
    ...fleetRoutes(parts),
    ...reconcileRoutes(parts),
    ...syncRoutes(parts),
    ...numberRoutes(parts),
    ...bulkRoutes(parts),
    ...journalRoutes(parts),
  ]);
