/** What scripts/prepare.sh asks of a machine before anything is installed. */

import { execFile } from 'node:child_process';
import { chmod, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const PREPARE = join(import.meta.dirname, '../../scripts/prepare.sh');

let bin: string;
beforeEach(async () => {
  bin = await mkdtemp(join(tmpdir(), 'prepare-'));
});
afterEach(() => rm(bin, { recursive: true, force: true }));

async function program(name: string, says: string): Promise<void> {
  await writeFile(join(bin, name), `#!/bin/sh\n${says}\n`);
  await chmod(join(bin, name), 0o755);
}

/** On that system, with that Node.js; what lies in node_modules is found all the same. */
async function prepare(system: string, node: string) {
  await program(
    'uname',
    `case "$1" in -s) echo '${system.split(' ')[0]}' ;; *) echo '${system}' ;; esac`,
  );
  await program('node', `case "$1" in -v) echo v${node} ;; *) echo ${node.split('.')[0]} ;; esac`);
  await program('npm', 'exit 0');
  const env = { PATH: `${bin}:/usr/bin:/bin`, AGENTS_PLANE_HOST_PACKAGES: 'no' };
  return new Promise<readonly [number, string]>((resolve) => {
    execFile('bash', ['--norc', '-c', `source '${PREPARE}'`], { env }, (error, _stdout, stderr) =>
      resolve([typeof error?.code === 'number' ? error.code : 0, stderr]),
    );
  });
}

test.each([
  ['Linux x86_64', '20.1.0', 0, /^$/],
  ['Linux aarch64', '26.0.0', 0, /^$/],
  ['Linux x86_64', '18.4.0', 1, /Node.js 20 or newer is needed, found v18/],
  // Nothing brings the pinned Node there.
  ['Darwin arm64', '20.1.0', 1, /Node.js 24 \(24.16 or newer\) on Darwin is needed, found v20/],
  ['Darwin arm64', '26.0.0', 1, /Node.js 24 .* found v26/],
  ['Darwin x86_64', '24.16.0', 0, /^$/],
])('%s with Node.js %s', async (system, node, code, says) => {
  const [ended, stderr] = await prepare(system, node);
  expect([ended, says.test(stderr) || stderr]).toEqual([code, true]);
});
