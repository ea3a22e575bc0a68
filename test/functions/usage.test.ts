/** `POST /v1/self/usage` while Gmail takes no mail: the VM has to learn all the same what it may spend. */

import { monthOf } from '../../contracts/month.ts';
import { SHARED_KEY_SECRET } from '../../contracts/names.ts';
import { LOCAL } from '../../local/plane/settings.ts';
import { vmToken } from './harness.ts';
import { type InProcess, startInProcess } from './support/in-process.ts';

const OWNER = 'allison@nine30.com';
const month = monthOf(Date.now(), 'UTC');

let plane: InProcess;
/** How many of the next mails Gmail refuses. */
let refusals = 0;
/** Happens once, as the plane looks at who has the shared key. */
let meanwhile: (() => Promise<void>) | undefined;
beforeAll(async () => {
  plane = await startInProcess(async ({ method }) => {
    const happens = method.endsWith('SecretManagerService.GetIamPolicy') && meanwhile;
    if (happens) {
      meanwhile = undefined;
      await happens();
    }
    if (!method.endsWith('messages.send') || refusals === 0) return undefined;
    refusals -= 1;
    return { when: 'before', status: 'PERMISSION_DENIED' };
  });
  const person = { user: OWNER, userPhone: '+15551234567', budget: 50 };
  expect((await plane.call('POST', '/v1/agents', person)).status).toBe(202);
  await plane.google.compute.operations.idle();
});
afterAll(() => plane.close());

async function spent(usd: number) {
  const token = await vmToken(plane.google, 'allison', {});
  return plane.callVm('POST', '/v1/self/usage', { month, usd, key: 'shared' }, token);
}
const boxes = () =>
  [OWNER, LOCAL.admin].map((who) => plane.google.gmail.mailboxes.list(who).length);
const mayRead = () =>
  plane.google.world.iam
    .get(`projects/${LOCAL.project.id}/secrets/${SHARED_KEY_SECRET}`)
    .bindings.flatMap(({ members }) => members)
    .some((member) => member.includes('agent-allison@'));

test('a refused mail keeps neither the answer back nor the next letter, and goes out later', async () => {
  refusals = 1;
  const withdrawn = { month, usd: 60, limit: 50, withdrawn: true };
  expect(await spent(60)).toMatchObject({ status: 200, body: withdrawn });
  expect(mayRead()).toBe(false);
  expect([refusals, boxes()]).toEqual([0, [0, 1]]);
  expect(await spent(60)).toMatchObject({ status: 200, body: withdrawn });
  expect(await spent(60)).toMatchObject({ status: 200 });
  expect(boxes()).toEqual([1, 1]);
});

test('who is let go of while a report is counted does not get the shared key back', async () => {
  const person = { user: 'bo@nine30.com', userPhone: '+15557654321', budget: 50 };
  expect((await plane.call('POST', '/v1/agents', person)).status).toBe(202);
  await plane.google.compute.operations.idle();
  const shared = `projects/${LOCAL.project.id}/secrets/${SHARED_KEY_SECRET}`;
  const isIn = () =>
    plane.google.world.iam
      .get(shared)
      .bindings.some(({ members }) => members.some((member) => member.includes('agent-bo@')));
  const token = await vmToken(plane.google, 'bo', {});
  const tell = () =>
    plane.callVm('POST', '/v1/self/usage', { month, usd: 1, key: 'shared' }, token);
  expect(isIn()).toBe(true);
  meanwhile = async () => {
    expect((await plane.call('POST', '/v1/agents/bo/deprovision')).status).toBe(202);
    expect(isIn()).toBe(false);
  };
  expect((await tell()).status).toBe(403);
  expect([meanwhile, isIn()]).toEqual([undefined, false]);
});
