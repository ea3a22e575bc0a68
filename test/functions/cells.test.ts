/** One plane, two projects: an agent's record names its own. */

import { LOCAL } from '../../local/plane/settings.ts';
import { phoneOf } from './fixtures.ts';
import { vmToken } from './harness.ts';
import { startTwoCells, TWO, type TwoCells } from './support/two-cells.ts';

const person = (name: string, more: object = {}) => ({
  user: `${name}@nine30.com`,
  userPhone: phoneOf(name),
  ...more,
});

let plane: TwoCells;
beforeAll(async () => {
  plane = await startTwoCells([1, 2]);
});
afterAll(() => plane.close());

const post = (path: string, body?: object) => plane.post(path, body);
const machine = (name: string) => plane.google.compute.instances.byName(`agent-${name}`);

/** Reads of Secret Manager since then, by project: of these it has 600 a minute. */
function readsSince(mark: number): Record<string, number> {
  const reads = plane.google.recording
    .slice(mark)
    .filter(({ method }) => /SecretManagerService\.(Get|List|Access)/.test(method))
    .map(({ demands }) => demands[0]?.resource.split('/')[1] ?? '');
  return Object.fromEntries(
    [...Map.groupBy(reads, (project) => project)].map(([project, all]) => [project, all.length]),
  );
}

test('a new agent goes to the first project with room, and stays there', async () => {
  const reads: Record<string, number>[] = [];
  for (const name of ['ada', 'bob', 'cy']) {
    const mark = plane.google.recording.length;
    expect((await post('/v1/agents', person(name))).status).toBe(202);
    reads.push(readsSince(mark));
  }
  // One more than without cells where it is made, one at home, and one in each for who answers on
  // the number: bulk work does without that one (infra/work.tf has the rate).
  expect(reads.slice(0, 2)).toEqual([
    { [LOCAL.project.id]: 9, [TWO.id]: 1 },
    { [LOCAL.project.id]: 2, [TWO.id]: 9 },
  ]);
  expect([machine('ada'), machine('bob'), machine('cy')].map((it) => it?.project)).toEqual([
    LOCAL.project.id,
    TWO.id,
    TWO.id,
  ]);
  expect((await post('/v1/agents', person('bob', { budget: 70 }))).body).toMatchObject({
    budget: 70,
    serviceAccount: `agent-bob@${TWO.id}.iam.gserviceaccount.com`,
  });
  const full = await post('/v1/agents', person('dee'));
  expect([full.status, full.body.error.code]).toEqual([429, 'RESOURCE_EXHAUSTED']);
}, 90_000);

test('every verb finds it there', async () => {
  expect((await post('/v1/agents/bob/stop')).status).toBe(202);
  expect(machine('bob')?.resource.status).toBe('TERMINATED');
  expect((await plane.call('GET', '/v1/agents/bob')).body.state).toBe('stopped');
  expect((await post('/v1/agents/bob/reconcile')).body.outcome).toBe('unchanged');
});

test('a list goes through all projects', async () => {
  const first = (await plane.call('GET', '/v1/agents')).body;
  const token = first.nextPageToken;
  const second = (await plane.call('GET', `/v1/agents?pageToken=${token}`)).body;
  const names = (page: { agents: { name: string }[] }) => page.agents.map(({ name }) => name);
  expect([names(first), names(second), second.nextPageToken]).toEqual([
    ['ada'],
    ['bob', 'cy'],
    undefined,
  ]);
});

test('a VM is believed in the project of its agent, and in no other', async () => {
  const status = { state: 'ready', at: new Date(Date.now() + 60_000).toISOString() };
  const tell = async (agent: string, project: string) => {
    const email = `agent-${agent}@${project}.iam.gserviceaccount.com`;
    const token = await vmToken(plane.google, agent, { project, email });
    return (await plane.callVm('POST', '/v1/self/status', status, token)).status;
  };
  expect(await tell('cy', TWO.id)).toBe(200);
  expect(await tell('cy', LOCAL.project.id)).toBe(403);
  expect(await tell('ada', TWO.id)).toBe(403);
  expect(await tell('cy', 'somebody-elses')).toBe(403);
});

test('an import sees all projects; a purge makes room', async () => {
  const people = ['ada', 'cy'].map((name) => person(name));
  const { body } = await plane.call('POST', '/v1/imports', { people });
  expect(body.people.map(({ takes }: { takes: string }) => takes)).toEqual(['nothing', 'nothing']);
  expect((await post('/v1/agents/cy/purge')).body).toMatchObject({ agent: 'cy', left: [] });
  expect((await post('/v1/agents', person('dee'))).status).toBe(202);
  expect(machine('dee')?.project).toBe(TWO.id);
});
