/** Directory and fleet -> actions, for whatever the two look like. */

import fc from 'fast-check';
import { agentName } from '../../contracts/names.ts';
import type { DirectoryPerson } from '../../functions/core/directory.ts';
import { absentees, type Member } from '../../functions/core/owners.ts';
import { PENDING } from '../../functions/core/sync-action.ts';
import { planSync, type SyncPlan } from '../../functions/core/sync-plan.ts';

const RULES = {
  policy: {
    ...{ domains: ['nine30.com'], budgetMax: 500, model: 'anthropic/claude-sonnet-4-6' },
    timezone: 'UTC',
  },
  phoneRegion: 'US',
  share: 10,
};
const LIVES = ['running', 'stopped', 'deprovisioned', 'revoked', 'purged'] as const;
const email = (n: number): string => `p${n}@nine30.com`;

const person = (n: number): fc.Arbitrary<DirectoryPerson> =>
  fc.record({
    id: fc.constantFrom(`id-${n}`, `id-${n}-later`),
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
    person: fc.constantFrom(undefined, `id-${n}`, `id-${n}`),
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
      const { followed } = action;
      const person = action.action === 'provision' ? action.person : before?.person;
      next.set(user, { name, user, life, followed, person });
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
        const active = new Map(people.filter((p) => !p.suspended).map((p) => [p.email, p.id]));
        for (const { user, life, followed, person: id } of fleet) {
          const mine = actions.filter((action) => action.user === user).map(({ action }) => action);
          expect(mine.length).toBeLessThan(2);
          if (life === 'purged') expect(mine).toEqual([]);
          else if (!active.has(user) || (id !== undefined && active.get(user) !== id))
            expect(mine).toEqual(life === 'revoked' ? [] : ['revoke']);
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

  describe('an agent whose owner is known by id', () => {
    const phones = [{ value: '+15550001099', type: 'mobile', primary: true }];
    const PERSON = { suspended: false, phones, toggle: { agentEnabled: true } };
    const is = (id: string, n: number): DirectoryPerson => ({ ...PERSON, id, email: email(n) });
    const answer = (id: string, n: number, primary: number): DirectoryPerson => ({
      ...is(id, n),
      primary: email(primary),
    });
    const of = (n: number, id?: string, life: Member['life'] = 'running'): Member => {
      const name = agentName.parse(`p${n}`);
      return { name, user: email(n), life, followed: undefined, person: id };
    };
    const OTHERS = [is('ann', 2)];
    const told = (text: string) => [[email(1), expect.stringContaining(text)]];

    test.each<[string, readonly DirectoryPerson[], readonly Member[], string[], unknown[]]>([
      [
        'gone; an alias of somebody with an agent',
        OTHERS,
        [of(1, 'bob'), of(2, 'ann')],
        ['revoke p1'],
        [],
      ],
      ['gone; an alias of somebody without one', [], [of(1, 'bob')], ['revoke p1'], []],
      [
        'not on record: an alias of somebody with an agent',
        [...OTHERS, answer('ann', 1, 2)],
        [of(1), of(2)],
        [],
        told('another address'),
      ],
      ['renamed', [is('bob', 3)], [of(1, 'bob')], [], []],
      ['renamed, and the list forgot them', [answer('bob', 1, 3)], [of(1, 'bob')], [], []],
      [
        'renamed, with a second agent',
        [is('bob', 3)],
        [of(1, 'bob'), of(3)],
        [],
        told('another address'),
      ],
      [
        'renamed to the address of somebody gone',
        [is('bob', 3)],
        [of(1, 'bob'), of(3, 'cy')],
        ['revoke p3'],
        [],
      ],
      [
        "renamed; the address is somebody else's",
        [is('bob', 3), is('eve', 1)],
        [of(1, 'bob')],
        [],
        told("somebody else's address"),
      ],
      [
        "gone; the address is somebody else's",
        [is('eve', 1)],
        [of(1, 'bob')],
        ['revoke p1'],
        told('another owner before'),
      ],
      [
        "revoked; the address is somebody else's",
        [is('eve', 1)],
        [of(1, 'bob', 'revoked')],
        [],
        told('another owner before'),
      ],
      [
        "on its way out; the address is somebody else's",
        [is('eve', 1)],
        [of(1, 'bob', 'purged')],
        [],
        [],
      ],
      ['an entry without an id', [{ ...PERSON, email: email(1) }], [of(1, 'bob')], [], []],
    ])('%s', (_what, people, fleet, actions, unfollowed) => {
      const plan = planSync(people, fleet, RULES);
      expect(plan.actions.map((one) => `${one.action} ${one.user.split('@')[0]}`)).toEqual(actions);
      expect(plan.unfollowed.map(({ user, problem }) => [user, problem])).toEqual(unfollowed);
    });

    test('is known by it from the first sync that sees them at their primary address', () => {
      const fleet = [of(1), of(2), of(3, 'cy'), of(4, undefined, 'revoked')];
      const people = [is('bob', 1), answer('ann', 2, 5), is('cy', 3), is('di', 4)];
      expect(planSync(people, fleet, RULES).acquaintances).toEqual([
        { agent: 'p1', user: email(1), person: 'bob' },
      ]);
    });

    test('whom the list lacks is asked for: by id, else by address; revoked ones are not', () => {
      const fleet = [of(1, 'bob'), of(2), of(3, 'cy'), of(4), of(5, 'eve', 'revoked')];
      expect(absentees([is('ann', 1), is('cy', 6), is('di', 4)], fleet)).toEqual([
        { user: email(1), key: 'bob' },
        { user: email(2), key: email(2) },
      ]);
    });
  });

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
