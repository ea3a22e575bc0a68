/** The number pool: routes of function `api`. */

import {
  addNumbers as addRequest,
  numberList,
  releaseNumber,
} from '../../contracts/number-pool.ts';
import { parseBody } from '../core/request.ts';
import type { Places } from '../service/cells.ts';
import { addNumbers, listNumbers, releaseOne } from '../service/number-pool.ts';
import type { Route } from './router.ts';

export interface NumberParts {
  readonly fleet: Places;
}

export const numberRoutes = ({ fleet }: NumberParts): readonly Route[] => [
  {
    method: 'GET',
    path: '/v1/numbers',
    id: 'listNumbers',
    summary: 'The pool of WhatsApp numbers, masked.',
    role: 'viewer',
    answers: { 200: { description: 'All of them', schema: numberList } },
    handle: async () => ({ status: 200, body: await listNumbers(await fleet.of(), false) }),
  },
  {
    method: 'GET',
    path: '/v1/numbers/whole',
    id: 'showNumbers',
    summary: 'The pool of WhatsApp numbers, in full.',
    role: 'admin',
    answers: { 200: { description: 'All of them', schema: numberList } },
    handle: async () => ({ status: 200, body: await listNumbers(await fleet.of(), true) }),
  },
  {
    method: 'POST',
    path: '/v1/numbers',
    id: 'addNumbers',
    summary: 'Put numbers into the pool. Safe to repeat.',
    role: 'admin',
    body: addRequest,
    answers: { 200: { description: 'The pool', schema: numberList } },
    handle: async ({ body }) => {
      const { numbers } = parseBody(addRequest, body);
      return { status: 200, body: await addNumbers(fleet, numbers) };
    },
  },
  {
    method: 'POST',
    path: '/v1/numbers/release',
    id: 'releaseNumber',
    summary: 'Make a number free at once, or take it out of the pool.',
    role: 'admin',
    body: releaseNumber,
    answers: { 200: { description: 'The pool', schema: numberList } },
    handle: async ({ body }) => {
      const request = parseBody(releaseNumber, body);
      return { status: 200, body: await releaseOne(fleet, request) };
    },
  },
];
