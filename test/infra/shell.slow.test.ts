import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { run } from '../../local/machines/run.ts';

const ROOT = join(import.meta.dirname, '../..');
const installed = (await run(['shellcheck', '--version'])).code === 0;

/** Every tracked file that a shell would run or source, by its first lines. */
function shellScripts(): readonly string[] {
  const tracked = execFileSync('git', ['ls-files', '-z'], { cwd: ROOT, encoding: 'utf8' });
  return tracked.split('\0').filter((file) => {
    if (file === '' || /\.(png|jpg|json|md|ts)$/.test(file)) return false;
    const start = readFileSync(join(ROOT, file), 'utf8').slice(0, 400);
    return /^#!.*\b(ba)?sh\b|^# shellcheck shell=/m.test(start);
  });
}

(installed ? describe : describe.skip)(
  installed ? 'shellcheck' : 'shellcheck (skipped: not installed)',
  () => {
    test('there are scripts to check', () => {
      expect(shellScripts()).toContain('infra/image/build.sh');
    });

    test.each(shellScripts())('%s', async (file) => {
      expect(
        await run(['shellcheck', '--external-sources', '--source-path=SCRIPTDIR', file], {
          cwd: ROOT,
        }),
      ).toMatchObject({ code: 0, stdout: '' });
    });
  },
);
