/** Applying infra/ when Google does not know yet what was made a moment ago: on a gcloud whose runs fail so many times. */

import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const SETUP = join(import.meta.dirname, '../../scripts/setup');
const LATE =
  'Error creating AlertPolicy: googleapi: Error 404: Cannot find metric(s) that match type = "x". If a metric was created recently, it could take up to 10 minutes to become available.';

/** A file a revision. $WHY is what Terraform says of each; without it no run begins. */
const STUBS = `
runs() { ls "$WORK" | grep -c '^revision' || true; }
gcloud() {
  case "$*" in
    *' deployments apply '*)
      [ -n "$WHY" ] || { echo 'ERROR: PERMISSION_DENIED' >&2; return 1; }
      touch "$WORK/revision-$(runs)"
      [ "$(runs)" -gt "$FAILURES" ] || { echo 'ERROR: revision failed' >&2; return 1; }
      ;;
    *' revisions list '*state=APPLIED*) printf '%s' "$STANDING" ;;
    *' revisions list '*'value(name)'*)
      [ "$(runs)" != 0 ] || { echo 'ERROR: NOT_FOUND' >&2; return 1; }
      echo "r-$(runs)"
      ;;
    *' revisions list '*) echo "$WHY" ;;
    *' buckets describe '*) echo "$AUDIT" ;;
    *' buckets undelete '*) echo "$6" >>"$WORK/undeleted" ;;
  esac
}
tool() { :; }
sleep() { echo "$1" >>"$WORK/slept"; }
`;

let work: string;
beforeEach(() => {
  work = mkdtempSync(join(tmpdir(), 'agents-plane-apply-'));
});
afterEach(() => rmSync(work, { recursive: true }));

function apply(failures: number, why: string, audit = 'ACTIVE', standing = '') {
  // As step.sh runs it: every error counts.
  const script = `set -euo pipefail
    . ${SETUP}/lib.sh; . ${SETUP}/infra.sh
    ${STUBS}
    : >"$WORK/slept"
    : >"$WORK/undeleted"
    infra_apply ''`;
  const env = {
    PATH: process.env.PATH,
    ...{ WORK: work, PROJECT: 'acme', REGION: 'europe-west1', DEPLOYMENT: 'agents-plane' },
    ...{ FAILURES: String(failures), WHY: why },
    ...{ AUDIT: audit, AUDIT_BUCKET: 'agents-plane-audit', GENERATION: '1' },
    STANDING: standing,
  };
  const { status, stderr } = spawnSync('bash', ['-c', script], { env, encoding: 'utf8' });
  const slept = readFileSync(join(work, 'slept'), 'utf8').split('\n').filter(Boolean).map(Number);
  const undeleted = readFileSync(join(work, 'undeleted'), 'utf8');
  return { status, said: stderr, slept, undeleted };
}

test('a metric that Google knows some minutes later: it is applied again, and said why', () => {
  const { status, said, slept } = apply(2, LATE);
  expect([status, slept.length]).toEqual([0, 2]);
  expect(said).toContain(`again in ${slept[1]} seconds`);
});

test('never: over ten minutes, and then what Terraform said', () => {
  const { status, said, slept } = apply(99, LATE);
  expect([status, slept.reduce((sum, each) => sum + each, 0)]).toEqual([1, 600]);
  expect(said).toContain(LATE);
});

test('another error of Terraform is not repeated, and is told', () => {
  const { status, said, slept } = apply(99, 'Error 403: Permission denied on crypto key');
  expect([status, slept]).toEqual([1, []]);
  expect(said).toContain('Permission denied on crypto key');
});

test('what comes to no run is not explained by an earlier one', () => {
  const { status, said, slept } = apply(99, '');
  expect([status, slept]).toEqual([1, []]);
  expect(said).toContain('PERMISSION_DENIED');
});

test.each([
  'Error 400: The queue cannot be created because a queue with this name existed too recently.',
  "Error 400: You can't create a role_id (agentsPlane) which has been marked for deletion., failedPrecondition",
  'Error 409: KeyRing projects/p/locations/l/keyRings/agents-plane already exists., alreadyExists',
])('a name that is kept after a teardown: what to do about it: %s', (why) => {
  const { status, said, slept } = apply(99, why);
  expect([status, slept]).toEqual([1, []]);
  expect(said).toContain('generation = 2');
});

test('the name of a key ring that a plane which runs asks for now: its generation is not to be raised', () => {
  const why = 'Error 409: KeyRing projects/p/locations/l/keyRings/agents-plane already exists.';
  const { status, said } = apply(99, why, 'ACTIVE', 'APPLIED;1');
  expect(status).toBe(1);
  expect(said).not.toContain('generation = 2');
  expect(said).toContain("keeps its 'generation'");
});

test.each([
  ['ACTIVE', ''],
  ['DELETE_REQUESTED', 'agents-plane-audit\n'],
])('an audit log that is %s', (state, undeleted) => {
  expect(apply(0, LATE, state)).toMatchObject({ status: 0, undeleted });
});
