/** Query parameters that several routes have. */

import { z } from 'zod';
import { PAGE_SIZE_MAX } from '../service/fleet.ts';
import { LIST_PAGE_MAX } from '../service/list.ts';
import type { Call } from './router.ts';

export const countFix = (max: number): string => `give a whole number, 1 to ${max}`;
export const TOKEN_FIX = 'give nextPageToken of the page before, or begin again without it';

export const dryRun = {
  schema: z.enum(['true', 'false']),
  description: 'true shows the plan and touches nothing',
  fix: 'give true or false',
};
export const paging = {
  pageSize: {
    schema: z.coerce.number().int().min(1).max(PAGE_SIZE_MAX),
    description: `at most this many, 1 to ${PAGE_SIZE_MAX}`,
    fix: countFix(PAGE_SIZE_MAX),
  },
  pageToken: {
    schema: z.string().regex(/^[\w-]{1,1000}$/),
    description: 'nextPageToken of the page before',
    fix: TOKEN_FIX,
  },
};
/** Of lists, which cost little an agent. */
export const listPaging = {
  ...paging,
  pageSize: {
    schema: z.coerce.number().int().min(1).max(LIST_PAGE_MAX),
    description: `at most this many, 1 to ${LIST_PAGE_MAX}; 500 when left out`,
    fix: countFix(LIST_PAGE_MAX),
  },
};

export const pageOf = ({ query }: Call) => ({
  size: Number(query.get('pageSize')) || undefined,
  token: query.get('pageToken') ?? undefined,
});
