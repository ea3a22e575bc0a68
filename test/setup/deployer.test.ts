/** The deployer's right to make a budget, and what teardown takes with it: on a gcloud that has one account and one image. */

import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const SETUP = join(import.meta.dirname, '../../scripts/setup');
const BUDGET = 'roles/billing.costsManager';

/** All roles in the project; in the billing account those of $HELD. */
const GCLOUD = `#!/bin/bash
echo "$*" >>"$CALLS"
case "$*" in
  *"service-accounts describe"*) echo deployer ;;
  *"projects get-iam-policy"*"--format=json") echo '{"etag":"ACAB"}' ;;
  *"projects get-iam-policy"*) printf 'roles/%s\\n' $ROLES ;;
  *"billing accounts get-iam-policy"*) [ -z "$HELD" ] || echo "$HELD" ;;
  *"compute images list"*) echo agents-plane-20261129-abcdef01 ;;
esac
`;

let work: string;
beforeEach(() => {
  work = mkdtempSync(join(tmpdir(), 'agents-plane-deployer-'));
  writeFileSync(join(work, 'gcloud'), GCLOUD, { mode: 0o755 });
});
afterEach(() => rmSync(work, { recursive: true }));

/** @param script with lib.sh, the step and the inventory in it */
function run(script: string, { billing = '', held = '' } = {}) {
  const calls = join(work, 'calls');
  writeFileSync(calls, '');
  const text = `set -euo pipefail
    . ${SETUP}/lib.sh; . ${SETUP}/steps/20-deployer.sh; . ${SETUP}/inventory.sh
    export ROLES
    ${script}`;
  const { status, stdout } = spawnSync('bash', ['-c', text], {
    encoding: 'utf8',
    env: {
      PATH: `${work}:${process.env.PATH}`,
      ...{ CALLS: calls, WORK: work, ROOT: join(SETUP, '../..'), HELD: held },
      ...{ PROJECT: 'acme', CELLS: '', REGION: 'europe-west1', BILLING_ACCOUNT: billing },
    },
  });
  return { status, stdout, calls: readFileSync(calls, 'utf8') };
}

const ACCOUNT = '0X0X0X-0X0X0X-0X0X0X';
test.each([
  ['no billing account is named', {}, 0],
  ['one is named, and the deployer may make a budget', { billing: ACCOUNT, held: BUDGET }, 0],
  ['one was named after the first setup', { billing: ACCOUNT }, 1],
  ['it has another role there', { billing: ACCOUNT, held: 'roles/billing.viewer' }, 1],
])('whether there is something to do: %s', (_what, given, status) => {
  expect(run('check', given).status).toBe(status);
});

test('teardown takes the deployer out of the billing account before it goes', () => {
  const email = 'agents-plane-deploy@acme.iam.gserviceaccount.com';
  const { status, calls } = run(`remove deployer ${email} ''`, { billing: ACCOUNT, held: BUDGET });
  expect(status).toBe(0);
  const withdrawal = `remove-iam-policy-binding ${ACCOUNT} --member=serviceAccount:${email} --role=${BUDGET}`;
  expect(calls).toContain(withdrawal);
  expect(calls.indexOf(withdrawal)).toBeLessThan(calls.indexOf('service-accounts delete'));
  const none = run(`remove deployer ${email} ''`, { billing: ACCOUNT });
  expect(none.status).toBe(0);
  expect(none.calls).not.toContain('remove-iam-policy-binding');
});

test('an image of ours is found, and goes, whether data is kept or not', () => {
  const { stdout } = run('inventory_of | to_remove ""');
  expect(stdout).toContain('acme image agents-plane-20261129-abcdef01');
  const { calls } = run('remove image agents-plane-20261129-abcdef01 ""');
  expect(calls).toContain('compute images delete agents-plane-20261129-abcdef01');
});
