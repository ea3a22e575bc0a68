/**
 * Nothing orphaned, nothing twice: random stories of verbs, a failure at every call boundary.
 *
 * Every run takes another slice of them, by the day; `npm run boundaries` takes all. Either says
 * with which seed: AGENTS_PLANE_SEED repeats it.
 */

import fc from 'fast-check';
import {
  type Chaos,
  startChaos,
  story,
  tryEveryBoundary,
  tryEveryMove,
  type Verb,
} from './support/chaos.ts';

const DAY_MS = 86_400_000;
const SEED = Number(process.env.AGENTS_PLANE_SEED ?? Math.floor(Date.now() / DAY_MS));
const STORIES = Number(process.env.AGENTS_PLANE_STORIES ?? 1);
/** Each so many-th boundary; 1 is all of them. */
const EVERY = Number(process.env.AGENTS_PLANE_EVERY ?? 5);
const LENGTH = 5;
/** A move has a hundred boundaries: a slice takes half as many of them. */
const EVERY_OF_MOVE = EVERY > 1 ? 2 * EVERY : 1;

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

const PROVISION: Verb = {
  agent: 'allison',
  what: 'provision',
  method: 'POST',
  path: '/v1/agents',
  body: { user: 'allison@nine30.com', userPhone: '+15551234567', budget: 50 },
};

test(
  'a zone without room, and whatever fails on the way to the next: one agent, in one zone',
  async () => {
    const { most, tried } = await tryEveryMove(
      chaos,
      PROVISION,
      EVERY_OF_MOVE,
      SEED % EVERY_OF_MOVE,
    );
    process.stderr.write(`${tried} of ${most} call boundaries of a move, seed ${SEED}\n`);
    expect(tried).toBeGreaterThan(5);
  },
  60 * 60_000,
);
