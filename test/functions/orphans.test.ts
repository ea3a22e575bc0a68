/** A sample of orphans.slow.test.ts: one story of one life, a failure at every fifth call. */

import { type Chaos, startChaos, tryEveryBoundary, type Verb } from './support/chaos.ts';

const post = (what: string): Verb => ({
  agent: 'allison',
  what,
  method: 'POST',
  path: `/v1/agents/allison/${what}`,
});
const LIFE: readonly Verb[] = [
  {
    ...post('provision'),
    path: '/v1/agents',
    body: { user: 'allison@nine30.com', userPhone: '+15551234567' },
  },
  post('purge'),
];

let chaos: Chaos;
beforeAll(async () => {
  chaos = await startChaos();
});
afterAll(() => chaos.close());

test('a provision and a purge that are cut off come to the same when repeated', async () => {
  const boundaries = await tryEveryBoundary(chaos, LIFE, 0, 5);
  expect(boundaries).toBeGreaterThan(8);
}, 120_000);
