/** Google's Retry-After is read at every client of the plane, waited for, and handed on. */

import type { Fault } from '../../local/google/gate.ts';
import { PLANE_ACCOUNT } from '../../local/plane/settings.ts';
import { type InProcess, startInProcess } from './support/in-process.ts';

const PLANE = `serviceAccount:${PLANE_ACCOUNT}`;
const REQUEST = { user: 'allison@nine30.com', userPhone: '+15551234567' };
const NAMED_S = 7;

let plane: InProcess;
let fails: (method: string) => Fault | undefined = () => undefined;
beforeAll(async () => {
  plane = await startInProcess(({ method, principal }) =>
    principal === PLANE ? fails(method) : undefined,
  );
});
afterAll(() => plane.close());

/** Fails the first call of that method. */
function once(part: string, fault: Fault): void {
  fails = (method) => {
    if (!method.includes(part)) return undefined;
    fails = () => undefined;
    return fault;
  };
}

test.each<[string, string, Fault['status']]>([
  ['Secret Manager (gax)', 'SecretManagerService.GetSecret', 'RESOURCE_EXHAUSTED'],
  ['Secret Manager, away', 'SecretManagerService.GetIamPolicy', 'UNAVAILABLE'],
  // These two their clients would repeat themselves, on schedules of their own.
  ['Secret Manager, a secret', 'SecretManagerService.AccessSecretVersion', 'RESOURCE_EXHAUSTED'],
  ['Compute, a look', 'Instances.Get', 'UNAVAILABLE'],
  ['Secret Manager, a write', 'SecretManagerService.SetIamPolicy', 'RESOURCE_EXHAUSTED'],
  ['Compute (gax)', 'Instances.Insert', 'RESOURCE_EXHAUSTED'],
  ['IAM (googleapis)', 'GetServiceAccount', 'RESOURCE_EXHAUSTED'],
  ['IAM, a write', 'CreateServiceAccount', 'UNAVAILABLE'],
])('%s: the pause is the one that Google asks for', async (_client, method, status) => {
  const mark = plane.pauses.length;
  once(method, { when: 'before', status, retryAfterS: NAMED_S });
  const before = plane.google.recording.length;
  expect((await plane.call('POST', '/v1/agents', REQUEST)).status).toBe(202);
  const failed = plane.google.recording
    .slice(before)
    .filter(({ status: code }) => code >= 400 && code !== 404);
  expect(failed).toHaveLength(1);
  const pauses = plane.pauses.slice(mark).filter((ms) => ms >= NAMED_S * 1000);
  expect(pauses).toHaveLength(1);
  expect(Math.max(...pauses)).toBeLessThanOrEqual(NAMED_S * 1000 + 8000);
  await plane.google.compute.operations.idle();
  expect((await plane.call('POST', '/v1/agents/allison/purge')).status).toBe(200);
});

test('longer than the request may take: it is handed on to the caller', async () => {
  fails = (method) =>
    method.includes('GetSecret')
      ? { when: 'before', status: 'RESOURCE_EXHAUSTED', retryAfterS: 90 }
      : undefined;
  const mark = plane.pauses.length;
  const answer = await plane.call('GET', '/v1/agents/allison');
  fails = () => undefined;
  expect([answer.status, answer.headers.get('retry-after')]).toEqual([429, '90']);
  expect(plane.pauses.slice(mark)).toEqual([]);
});

test('without one, the written schedule', async () => {
  const mark = plane.pauses.length;
  once('GetSecret', { when: 'before', status: 'RESOURCE_EXHAUSTED' });
  expect((await plane.call('GET', '/v1/agents/allison')).status).toBe(404);
  const pauses = plane.pauses.slice(mark);
  expect(pauses).toHaveLength(1);
  expect(Math.max(...pauses)).toBeLessThanOrEqual(250);
});
