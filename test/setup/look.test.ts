/** What setup and teardown take for "there is no such thing": a number in a name, or of something else, is none. */

import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const ROOT = join(import.meta.dirname, '../..');

let work: string;
beforeAll(() => {
  work = mkdtempSync(join(tmpdir(), 'agents-plane-look-'));
});
afterAll(() => rmSync(work, { recursive: true }));

/** @param said what gcloud says as it fails */
function look(said: string) {
  const script = `. "$ROOT/scripts/setup/lib.sh"
    gcloud() { printf '%s\\n' "$SAID" >&2; return 1; }
    look compute networks list`;
  const env = { PATH: process.env.PATH, ROOT, WORK: work, PROJECT: 'acme-404', SAID: said };
  const { status, stderr } = spawnSync('bash', ['--norc', '-c', script], { env, encoding: 'utf8' });
  return { status, stderr };
}

test.each([
  'ERROR: (gcloud.storage.buckets.describe) gs://acme-404-agents not found: 404.',
  'HTTPError 404: The requested topic does not exist.',
  'HttpError accessing <https://x>: response: <404>',
  '404 The service account does not exist',
  'ResponseError: code=404, message=Resource of name x',
  'NOT_FOUND: Requested entity was not found.',
  'API [run.googleapis.com] has not been used in project 340412 before',
])('there is none: %s', (said) => {
  expect(look(said)).toEqual({ status: 1, stderr: '' });
});

test.each([
  'PERMISSION_DENIED: Permission denied on resource project acme-404',
  'User [ada@nine30.com] may not access projects instance [404-acme]: forbidden',
  'Quota exceeded for project_number:140422',
  'There was a problem refreshing your auth tokens: timeout (rid=a404b)',
])('nobody can tell: %s', (said) => {
  expect(look(said)).toEqual({ status: 2, stderr: `${said}\n` });
});
