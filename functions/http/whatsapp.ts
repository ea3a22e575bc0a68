/** An agent's business number: routes of function `api`. */

import { z } from 'zod';
import { plan } from '../../contracts/agent.ts';
import type { AgentName } from '../../contracts/names.ts';
import {
  numberConnected,
  numberCredentials,
  numberDisconnected,
  numberView,
} from '../../contracts/whatsapp-number.ts';
import { readName } from '../service/lifecycle.ts';
import {
  connectNumber,
  disconnectNumber,
  type Numbered,
  type NumberTools,
  showNumber,
} from '../service/number.ts';
import { dryRun } from './paging.ts';
import type { Answer } from './reply.ts';
import { isDry, type Route } from './router.ts';

export interface WhatsappParts {
  /** Of the agent's own project. */
  readonly numberTools: (name: AgentName) => Promise<NumberTools>;
}

const answerOf = (agent: AgentName, done: Numbered<object>): Answer => ({
  status: 200,
  body: done.kind === 'plan' ? done.plan : done.answer,
  agent,
});

export function whatsappRoutes({ numberTools }: WhatsappParts): readonly Route[] {
  const path = '/v1/agents/{name}/whatsapp';
  return [
    {
      method: 'GET',
      path,
      id: 'showNumber',
      summary: 'Which business number it is connected to.',
      role: 'viewer',
      answers: { 200: { description: 'The number, without its credentials', schema: numberView } },
      handle: async ({ params }) => {
        const name = readName(params.name);
        return { status: 200, body: await showNumber(await numberTools(name), name), agent: name };
      },
    },
    {
      method: 'POST',
      path,
      id: 'connectNumber',
      summary: 'Connect it to its business number at Meta or Kapso. Safe to repeat.',
      role: 'admin',
      query: { dryRun },
      body: numberCredentials,
      answers: {
        200: {
          description: 'It is connected; or the plan, with dryRun',
          schema: z.union([numberConnected, plan]),
        },
      },
      handle: async (call) => {
        const name = readName(call.params.name);
        const tools = await numberTools(name);
        return answerOf(name, await connectNumber(tools, name, call.body, isDry(call)));
      },
    },
    {
      method: 'DELETE',
      path,
      id: 'disconnectNumber',
      summary: 'Forget its credentials, and what waits for it. Safe to repeat.',
      role: 'admin',
      query: { dryRun },
      answers: {
        200: {
          description: 'What was removed; or the plan, with dryRun',
          schema: z.union([numberDisconnected, plan]),
        },
      },
      handle: async (call) => {
        const name = readName(call.params.name);
        return answerOf(name, await disconnectNumber(await numberTools(name), name, isDry(call)));
      },
    },
  ];
}
