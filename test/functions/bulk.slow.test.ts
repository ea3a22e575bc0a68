/**
 * An import under the quotas of a real project, 100 ms a call, half as fast again as time. The
 * full one, and how long it may take, is `npm run bench:fleet`.
 */

import { benchImport } from '../bench/fleet/import.ts';

const PEOPLE = 10;

test('everybody gets one agent, none fails, and hardly a call is wasted', async () => {
  const done = await benchImport(PEOPLE, 1.5, () => {});
  expect(done.outcomes.filter(({ outcome }) => outcome !== 'created')).toEqual([]);
  expect(done.machines).toBe(PEOPLE);
  // Three policies an agent. Of the shared key's, which all of them write at once, few races are lost.
  expect(done.calls.get('SecretManagerService.SetIamPolicy')).toBeLessThan(4.5);
}, 60_000);
