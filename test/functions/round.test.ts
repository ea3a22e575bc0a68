/**
 * The round over all agents, from the job in infra/ to the VM that is started again: Cloud
 * Scheduler's account and token, Cloud Run's check, the queue, and a line on record for each agent.
 */

import { runJob } from '../../local/google/scheduler.ts';
import type { Task } from '../../local/google/tasks/queue.ts';
import { infraFiles, planInfra } from '../../local/plane/infra.ts';
import { LOCAL, QUEUE, SCHEDULER_ACCOUNT } from '../../local/plane/settings.ts';
import { ENVIRONMENT, phoneOf } from './fixtures.ts';
import { type InProcess, startInProcess } from './support/in-process.ts';

const AUDIENCE = ENVIRONMENT.AGENTS_PLANE_AUDIENCE;
const SERVICE = `projects/${LOCAL.project.id}/locations/${LOCAL.region}/services/agents-plane-api`;
const NAMES = Array.from({ length: 23 }, (_, index) => `ann${String(index).padStart(2, '0')}`);

let plane: InProcess;
beforeAll(async () => {
  // Of the pause between two pages the queue must think the same as the plane.
  plane = await startInProcess(undefined, 'real');
  for (const name of NAMES) {
    const request = { user: `${name}@nine30.com`, userPhone: phoneOf(name) };
    expect((await plane.call('POST', '/v1/agents', request)).status).toBe(202);
  }
  await plane.google.compute.operations.idle();
}, 60_000);
afterAll(() => plane.close());

const job = () => {
  const { resources } = planInfra(infraFiles(), AUDIENCE);
  const found = resources.find(
    ({ type, values }) =>
      type === 'google_cloud_scheduler_job' && values.name === 'agents-plane-reconcile',
  );
  if (!found) throw new Error('infra/ has no such job');
  return found;
};
const run = () =>
  runJob({ world: plane.google.world, service: SERVICE, reach: plane.reach }, job());

const vm = (name: string) => plane.google.compute.instances.byName(`agent-${name}`);
const dispatcher = () => {
  const queue = plane.google.tasks.queues.get(QUEUE);
  if (!queue) throw new Error('there is no queue');
  return queue.dispatcher;
};
const waiting = () => dispatcher().tasks.size;
/** The page that waits for its time. */
async function nextPage(): Promise<Task> {
  for (;;) {
    const [task, ...others] = dispatcher().tasks.values();
    if (task && others.length === 0 && task.name.endsWith('-ann19')) return task;
    if (!task) throw new Error('the round ended after a page');
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}
async function untilDone(): Promise<void> {
  while (waiting() > 0) await new Promise((resolve) => setTimeout(resolve, 20));
  await plane.google.compute.operations.idle();
}

test('the job of infra/ brings every agent back, page by page, each with a line on record', async () => {
  const [first, last] = [vm('ann00'), vm('ann22')];
  if (!first || !last) throw new Error('there are no VMs');
  for (const each of [first, last]) await plane.google.compute.power.stop(each);
  const mark = plane.log.length;
  const begun = Date.now();
  expect(await run()).toBe(202);
  const next = await nextPage();
  expect(next.due).toBeGreaterThanOrEqual(begun + 25_000);
  // As `gcloud tasks run` does.
  dispatcher().add({ ...next, due: 0 });
  await untilDone();
  expect([vm('ann00'), vm('ann22')].map((each) => each?.resource.status)).toEqual([
    'RUNNING',
    'RUNNING',
  ]);
  const audits = plane.log
    .slice(mark)
    .map((line) => JSON.parse(line).audit)
    .filter((audit) => audit?.agent);
  expect(audits).toEqual(
    ['ann00', 'ann22'].map((agent) => ({
      audit: 'change',
      who: expect.stringContaining('agents-plane-tasks@'),
      what: 'reconcileTask',
      agent,
      outcome: 'repaired',
      after: { done: `Start VM agent-${agent}` },
    })),
  );
}, 60_000);

test('a job whose account may not call the function does not reach it', async () => {
  const { iam } = plane.google.world;
  const member = `serviceAccount:${SCHEDULER_ACCOUNT}`;
  iam.revoke(SERVICE, 'roles/run.invoker', member);
  expect(await run()).toBe(403);
  iam.grant(SERVICE, 'roles/run.invoker', [member]);
});

test('a token without a signature is nobody’s where Cloud Run was asked with another one', async () => {
  const claims = { email: SCHEDULER_ACCOUNT, email_verified: true, aud: AUDIENCE };
  const part = (value: object) => Buffer.from(JSON.stringify(value)).toString('base64url');
  const forged = `${part({ alg: 'RS256' })}.${part(claims)}.SIGNATURE_REMOVED_BY_GOOGLE`;
  const ask = (path: string, more: Record<string, string> = {}) =>
    fetch(`${plane.reach(AUDIENCE)}${path}`, {
      method: 'POST',
      headers: { authorization: `Bearer ${forged}`, ...more },
    });
  const beside = { 'x-serverless-authorization': 'Bearer a.viewers.own' };
  expect((await ask('/v1/reconcile/begin', beside)).status).toBe(401);
  expect((await ask('/v1/agents/ann00/stop')).status).toBe(401);
  expect((await ask('/v1/reconcile')).status).toBe(401);
});
