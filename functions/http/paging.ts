/** Query parameters that several routes have. */

import { z } from 'zod';
import { PAGE_SIZE_MAX } from '../service/fleet.ts';
import type { Call } from './router.ts';

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
