/** Following the Workspace Directory: a route of function `api`. */

import { confirmation, syncAnswer } from '../../contracts/sync.ts';
import { type SyncTools, sync } from '../service/sync.ts';
import { dryRun } from './paging.ts';
import { isDry, type Route } from './router.ts';

export interface SyncParts {
  readonly syncing: () => Promise<SyncTools>;
}

export const syncRoutes = ({ syncing }: SyncParts): readonly Route[] => [
  {
    method: 'POST',
    path: '/v1/sync',
    id: 'syncDirectory',
    summary: 'Bring the agents to what the Workspace Directory says. Safe to repeat.',
    role: 'scheduler',
    query: {
      dryRun,
      confirm: {
        schema: confirmation,
        description: 'of the answer that asked: lets exactly those removals happen',
        fix: 'give `confirm` of the answer that asked, whole; a sync without it asks again',
      },
    },
    answers: { 200: { description: 'What was done, or why nothing was', schema: syncAnswer } },
    handle: async ({ query }) => {
      const { answer, done } = await sync(await syncing(), {
        dryRun: isDry({ query }),
        confirm: query.get('confirm') ?? undefined,
      });
      return { status: 200, body: answer, changes: done };
    },
  },
];
