/** The admin's right to sign as the plane ends with the trial that needs it, whatever happens to that. */

import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { LOCAL, PLANE_ACCOUNT } from '../../local/plane/settings.ts';
import { readsUsers, tryDelegation } from '../../scripts/setup/google.ts';
import { type EmptyProject, openEmptyProject, SETTINGS } from './support/empty-project.ts';

const ROOT = join(import.meta.dirname, '../..');
/** Of Google, one policy with one right in it, whose removal is refused so many times. What it is called for is written down. */
const STUBS = `
gcloud() {
  case "$*" in
    *' add-iam-policy-binding '*) echo "$*" >>"$WORK/added" && touch "$WORK/right" ;;
    *' remove-iam-policy-binding '*)
      # A file a try: it runs in a subshell, whose variables are lost.
      if [ "$(ls "$WORK" | grep -c refused)" -lt "$REFUSALS" ]; then
        mktemp "$WORK/refused.XXXX" >/dev/null
        echo 'ABORTED: There were concurrent policy changes.' >&2
        return 1
      fi
      rm "$WORK/right"
      ;;
    *' service-accounts describe '*) echo 1234567 ;;
    'config get-value account') echo "$ACCOUNT" ;;
    'auth print-access-token') echo token ;;
  esac
}
sleep() { echo "$1" >>"$WORK/slept"; }
`;

let work: string;
beforeEach(() => {
  work = mkdtempSync(join(tmpdir(), 'agents-plane-delegation-'));
});
afterEach(() => rmSync(work, { recursive: true, force: true }));

/** @param trial what the trial comes to, each time */
function apply(trial: string, refusals: number, account = 'admin@nine30.com', tries = 1) {
  const script = `set -euo pipefail
    . "$ROOT/scripts/setup/lib.sh"
    . "$ROOT/scripts/setup/steps/90-delegation.sh"
    ${STUBS}
    played() { cat >/dev/null; echo try >>"$WORK/tries"; ${trial}; }
    tool() { case $1 in delegation-works) played ;; *) echo "$1" ;; esac; }
    apply && check`;
  const env = {
    PATH: process.env.PATH,
    ROOT,
    WORK: work,
    PROJECT: 'nine30-local',
    PLANE_ACCOUNT: 'agents-plane@nine30-local.iam.gserviceaccount.com',
    SIGNER: 'projects/nine30-local/roles/agentsPlaneSigner',
    MAIL_FROM: 'agents@nine30.com',
    DRY_RUN: '',
    REFUSALS: String(refusals),
    DELEGATION_TRIES: String(tries),
    ACCOUNT: account,
  };
  const { status, stderr } = spawnSync('bash', ['-c', script], { env, encoding: 'utf8' });
  return { status, said: stderr, right: existsSync(join(work, 'right')) };
}

test.each([
  ['mail can be sent', 'true', 0],
  ['mail cannot be sent', 'return 1', 1],
  ['Ctrl-C', 'kill -INT $$', 130],
  ['the end of a session', 'kill -TERM $$', 143],
])('%s: the right is gone, though Google refused that twice', (_what, trial, status) => {
  expect(apply(trial, 2)).toMatchObject({ status, right: false });
});

test('refused to the end: it is no success, and says who has what', () => {
  const { status, said, right } = apply('true', 99);
  expect([status, right]).toEqual([2, true]);
  expect(said).toContain('concurrent policy changes');
  expect(said).toContain('user:admin@nine30.com still has role');
});

test('a service account that sets the plane up is given the right as one', () => {
  const account = 'ci@nine30-local.iam.gserviceaccount.com';
  expect(apply('true', 0, account)).toMatchObject({ status: 0, right: false });
  expect(readFileSync(join(work, 'added'), 'utf8')).toContain(
    `--member=serviceAccount:${account} `,
  );
});

/** The trial fails until the fourth. */
const AT_LAST = '[ "$(wc -l <"$WORK/tries")" -ge 4 ] || { echo "no right yet" >&2; return 1; }';

test('Google passes the right on some minutes later: it is given once, held meanwhile, and taken back', () => {
  const { status, said, right } = apply(AT_LAST, 0, undefined, 180);
  expect([status, right]).toEqual([0, false]);
  expect(readFileSync(join(work, 'added'), 'utf8').split('\n')).toHaveLength(2);
  expect(said).toContain('clientIdToAdd=1234567');
  expect(said.match(/no right yet/g)).toHaveLength(1);
});

test('a plane that is delegated already asks nobody for anything', () => {
  expect(apply('true', 0).said).not.toContain('clientIdToAdd');
});

test('it is given up after so many tries, with what Google said last', () => {
  const { status, said, right } = apply('echo "Google refuses" >&2; return 1', 0, undefined, 3);
  expect([status, right]).toEqual([1, false]);
  expect(said).toContain('Google refuses');
  expect(readFileSync(join(work, 'slept'), 'utf8').split('\n')).toHaveLength(3);
});

describe('the trial itself', () => {
  let project: EmptyProject;
  const read = (person: string) => {
    const { accessToken } = project.google.tokens.access(`user:${LOCAL.admin}`);
    return tryDelegation(project.env, accessToken, PLANE_ACCOUNT, readsUsers(person));
  };
  beforeAll(async () => {
    const roles = ['roles/owner', 'roles/iam.serviceAccountTokenCreator'];
    project = await openEmptyProject(SETTINGS, roles);
    project.google.world.accounts.create(LOCAL.project.id, LOCAL.planeAccountId);
  });
  afterAll(() => project.close());

  test('an administrator of the Workspace reads a person', () =>
    expect(read(LOCAL.admin)).resolves.toBeUndefined());

  test('nobody else does, and it is said whose name that was', () =>
    expect(read(LOCAL.viewer)).rejects.toMatchObject({
      code: 'FAILED_PRECONDITION',
      message: expect.stringMatching(`admin.*${LOCAL.viewer}.*403`),
    }));

  test('who may not sign yet is told so, and not that nothing is delegated', async () => {
    const { accessToken } = project.google.tokens.access(`user:${LOCAL.viewer}`);
    await expect(
      tryDelegation(project.env, accessToken, PLANE_ACCOUNT, readsUsers(LOCAL.admin)),
    ).rejects.toMatchObject({
      code: 'PERMISSION_DENIED',
      message: expect.stringContaining('some minutes'),
    });
  });
});
