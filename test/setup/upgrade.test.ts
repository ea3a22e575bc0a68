/** Setup on a plane that runs: what people use stays open, and what is encrypted stays readable. */

import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const ROOT = join(import.meta.dirname, '../..');

/** Of Google, the order of what is done to it. `pages` is open when there is a file $WORK/open. */
const STUBS = `
did() { echo "$1" >>"$WORK/did"; }
gcloud() {
  case "$*" in
    'auth print-access-token') echo token ;;
    *' functions list '*) printf '%s' "$DEPLOYED" ;;
    *' revisions list '*state=APPLIED*) printf '%s' "$STANDING" ;;
    *' deployments apply '*) did applied ;;
  esac
}
tool() {
  case $1 in
    functions) printf '%s\\n' 'api agents-plane-api' 'pages agents-plane-pages' ;;
    pages-are-public) cat >/dev/null; if [ -e "$WORK/open" ]; then echo true; else echo false; fi ;;
    make-pages-public)
      cat >/dev/null
      case $POLICY in
        allows) did opened; touch "$WORK/open" ;;
        late) did opened ;;
        *) echo 'Google refuses: run.managed.requireInvokerIam' >&2; return 1 ;;
      esac
      ;;
  esac
}
# What Cloud Run does after it has answered.
sleep() { did slept; touch "$WORK/open"; }
`;

const ALL = 'agents-plane-api;ACTIVE;1\nagents-plane-pages;ACTIVE;1\n';

let work: string;
beforeEach(() => {
  work = mkdtempSync(join(tmpdir(), 'agents-plane-upgrade-'));
});
afterEach(() => rmSync(work, { recursive: true }));

/** @param given over: all deployed, nothing forbidden, the generation that the settings say */
function apply(given: Record<string, string>, step = '30-infra') {
  const script = `set -euo pipefail
    . "$ROOT/scripts/setup/lib.sh"
    . "$ROOT/scripts/setup/steps/${step}.sh"
    ${STUBS}
    apply`;
  const env = {
    ...{ PATH: process.env.PATH, ROOT, WORK: work, PROJECT: 'acme', REGION: 'europe-west1' },
    ...{ DEPLOYMENT: 'agents-plane', AUDIT_BUCKET: 'agents-plane-audit', API_URL: 'https://api' },
    ...{ DEPLOYED: ALL, POLICY: 'allows', STANDING: 'APPLIED;1', GENERATION: '1' },
    ...given,
  };
  const { status, stderr } = spawnSync('bash', ['-c', script], { env, encoding: 'utf8' });
  const did = join(work, 'did');
  const lines = existsSync(did) ? readFileSync(did, 'utf8').trim().split('\n') : [];
  return { status, said: stderr, did: lines };
}

test.each([
  ['is deployed', {}, ['opened', 'applied']],
  ['is deployed, and Cloud Run takes its time', { POLICY: 'late' }, ['opened', 'slept', 'applied']],
  ['is not deployed yet', { DEPLOYED: '' }, ['applied']],
  ['is not what a cell has', { CELL: 'acme-2' }, ['applied']],
])('the page %s: it is open before Terraform takes a binding away', (_what, given, did) => {
  expect(apply(given)).toMatchObject({ status: 0, did });
});

test('a page that is open already is left alone', () => {
  writeFileSync(join(work, 'open'), '');
  expect(apply({})).toMatchObject({ status: 0, did: ['applied'] });
});

test.each(['30-infra', '80-access'])(
  'a page that a policy keeps closed: step %s stops before anything is applied, and says who can help',
  (step) => {
    const { status, said, did } = apply({ POLICY: 'forbids' }, step);
    expect([status, did]).toEqual([1, []]);
    expect(said).toContain('Google refuses');
    expect(said).toContain('its administrator has to make an exception for acme');
  },
);

describe('generation', () => {
  beforeEach(() => writeFileSync(join(work, 'open'), ''));

  test.each([
    ['the first', 'APPLIED;1', '1'],
    ['the second', 'APPLIED;2', '2'],
    ['as Google may write a number', 'APPLIED;2.0', '2'],
    ['of a release that knew none', 'APPLIED;', '1'],
    ['raised where no apply came to its end', '', '2'],
  ])('%s', (_what, STANDING, GENERATION) => {
    expect(apply({ STANDING, GENERATION })).toMatchObject({ status: 0, did: ['applied'] });
  });

  test.each([
    ['raised', 'APPLIED;1', '2', '1'],
    ['raised over a release that knew none', 'APPLIED;', '2', '1'],
    ['lost from the settings', 'APPLIED;3', '1', '3'],
  ])('%s on a plane that runs: nothing is applied', (_what, STANDING, GENERATION, kept) => {
    const { status, said, did } = apply({ STANDING, GENERATION });
    expect([status, did]).toEqual([1, []]);
    expect(said).toContain(`For this one put 'generation = ${kept}' into the settings`);
  });
});
