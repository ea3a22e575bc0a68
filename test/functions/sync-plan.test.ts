/** Directory and fleet -> actions, for whatever the two look like. */

import fc from 'fast-check';
import { agentName } from '../../contracts/names.ts';
import type { DirectoryPerson } from '../../functions/core/directory.ts';
import { type Member, PENDING, planSync, type SyncPlan } from '../../functions/core/sync-plan.ts';

const RULES = {
  policy: { domains: ['nine30.com'], budgetMax: 500, model: 'anthropic/claude-sonnet-4-6' },
  phoneRegion: 'US',
  share: 10,
};
const LIVES = ['running', 'stopped', 'deprovisioned', 'revoked', 'purged'] as const;
const email = (n: number): string => `p${n}@nine30.com`;

const person = (n: number): fc.Arbitrary<DirectoryPerson> =>
  fc.record({
    email: fc.constant(email(n)),
    suspended: fc.boolean(),
    phones: fc.constantFrom([], [{ value: `+1555000${1000 + n}`, type: 'mobile', primary: true }]),
    toggle: fc.record({
      agentEnabled: fc.boolean(),
      agentModel: fc.constantFrom(undefined, 'openai/gpt-5.4', 'no model'),
      agentBudget: fc.constantFrom(undefined, 50, 9000),
    }),
  });
const member = (n: number): fc.Arbitrary<Member> =>
  fc.record({
    name: fc.constant(agentName.parse(`p${n}`)),
    user: fc.constant(email(n)),
    life: fc.constantFrom(...LIVES),
    followed: fc.constantFrom(undefined, PENDING, 'an older state'),
  });
const some = <T>(make: (n: number) => fc.Arbitrary<T>) =>
  fc
    .uniqueArray(fc.integer({ min: 0, max: 30 }), { maxLength: 25 })
    .chain((numbers) => fc.tuple(...numbers.map(make)));

const world = fc.record({ people: some(person), fleet: some(member) });

/** What the fleet is after a plan was carried out. */
function after(fleet: readonly Member[], { actions }: SyncPlan): readonly Member[] {
  const next = new Map(fleet.map((each) => [each.user, each]));
  for (const action of actions) {
    const before = next.get(action.user);
    const name = before?.name ?? agentName.parse(action.user.split('@')[0]);
    const { user } = action;
    if (action.action === 'deprovision' && before)
      next.set(user, { ...before, life: 'deprovisioned' });
    else if (action.action === 'revoke' && before) next.set(user, { ...before, life: 'revoked' });
    else if (action.action === 'provision' || action.action === 'update') {
      const life = before?.life === 'stopped' ? 'stopped' : 'running';
      next.set(user, { name, user, life, followed: action.followed });
    }
  }
  return [...next.values()];
}

