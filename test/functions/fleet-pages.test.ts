/** Reconcile and plan page by page: one agent's trouble is told in its line, and nobody is left out. */

import { PlaneError } from '../../contracts/errors.ts';
import { reasonOf } from '../../functions/core/failure.ts';
import type { Fault } from '../../local/google/gate.ts';
import { LOCAL, PLANE_ACCOUNT } from '../../local/plane/settings.ts';
import { phoneOf } from './fixtures.ts';
import { type InProcess, startInProcess } from './support/in-process.ts';

const PEOPLE = ['ada', 'bob', 'cy', 'dee'];

let plane: InProcess;
/** What Google answers the plane's next call of this method. */
let next: { readonly method: string; readonly fault: Fault } | undefined;
beforeAll(async () => {
  plane = await startInProcess(({ method, principal }) => {
    const isMeant = principal === `serviceAccount:${PLANE_ACCOUNT}` && next?.method === method;
    if (!isMeant) return undefined;
    const fault = next?.fault;
    next = undefined;
    return fault;
  });
  for (const person of PEOPLE) {
    const body = { user: `${person}@nine30.com`, userPhone: phoneOf(person) };
    expect((await plane.call('POST', '/v1/agents', body)).status).toBe(202);
  }
  await plane.google.compute.operations.idle();
});
afterAll(() => plane.close());

test('an agent that cannot be looked at is told of beside the others', async () => {
  const { instances } = plane.google.compute;
  const bob = instances.byName('agent-bob');
  if (!bob) throw new Error('there is no VM of bob');
  await plane.google.compute.power.stop(bob);
  next = {
    method: 'google.iam.admin.v1.IAM.GetServiceAccount',
    fault: { when: 'before', status: 'PERMISSION_DENIED' },
  };
  const { status, body } = await plane.call('GET', '/v1/plan');
  expect([status, next]).toEqual([200, undefined]);
  type Plan = { agent: string; untouched?: { problem: string }[] };
  const troubled = body.plans.filter(({ untouched }: Plan) => untouched);
  expect(troubled).toHaveLength(1);
  expect(troubled[0].untouched[0].problem).toMatch(/could not be looked at.*permission/);
  const stopped = body.plans.filter(({ agent }: Plan) => agent === 'bob');
  expect(stopped).toHaveLength(1);
});

test('orphans come in pages of their own, each once', async () => {
  const { accessToken } = plane.google.tokens.access(`user:${LOCAL.admin}`);
  for (const person of PEOPLE.slice(1)) {
    const path = `/v1/projects/${LOCAL.project.id}/secrets/agent-${person}-config`;
    const headers = { authorization: `Bearer ${accessToken}` };
    await fetch(`${plane.google.restUrl}${path}`, { method: 'DELETE', headers });
  }
  const pages: string[][] = [];
  let token = '';
  do {
    const { body } = await plane.call('POST', `/v1/reconcile?pageSize=1${token}`);
    pages.push(
      body.agents.map(({ agent, outcome }: Record<string, string>) => `${agent} ${outcome}`),
    );
    token = body.nextPageToken ? `&pageToken=${body.nextPageToken}` : '';
  } while (token !== '' && pages.length < 9);
  expect(pages).toEqual([['ada unchanged'], ['bob orphaned'], ['cy orphaned'], ['dee orphaned']]);
});

test('what nobody foresaw is a reason too, without its text', () => {
  const details = [{ field: 'user', problem: 'is nobody', fix: 'give another' }];
  const known = new PlaneError('INVALID_ARGUMENT', 'It cannot be.', { details });
  expect(reasonOf(known)).toBe('It cannot be. user is nobody: give another.');
  const reason = reasonOf(new TypeError('+15551234567 is not iterable'));
  expect(reason).toMatch(/^INTERNAL.*TypeError/);
  expect(reason).not.toContain('555');
});
