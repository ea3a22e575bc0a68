/** What was written down: routes of function `api`. */

import { z } from 'zod';
import { auditAnswer, vmLog } from '../../contracts/journal.ts';
import { type AgentName, agentName } from '../../contracts/names.ts';
import { readName } from '../service/lifecycle.ts';
import type { Journal } from '../service/ports.ts';
import { serialOf } from '../service/serial.ts';
import { notFound } from '../service/steer.ts';
import type { FleetParts } from './fleet.ts';
import { countFix, TOKEN_FIX } from './paging.ts';
import type { Route } from './router.ts';

const AUDIT_PAGE_MAX = 1000;
const AUDIT_PAGE = 100;

const from = {
  schema: z.string().regex(/^-?\d{1,15}$/),
  description: '`next` of the answer before; left out: from the beginning of what Google keeps',
  fix: 'give `next` of the answer before, or leave it out',
};
const auditQuery = {
  agent: {
    schema: agentName,
    description: 'the name of an agent: only what is about it',
    fix: 'give the name of an agent, like allison',
  },
  since: {
    schema: z.iso.datetime({ offset: true }),
    description: 'RFC 3339, 2026-11-20T00:00:00Z: nothing older',
    fix: 'give an RFC 3339 time, like 2026-11-20T00:00:00Z',
  },
  pageSize: {
    schema: z.coerce.number().int().min(1).max(AUDIT_PAGE_MAX),
    description: `at most this many, 1 to ${AUDIT_PAGE_MAX}`,
    fix: countFix(AUDIT_PAGE_MAX),
  },
  pageToken: {
    schema: z.string().regex(/^[\w=+/.-]{1,4000}$/),
    description: 'nextPageToken of the page before',
    fix: TOKEN_FIX,
  },
};

export interface JournalParts extends Pick<FleetParts, 'tools'> {
  /** Of the project that the agent is in; without one, of the plane's, where all functions' lines are. */
  readonly journal: (agent?: AgentName) => Promise<Journal>;
}

export const journalRoutes = ({ tools, journal }: JournalParts): readonly Route[] => [
  {
    method: 'GET',
    path: '/v1/agents/{name}/logs',
    id: 'agentLogs',
    summary: "What an agent's VM said on its serial port; Google keeps the last megabyte.",
    // The gateway's own lines may name whom it talked to.
    role: 'admin',
    query: { from },
    answers: { 200: { description: 'A part of it', schema: vmLog } },
    handle: async ({ params, query }) => {
      const name = readName(params.name);
      const from = query.get('from') ?? '0';
      const found = await serialOf(await tools(name), await journal(name), name, from);
      if (!found) throw notFound();
      return { status: 200, body: { agent: name, ...found }, agent: name };
    },
  },
  {
    method: 'GET',
    path: '/v1/audit',
    id: 'readAudit',
    summary: 'Who changed what, and who was refused; newest first.',
    role: 'viewer',
    query: auditQuery,
    answers: { 200: { description: 'A page of lines', schema: auditAnswer } },
    handle: async ({ query }) => {
      const body = await (await journal()).audit({
        agent: query.get('agent') ?? undefined,
        since: query.get('since') ?? undefined,
        size: Number(query.get('pageSize')) || AUDIT_PAGE,
        token: query.get('pageToken') ?? undefined,
      });
      return { status: 200, body };
    },
  },
];
