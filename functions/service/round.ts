/**
 * A round over all agents: reconcile, a page at a time, each page a piece of work that puts the
 * next one into the queue. What Cloud Scheduler calls only begins it (decision 085).
 */

import { PlaneError } from '../../contracts/errors.ts';
import { provisionTask } from '../../contracts/import.ts';
import { type ReconcileAnswer, roundPage } from '../../contracts/lifecycle.ts';
import { parseBody } from '../core/request.ts';
import { isTicket, ticketFor } from '../core/ticket.ts';
import { reconcileAll } from './fleet.ts';
import type { ImportTools } from './import.ts';
import { persistently, READ_DEADLINE_MS } from './retry.ts';

export const RECONCILE_TASK = '/v1/tasks/reconcile';

/** Agents in one piece of work: a minute's worth when all of them need repair. */
const PAGE_SIZE = 20;

/** Two rounds that begin within one of these are the same one. */
const SLOT_MS = 60_000;

export interface RoundTools extends ImportTools {
  /** Between the beginnings of two pages; 0: none. */
  readonly roundPauseMs: number;
}

async function enqueue(
  tools: ImportTools,
  round: string,
  token: string,
  notBefore?: number,
): Promise<void> {
  const work = { round, token };
  const body = { work, ticket: ticketFor(await tools.linkKey(), RECONCILE_TASK, work) };
  const id = `reconcile-${round}-${token || 'first'}`;
  const add = () => tools.queue.add(id, RECONCILE_TASK, body, notBefore);
  await persistently(tools, add, READ_DEADLINE_MS);
}

/** Safe to repeat: the queue takes a page of a round once. @returns the round's name */
export async function beginRound(tools: ImportTools): Promise<string> {
  const round = String(Math.floor(tools.clock.now() / SLOT_MS));
  await enqueue(tools, round, '');
  return round;
}

/**
 * One page, as the queue brings it; the next one is in the queue before this one is begun, so
 * that no page's trouble ends the round, and comes after a pause, so that the pages together do
 * not take the reads of Secret Manager that provisions need.
 * @throws PlaneError PERMISSION_DENIED for work that the plane did not write
 */
export async function walkPage(tools: RoundTools, body: unknown): Promise<ReconcileAnswer> {
  const { work, ticket } = parseBody(provisionTask, body);
  if (!isTicket(await tools.linkKey(), RECONCILE_TASK, work, ticket)) {
    throw new PlaneError('PERMISSION_DENIED', 'The plane did not write this.');
  }
  const { round, token } = parseBody(roundPage, work);
  const { roundPauseMs: pause } = tools;
  const notBefore = pause > 0 ? tools.clock.now() + pause : undefined;
  const next = (page: string): Promise<void> => enqueue(tools, round, page, notBefore);
  return reconcileAll(tools.fleet, { size: PAGE_SIZE, token: token || undefined }, next);
}
