/**
 * Two admins at once on one agent: the outcome is that of one after the other, or of one alone
 * when the other was told 409. Never a half of each.
 */

import { type Chaos, startChaos, type Verb } from './support/chaos.ts';
import type { Everything } from './support/inventory.ts';

const NAME = 'allison';
const post = (what: string, body?: object): Verb => ({
  agent: NAME,
  what,
  method: 'POST',
  path: `/v1/agents/${NAME}/${what}`,
  ...(body && { body }),
});
const provision = (budget: number): Verb => ({
  agent: NAME,
  what: 'provision',
  method: 'POST',
  path: '/v1/agents',
  body: { user: `${NAME}@nine30.com`, userPhone: '+15551234567', budget },
});
const update = (body: object): Verb => ({
  agent: NAME,
  what: 'update',
  method: 'PATCH',
  path: `/v1/agents/${NAME}`,
  body,
});
const ID = '22222222-2222-4222-8222-222222222222';
const FRESH = [provision(50)];

const PAIRS: ReadonlyArray<readonly [string, readonly Verb[], readonly [Verb, Verb]]> = [
  ['the same provision', [], [provision(50), provision(50)]],
  ['provisions with two budgets', [], [provision(50), provision(60)]],
  ['the same update', FRESH, [update({ budget: 60 }), update({ budget: 60 })]],
  ['updates of two fields', FRESH, [update({ budget: 60 }), update({ timezone: 'Europe/Vienna' })]],
  ['updates of one field', FRESH, [update({ budget: 60 }), update({ budget: 70 })]],
  ['an update and a stop', FRESH, [update({ budget: 60 }), post('stop')]],
  ['a stop and a start', FRESH, [post('stop'), post('start')]],
  ['a restart and a stop', FRESH, [post('restart', { requestId: ID }), post('stop')]],
  [
    'the same restart',
    FRESH,
    [post('restart', { requestId: ID }), post('restart', { requestId: ID })],
  ],
  [
    'the same rebuild',
    FRESH,
    [post('rebuild', { requestId: ID }), post('rebuild', { requestId: ID })],
  ],
  ['a rebuild and an update', FRESH, [post('rebuild', { requestId: ID }), update({ budget: 60 })]],
  ['a deprovision and a provision', FRESH, [post('deprovision'), provision(60)]],
  ['two purges', FRESH, [post('purge'), post('purge')]],
  ['a purge and an update', FRESH, [post('purge'), update({ budget: 60 })]],
  ['a purge and a stop', FRESH, [post('purge'), post('stop')]],
  ['two reconciles', FRESH, [post('reconcile'), post('reconcile')]],
];

let chaos: Chaos;
beforeAll(async () => {
  chaos = await startChaos('real');
});
afterAll(() => chaos.close());

const stateAfter = async (verbs: readonly Verb[]): Promise<Everything | undefined> =>
  (await chaos.run(verbs)).at(-1)?.after;

test.each(PAIRS)(
  '%s',
  async (_title, before, [a, b]) => {
    const ab = await stateAfter([...before, a, b]);
    const ba = await stateAfter([...before, b, a]);
    const [onlyA, onlyB] = [await stateAfter([...before, a]), await stateAfter([...before, b])];
    for (let round = 0; round < 3; round += 1) {
      const { statuses, after } = await chaos.atOnce(before, [a, b]);
      const [aDone, bDone] = statuses.map((status) => status < 300);
      const allowed = aDone && bDone ? [ab, ba] : aDone ? [onlyA] : [onlyB];
      expect(statuses.filter((status) => ![200, 202, 404, 409].includes(status))).toEqual([]);
      expect([statuses, allowed]).toEqual([statuses, expect.arrayContaining([after])]);
    }
  },
  120_000,
);
