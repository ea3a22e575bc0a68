/** Nothing orphaned, nothing twice: random stories of verbs, a failure at every call boundary. */

import fc from 'fast-check';
import { type Chaos, startChaos, story, tryEveryBoundary } from './support/chaos.ts';

/** Bounded: what a minute or two on two cores allows. AGENTS_PLANE_STORIES asks for more. */
const STORIES = Number(process.env.AGENTS_PLANE_STORIES ?? 6);
const LENGTH = 5;

let chaos: Chaos;
beforeAll(async () => {
  chaos = await startChaos();
});
afterAll(() => chaos.close());

test(
  'whatever fails at whichever call, the same verb again comes to the same',
  async () => {
    let boundaries = 0;
    let stories = 0;
    await fc.assert(
      fc.asyncProperty(story(LENGTH), async (verbs) => {
        boundaries += await tryEveryBoundary(chaos, verbs, stories);
        stories += 1;
      }),
      { numRuns: STORIES, endOnFailure: true },
    );
    process.stderr.write(`${boundaries} call boundaries in ${stories} stories\n`);
    expect(boundaries).toBeGreaterThan(100);
  },
  20 * 60_000,
);
