import { readFileSync } from 'node:fs';
import { join } from 'node:path';

const ROOT = join(import.meta.dirname, '../..');
const manifest = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8')) as Record<
  'dependencies' | 'devDependencies' | 'optionalDependencies',
  Record<string, string>
>;
const page =
  readFileSync(join(ROOT, 'docs/dependencies.md'), 'utf8').split('## On the VM')[0] ?? '';
const described = new Set(
  [...page.matchAll(/^\|(.*?)\|/gm)].flatMap(([, cell = '']) =>
    [...cell.matchAll(/`([^`]+)`/g)].map(([, name]) => name),
  ),
);

test('docs/dependencies.md has a reason for every dependency, and for nothing else', () => {
  const listed = Object.keys({ ...manifest.dependencies, ...manifest.devDependencies }).sort();
  expect([...described].sort()).toEqual(listed);
});

test('every range is bounded', () => {
  const ranges = Object.values({
    ...manifest.dependencies,
    ...manifest.devDependencies,
    ...manifest.optionalDependencies,
  });
  expect(ranges.filter((range) => !/^[\^~]?\d/.test(range))).toEqual([]);
});

test('package-lock.json has an entry for every optional package (npm ci refuses it otherwise)', () => {
  const lock = JSON.parse(readFileSync(join(ROOT, 'package-lock.json'), 'utf8')) as {
    packages: Record<string, { optionalDependencies?: Record<string, string> }>;
  };
  const named = Object.values(lock.packages).flatMap((entry) =>
    Object.keys(entry.optionalDependencies ?? {}),
  );
  // After npm install, run: node scripts/complete-lock.ts
  expect(named.filter((name) => !lock.packages[`node_modules/${name}`])).toEqual([]);
});
