/** Runs the build in a process of its own: esbuild's service would keep ours alive. */

import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';

export async function runBuild(root: string): Promise<void> {
  await promisify(execFile)(process.execPath, [join(root, 'scripts/build.ts')], { cwd: root });
}
