/** A list of the fleet: what it says, page by page, and in how many calls. */

import { agentName } from '../../contracts/names.ts';
import { inFilters } from '../../functions/core/listed.ts';
import { maskPhone } from '../../functions/core/redact.ts';
import { LOCAL } from '../../local/plane/settings.ts';
import { phoneOf } from './fixtures.ts';
import { vmToken } from './harness.ts';
import { type InProcess, startInProcess } from './support/in-process.ts';

const PEOPLE = ['ada', 'bob', 'cy', 'dee', 'eve'];

let plane: InProcess;
beforeAll(async () => {
  plane = await startInProcess();
  for (const person of PEOPLE) {
    const body = { user: `${person}@nine30.com`, userPhone: phoneOf(person), budget: 60 };
    expect((await plane.call('POST', '/v1/agents', body)).status).toBe(202);
  }
  await plane.google.compute.operations.idle();
});
afterAll(() => plane.close());

const list = async (query = '') => {
  const mark = plane.google.recording.length;
  const { body } = await plane.call('GET', `/v1/agents${query}`);
  const calls = plane.google.recording
    .slice(mark)
    .filter(({ method }) => !method.startsWith('oauth2.'));
  return { body, methods: calls.map(({ method }) => method.split('.').at(-1)) };
};
const stateOf = async (name: string) =>
  (await list()).body.agents.find((agent: { name: string }) => agent.name === name);

test('all of them in two calls, as get shows each, but for what only get can know', async () => {
  const { body, methods } = await list();
  expect(methods).toEqual(['ListSecrets', 'AggregatedList']);
  expect(body.agents.map(({ name }: { name: string }) => name)).toEqual(PEOPLE);
  const { configVersion: _, ...one } = (await plane.call('GET', '/v1/agents/ada')).body;
  expect(body.agents[0]).toEqual(one);
  expect(one).toMatchObject({ budget: 60, userPhone: maskPhone(phoneOf('ada')), state: 'booting' });
});

test('page by page, each agent once', async () => {
  const first = await list('?pageSize=3');
  expect(first.body.agents).toHaveLength(3);
  const second = await list(`?pageSize=3&pageToken=${first.body.nextPageToken}`);
  const names = [...first.body.agents, ...second.body.agents].map(({ name }) => name);
  expect(names.toSorted()).toEqual(PEOPLE);
  expect(second.body.nextPageToken).toBeUndefined();
});

test('what a VM said of its boot is in the list, and filtered by', async () => {
  const token = await vmToken(plane.google, 'bob', {});
  const status = { state: 'ready', key: 'shared', at: new Date(Date.now() + 1000).toISOString() };
  expect((await plane.callVm('POST', '/v1/self/status', status, token)).status).toBe(200);
  expect(await stateOf('bob')).toMatchObject({ state: 'ready', key: 'shared' });
  const { body } = await list('?state=ready');
  expect(body.agents.map(({ name }: { name: string }) => name)).toEqual(['bob']);
});

test('what did not get through is caught up on by reconcile', async () => {
  const said = {
    state: 'failed',
    reason: 'no disk',
    at: new Date(Date.now() + 1000).toISOString(),
  };
  plane.google.compute.instances
    .byName('agent-cy')
    ?.guest.put('agents-plane', 'status', JSON.stringify(said));
  expect((await stateOf('cy')).state).toBe('booting');
  expect((await plane.call('POST', '/v1/agents/cy/reconcile')).status).toBe(200);
  expect(await stateOf('cy')).toMatchObject({ state: 'failed', reason: 'no disk' });
});

test('a VM that Google could not make has failed; that takes a third call', async () => {
  plane.google.compute.stockouts.add(LOCAL.zone);
  for (const zone of ['europe-west1-c', 'europe-west1-d']) plane.google.compute.stockouts.add(zone);
  await plane.call('POST', '/v1/agents', { user: 'flo@nine30.com', userPhone: phoneOf('flo') });
  await plane.google.compute.operations.idle();
  const { body, methods } = await list();
  expect(methods).toEqual(['ListSecrets', 'AggregatedList', 'List']);
  expect(body.agents.at(-1)).toMatchObject({ name: 'flo', state: 'failed' });
});

test('one call asks about at most 500 VMs, in an address of at most 8 KB', () => {
  const names = (length: number) =>
    Array.from({ length: 5000 }, (_, i) =>
      agentName.parse(`p${'x'.repeat(length)}${String(i).padStart(4, '0')}`),
    );
  for (const all of [names(3), names(19)]) {
    const filters = inFilters(all);
    expect(filters.flat()).toEqual(all);
    for (const filter of filters) {
      expect(filter.length).toBeLessThanOrEqual(500);
      expect(encodeURIComponent(filter.join('|')).length).toBeLessThan(7_100);
    }
    // One for the records, one for failures: three for 500 agents at the most.
    expect(filters.length + 2).toBeLessThanOrEqual(30);
  }
});