describe('planSync', () => {
  test('carried out once, there is nothing left to do', () => {
    fc.assert(
      fc.property(world, ({ people, fleet }) => {
        const first = planSync(people, fleet, RULES);
        const second = planSync(people, after(fleet, first), RULES);
        expect(second.actions).toEqual([]);
        expect(second.unfollowed).toEqual(first.unfollowed);
      }),
      { numRuns: 300 },
    );
  });

  test('nobody who is suspended or gone keeps an agent; nobody else loses one made by hand', () => {
    fc.assert(
      fc.property(world, ({ people, fleet }) => {
        const { actions } = planSync(people, fleet, RULES);
        const active = new Set(people.filter((p) => !p.suspended).map((p) => p.email));
        for (const { user, life, followed } of fleet) {
          const mine = actions.filter((action) => action.user === user).map(({ action }) => action);
          expect(mine.length).toBeLessThan(2);
          if (life === 'purged') expect(mine).toEqual([]);
          else if (!active.has(user)) expect(mine).toEqual(life === 'revoked' ? [] : ['revoke']);
          else if (followed === undefined) expect(mine).toEqual([]);
          else expect(mine).not.toContain('revoke');
        }
      }),
      { numRuns: 300 },
    );
  });

  test('a new agent only for somebody who is switched on, active and ours', () => {
    fc.assert(
      fc.property(world, ({ people, fleet }) => {
        const known = new Map(people.map((each) => [each.email, each]));
        for (const { action, user } of planSync(people, fleet, RULES).actions) {
          if (action !== 'provision' && action !== 'update') continue;
          expect(known.get(user)).toMatchObject({
            suspended: false,
            toggle: { agentEnabled: true },
          });
        }
      }),
      { numRuns: 300 },
    );
  });

  test('the word that confirms names the removals: another set has another one', () => {
    fc.assert(
      fc.property(world, world, (a, b) => {
        const removed = ({ people, fleet }: typeof a) => {
          const plan = planSync(people, fleet, RULES);
          const users = plan.actions
            .filter(({ action, user }) => {
              const served = fleet.find((each) => each.user === user)?.life ?? '';
              return /revoke|deprovision/.test(action) && /running|stopped/.test(served);
            })
            .map(({ action, user }) => `${action} ${user}`);
          return { plan, users: users.sort().join() };
        };
        const [one, other] = [removed(a), removed(b)];
        expect(one.plan.confirm === other.plan.confirm).toBe(one.users === other.users);
      }),
    );
  });

  test('who leaves is served first; a fleet may lose its share, and always three', () => {
    const fleet = Array.from(
      { length: 50 },
      (_, n): Member => ({
        name: agentName.parse(`p${n}`),
        user: email(n),
        life: 'running',
        followed: undefined,
      }),
    );
    const fresh: DirectoryPerson = {
      email: email(99),
      suspended: false,
      phones: [{ value: '+15550001099', type: 'mobile', primary: true }],
      toggle: { agentEnabled: true },
    };
    const people = fleet.slice(2).map(({ user }) => ({ ...fresh, email: user, toggle: {} }));
    const plan = planSync([...people, fresh], fleet, RULES);
    expect(plan.actions.map(({ action }) => action)).toEqual(['revoke', 'revoke', 'provision']);
    expect([plan.removals, plan.limit]).toEqual([2, 5]);
    expect(planSync([], fleet.slice(0, 4), RULES)).toMatchObject({ removals: 4, limit: 3 });
  });

  test.each([
    ['running', [email(1)]],
    ['deprovisioned', []],
  ] as const)(
    'a second agent of one person, %s: not touched, whatever the directory says of them',
    (life, told) => {
      const fleet = [1, 2].map((n): Member => {
        const name = agentName.parse(`p${n}`);
        return { name, user: email(n), life: n === 1 ? life : 'running', followed: undefined };
      });
      const second = fleet.map((each) => ({ ...each, followed: 'an older state' }));
      const entry: DirectoryPerson = {
        email: email(2),
        suspended: false,
        phones: [{ value: '+15550001099', type: 'mobile', primary: true }],
        toggle: { agentEnabled: true },
      };
      const people = [entry, { ...entry, email: email(1), primary: email(2) }];
      for (const each of [fleet, second]) {
        const { actions, unfollowed } = planSync(people, each, RULES);
        expect(actions.filter(({ user }) => user === email(1))).toEqual([]);
        expect(unfollowed.map(({ user }) => user)).toEqual(told);
      }
    },
  );

  test('an entry that cannot be followed is told, and touches nothing', () => {
    const toggle = { agentEnabled: true, agentModel: 'no model', agentBudget: 9000 };
    const phones = [{ value: '+15550001099', type: 'mobile', primary: true }];
    const people = [{ email: email(1), suspended: false, phones, toggle }];
    const { actions, unfollowed } = planSync(people, [], RULES);
    expect(actions).toEqual([]);
    expect(unfollowed[0]?.problem).toMatch(/model/);
    const alone = [{ ...people[0], phones: [], toggle: { agentEnabled: true } } as DirectoryPerson];
    expect(planSync(alone, [], RULES).unfollowed[0]?.problem).toMatch(/no phone/);
  });
});
