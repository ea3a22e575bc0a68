/** What setup and teardown are told that they do not know. */

import { spawnSync } from 'node:child_process';
import { join } from 'node:path';

const SCRIPTS = join(import.meta.dirname, '../../scripts');

test.each([
  ['setup.sh', '--bogus'],
  ['setup.sh', 'plane.toml'],
  ['teardown.sh', '--key-stdin'],
])('%s names %s, and says how it is used', (script, option) => {
  const { status, stderr } = spawnSync('bash', [join(SCRIPTS, script), option], {
    encoding: 'utf8',
  });
  expect({ status, stderr }).toMatchObject({ status: 2 });
  expect(stderr.split('\n')[0]).toContain(`There is no option ${option}`);
  expect(stderr).toContain(`Usage: scripts/${script}`);
});
