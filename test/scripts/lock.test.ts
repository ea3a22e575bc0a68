/** What the functions are deployed with is what package-lock.json has, and all of it. */

import { lockedVersion, lockOf } from '../../scripts/build/lock.ts';

const lock = {
  packages: {
    '': {},
    'node_modules/framework': {
      version: '5.0.5',
      integrity: 'sha512-f',
      dependencies: { express: '^4', shared: '^1' },
      optionalDependencies: { absent: '^1' },
    },
    'node_modules/express': { version: '4.1.0', dependencies: { shared: '^2', '@scope/a': '^1' } },
    'node_modules/express/node_modules/shared': {
      version: '2.0.0',
      dependencies: { '@scope/a': '*' },
    },
    'node_modules/shared': { version: '1.0.0' },
    'node_modules/@scope/a': { version: '1.2.3', dependencies: { express: '^4' } },
    'node_modules/somebody-elses': { version: '9.0.0' },
  },
};
const manifest = { name: 'functions', dependencies: { framework: '5.0.5' } };

test('a dependency is taken from where Node would find it, hash included, and nothing else is', () => {
  expect(lockOf(lock, manifest)).toEqual({
    name: 'functions',
    lockfileVersion: 3,
    requires: true,
    packages: {
      '': manifest,
      'node_modules/@scope/a': lock.packages['node_modules/@scope/a'],
      'node_modules/express': lock.packages['node_modules/express'],
      'node_modules/express/node_modules/shared':
        lock.packages['node_modules/express/node_modules/shared'],
      'node_modules/framework': lock.packages['node_modules/framework'],
      'node_modules/shared': lock.packages['node_modules/shared'],
    },
  });
});

test('a dependency that is not locked is an error', () => {
  expect(lockedVersion(lock, 'framework')).toBe('5.0.5');
  expect(() => lockedVersion(lock, 'left-pad')).toThrow('package-lock.json has no left-pad');
});
