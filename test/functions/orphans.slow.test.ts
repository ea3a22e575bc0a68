/**
 * Nothing orphaned, nothing twice: random stories of verbs, a failure at every call boundary.
 *
 * Every run takes another slice of them, by the day; `npm run boundaries` takes all. Either says
 * with which seed: AGENTS_PLANE_SEED repeats it.
 */

import fc from 'fast-check';
import { type Chaos, startChaos, story, tryEveryBoundary } from './support/chaos.ts';

const DAY_MS = 86_400_000;
const SEED = Number(process.env.AGENTS_PLANE_SEED ?? Math.floor(Date.now() / DAY_MS));
const STORIES = Number(process.env.AGENTS_PLANE_STORIES ?? 1);
/** Each so many-th boundary; 1 is all of them. */
const EVERY = Number(process.env.AGENTS_PLANE_EVERY ?? 5);
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
        boundaries += await tryEveryBoundary(chaos, verbs, stories, EVERY, SEED % EVERY);
        stories += 1;
      }),
      { numRuns: STORIES, seed: SEED, endOnFailure: true },
    );
    process.stderr.write(`${boundaries} call boundaries in ${stories} stories, seed ${SEED}\n`);
    expect(boundaries).toBeGreaterThan(STORIES * 10);
  },
  60 * 60_000,
);
