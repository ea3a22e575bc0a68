/** Many people at once, and the queue that spreads the work: routes of function `api`. */

import { PlaneError } from '../../contracts/errors.ts';
import {
  IMPORT_BODY_MAX,
  importAnswer,
  importRequest,
  provisionTask,
  workAnswer,
} from '../../contracts/import.ts';
import type { Policy } from '../core/request.ts';
import { type ImportTools, importPeople, PROVISION_TASK, provisionOne } from '../service/import.ts';
import { dryRun } from './paging.ts';
import type { Answer } from './reply.ts';
import { type Call, isDry, type Route } from './router.ts';

export interface BulkParts {
  readonly bulk: () => Promise<ImportTools>;
  readonly policy: Policy;
}

async function work({ bulk, policy }: BulkParts, { body }: Call): Promise<Answer> {
  const { outcome, by } = await provisionOne(await bulk(), policy, body);
  if (outcome instanceof PlaneError) {
    // Taken off the queue: it would come back to the same answer. The import tells the admin.
    return { status: 200, body: { outcome: 'refused' }, outcome: outcome.code };
  }
  if (outcome.kind === 'plan') throw new Error('no work is a dry run');
  const { agent, change } = outcome;
  const told = { before: change.before, after: { ...change.after, importedBy: by } };
  return {
    status: 200,
    body: { outcome: 'done', agent: agent.name },
    agent: agent.name,
    change: told,
  };
}

export const bulkRoutes = (parts: BulkParts): readonly Route[] => [
  {
    method: 'POST',
    path: '/v1/imports',
    id: 'importPeople',
    summary: 'Give many people agents. All of them are checked first; safe to repeat.',
    role: 'admin',
    query: { dryRun },
    body: importRequest,
    bodyLimit: IMPORT_BODY_MAX,
    answers: { 200: { description: 'What each of them takes', schema: importAnswer } },
    handle: async ({ body, caller: by, query }) => ({
      status: 200,
      body: await importPeople(await parts.bulk(), parts.policy, {
        body,
        by,
        dryRun: isDry({ query }),
      }),
    }),
  },
  {
    method: 'POST',
    path: PROVISION_TASK,
    id: 'provisionTask',
    summary: 'One piece of bulk work, as the queue brings it.',
    role: 'tasks',
    body: provisionTask,
    answers: { 200: { description: 'It need not come again', schema: workAnswer } },
    handle: (call) => work(parts, call),
  },
];
