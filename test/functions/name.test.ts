import fc from 'fast-check';
import { agentName, serviceAccountId } from '../../contracts/names.ts';
import { candidateNames, RESERVED_LOCAL_PARTS } from '../../functions/core/name.ts';

const HASHED = /^[a-z0-9](?:[a-z0-9-]*[a-z0-9])?-?[0-9a-f]{6}$/;

describe('candidate names', () => {
  test.each([
    ['allison@nine30.com', 'allison'],
    ['a@nine30.com', 'a'],
    ['mary-jane@nine30.com', 'mary-jane'],
    ['j2@nine30.com', 'j2'],
    ['123@nine30.com', '123'],
    ['abcdefghijklmnopqrstuvwx@nine30.com', 'abcdefghijklmnopqrstuvwx'],
  ])('%s keeps its local part, with a hashed name in reserve', (email, name) => {
    const [first, second, ...rest] = candidateNames(email);
    expect(first).toBe(name);
    expect(second).toMatch(HASHED);
    expect(rest).toEqual([]);
  });

  test.each([
    ['j.smith@nine30.com', 'j-smith'],
    ['j+news@nine30.com', 'j-news'],
    ['j_smith@nine30.com', 'j-smith'],
    ['-dash@nine30.com', 'dash'],
    ['abcdefghijklmnopqrstuvwxyz@nine30.com', 'abcdefghijklmnopq'],
    ["o'neil@nine30.com", 'o-neil'],
    ['anna-data@nine30.com', 'anna-data'],
    ['anna-config@nine30.com', 'anna-config'],
    ['anna-3fa9c1@nine30.com', 'anna-3fa9c1'],
  ])(
    '%s loses something (or means something else), so the hash is always there',
    (email, start) => {
      const names = candidateNames(email);
      expect(names).toHaveLength(1);
      expect(names[0]).toMatch(HASHED);
      expect(names[0]?.startsWith(start)).toBe(true);
    },
  );

  test('an address of symbols alone still has a name', () => {
    expect(candidateNames('!!@nine30.com')[0]).toMatch(/^[0-9a-f]{6}$/);
  });

  test('the same local part in two domains, and two that look alike, get different hashes', () => {
    const last = (email: string) => candidateNames(email).at(-1);
    const names = ['j.smith@a.com', 'j.smith@b.com', 'j-smith@a.com', 'j_smith@a.com'].map(last);
    expect(new Set(names).size).toBe(4);
  });

  test.each([...RESERVED_LOCAL_PARTS])('%s is a role, not a person', (local) => {
    expect(() => candidateNames(`${local}@nine30.com`)).toThrow(
      expect.objectContaining({ code: 'INVALID_ARGUMENT' }),
    );
  });

  test('a tag does not hide a role', () => {
    expect(() => candidateNames('postmaster+x@nine30.com')).toThrow(
      expect.objectContaining({ code: 'INVALID_ARGUMENT' }),
    );
  });

  test('property: every name is valid, fits a service account id, and is stable', () => {
    const local = fc.stringMatching(/^[a-z0-9.!#$%&'*+/=?^_`{|}~-]{1,64}$/);
    fc.assert(
      fc.property(local, (text) => {
        const email = `x${text}@nine30.com`.slice(-75);
        const names = candidateNames(email);
        expect(names).toEqual(candidateNames(email));
        for (const name of names) {
          expect(agentName.safeParse(name).success).toBe(true);
          expect(serviceAccountId(name).length).toBeLessThanOrEqual(30);
        }
      }),
    );
  });
});
