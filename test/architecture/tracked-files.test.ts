import { execFileSync } from 'node:child_process';
import { join } from 'node:path';

const ROOT = join(import.meta.dirname, '../..');

test('nothing generated, cached or secret is tracked', () => {
  const tracked = execFileSync('git', ['ls-files'], { cwd: ROOT, encoding: 'utf8' }).split('\n');
  const wrong = tracked.filter((file) =>
    /(^|\/)(node_modules|dist|coverage|\.terraform)\/|\.(pem|key|eml|log|tfstate)$|(^|\/)\.env$/.test(
      file,
    ),
  );
  expect(wrong).toEqual([]);
});
