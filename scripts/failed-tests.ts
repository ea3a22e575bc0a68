/**
 * `node scripts/failed-tests.ts REPORT`: the test files that failed, one a line, from what
 * `jest --json --outputFile=REPORT` wrote. Exits with 1 when the report names none: then jest
 * itself broke, and there is nothing that a second run could tell.
 */

import { readFileSync } from 'node:fs';
import { z } from 'zod';

/** https://jestjs.io/docs/cli#--json */
const report = z.object({
  testResults: z.array(
    z.object({
      name: z.string(),
      status: z.enum(['passed', 'failed', 'skipped', 'pending', 'focused', 'disabled', 'todo']),
    }),
  ),
});

const [path = ''] = process.argv.slice(2);
const failed = report
  .parse(JSON.parse(readFileSync(path, 'utf8')))
  .testResults.filter(({ status }) => status === 'failed');
process.stdout.write(failed.map(({ name }) => `${name}\n`).join(''));
if (failed.length === 0) process.exitCode = 1;
