import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';

const ROOT = join(import.meta.dirname, '../..');

const tracked = execFileSync('git', ['ls-files'], { cwd: ROOT, encoding: 'utf8' })
  .trim()
  .split('\n');

test('nothing generated, cached or secret is tracked', () => {
  const wrong = tracked.filter((file) =>
    /(^|\/)(node_modules|dist|coverage|\.terraform)\/|\.(pem|key|eml|log|tfstate)$|(^|\/)\.env$/.test(
      file,
    ),
  );
  expect(wrong).toEqual([]);
});

test('nobody is told to run a package of that name: outside the checkout npx would fetch a stranger’s', () => {
  const told = tracked.filter(
    (file) =>
      !file.startsWith('test/') && /npx agents-plane/.test(readFileSync(join(ROOT, file), 'utf8')),
  );
  expect(told).toEqual(['contracts/names.ts']);
});

test.each(['lost', 'number-changed', 'wrong-phone', 'channel', 'sync'])(
  'mail %s takes the command from contracts/names.ts',
  (mail) => {
    const text = readFileSync(join(ROOT, `templates/plane/mail/${mail}.txt`), 'utf8');
    expect(text).toMatch(/\{\{cli\}\} [a-z]+/);
    expect(text).not.toMatch(/agents-plane [a-z]/);
  },
);
