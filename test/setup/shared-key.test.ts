/** Which projects the shared key is stored in, when Google does not answer for all of them. */

import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { SHARED_KEY_SECRET } from '../../contracts/names.ts';

const SETUP = join(import.meta.dirname, '../../scripts/setup');

/** gcloud on three projects: one has a key, one has none, of the third Google cannot say just now. */
const GCLOUD = `#!/bin/sh
echo "$*" >>"$CALLS"
case "$*" in
  *--project=silent*"versions list"*) echo "ERROR: (gcloud.secrets.versions.list) UNAVAILABLE: try again" >&2; exit 1 ;;
  *--project=full*"versions list"*) echo 1 ;;
  *"versions add"*) cat >>"$CALLS" ;;
esac
`;

let work: string;
beforeEach(() => {
  work = mkdtempSync(join(tmpdir(), 'agents-plane-shared-key-'));
  writeFileSync(join(work, 'gcloud'), GCLOUD, { mode: 0o755 });
});
afterEach(() => rmSync(work, { recursive: true }));

/** @returns the exit code, and which projects were written to */
function apply(project: string, cells: string) {
  const calls = join(work, 'calls');
  const { status } = spawnSync(
    'bash',
    [join(SETUP, 'step.sh'), join(SETUP, 'steps/50-shared-key.sh'), 'apply'],
    {
      input: 'the-key',
      env: {
        PATH: `${work}:${process.env.PATH}`,
        CALLS: calls,
        WORK: work,
        PROJECT: project,
        CELLS: cells,
        YES: '1',
        SHARED_KEY_SECRET,
      },
    },
  );
  const written = [...readFileSync(calls, 'utf8').matchAll(/project=(\w+) secrets versions add/g)];
  return { status, written: written.map(([, name]) => name) };
}

test('a project that has a key keeps it, one that has none gets it', () => {
  expect(apply('full', 'empty')).toEqual({ status: 0, written: ['empty'] });
});

test.each([
  ['silent', 'empty'],
  ['full', 'silent empty'],
])('of a project that cannot be told nothing is made up: %s, %s', (project, cells) => {
  expect(apply(project, cells)).toEqual({ status: 2, written: [] });
});
