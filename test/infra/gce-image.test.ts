/** infra/image/gce/build.sh makes an image of a machine that said it is installed, and of no other. gcloud is played. */

import { spawnSync } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const ROOT = join(import.meta.dirname, '../..');

/** What a look at the machine finds: its state, and what guest attribute agents-plane/image is then. */
type Look = readonly ['RUNNING' | 'TERMINATED', string];

const GCLOUD = `#!/bin/bash
printf '%s\\n' "$*" >>"$TEST/asked"
case $* in
*instances\\ describe*)
  read -r state word <"$TEST/looks"
  printf '%s' "$word" >"$TEST/word"
  sed -i 1d "$TEST/looks"
  echo "$state"
  ;;
*get-guest-attributes*)
  [ -s "$TEST/word" ] || { echo 'ERROR: 404 not found' >&2; exit 1; }
  cat "$TEST/word"
  ;;
esac
`;

let place: string;
beforeEach(() => {
  place = mkdtempSync(join(tmpdir(), 'agents-plane-gce-image-'));
  for (const folder of ['bin', 'work', 'image']) mkdirSync(join(place, folder));
  const program = { mode: 0o755 };
  writeFileSync(join(place, 'bin/gcloud'), GCLOUD, program);
  writeFileSync(join(place, 'bin/sleep'), '#!/bin/bash\n', program);
  cpSync(join(ROOT, 'infra/image/gce'), join(place, 'image/gce'), { recursive: true });
  // The real one installs OpenClaw, which takes minutes and the network.
  writeFileSync(join(place, 'image/openclaw.sh'), '#!/bin/bash\nmkdir -p "$1"\n', program);
});
afterEach(() => rmSync(place, { recursive: true }));

function build(looks: readonly Look[]) {
  writeFileSync(join(place, 'looks'), looks.map((look) => `${look.join(' ')}\n`).join(''));
  const env = {
    PATH: `${join(place, 'bin')}:${process.env.PATH}`,
    ...{ ROOT, TEST: place, WORK: join(place, 'work'), ZONE: 'europe-west1-b' },
    ...{ BUCKET: 'acme-agents', BUILD_ACCOUNT: 'build@acme.iam.gserviceaccount.com' },
  };
  const script = join(place, 'image/gce/build.sh');
  const { status, stderr } = spawnSync('bash', [script, 'acme', 'europe-west1'], {
    env,
    encoding: 'utf8',
  });
  const made = readFileSync(join(place, 'asked'), 'utf8').includes('compute images create');
  return { status, stderr, made };
}

const OFF: Look = ['TERMINATED', ''];

test.each<[string, readonly Look[]]>([
  ['once it said so', [['RUNNING', ''], ['RUNNING', 'ok'], OFF]],
  ['though the word is gone before it is off', [['RUNNING', 'ok'], ['RUNNING', ''], OFF]],
])('an installed machine becomes an image, %s', (_, looks) => {
  expect(build(looks)).toMatchObject({ status: 0, made: true });
});

test.each<[string, readonly Look[], string]>([
  ['said that it failed', [['RUNNING', 'failed'], OFF], 'failed'],
  ['said so, and nothing more', [['RUNNING', 'failed'], ['RUNNING', ''], OFF], 'failed'],
  ['was off before anything was read', [['RUNNING', ''], OFF], 'nothing'],
  ['was off at once', [OFF], 'nothing'],
])('a machine that %s does not', (_, looks, word) => {
  const { status, stderr, made } = build(looks);
  expect({ status, made }).toEqual({ status: 1, made: false });
  expect(stderr).toContain(`did not install the image (it said: ${word})`);
});
