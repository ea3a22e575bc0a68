/** Fills the cache before the tests: no test should have to wait for an image to be built. */

import { mkdir } from 'node:fs/promises';
import { chooseKind, prepareMachines } from '../local/plane/hypervisor.ts';
import { cacheDir } from './cli/paths.ts';
import { describeFailure } from './ui/failure.ts';
import { createStages } from './ui/stages.ts';

const cache = cacheDir(process.env);
const stages = createStages(process.stderr, () => performance.now());

try {
  await mkdir(cache, { recursive: true });
  const { kind, reason } = await chooseKind(cache, process.getuid?.() ?? -1, undefined);
  process.stderr.write(`Machines: ${reason}\n`);
  const build = (what: 'nspawn' | 'process') => (say: (detail: string) => void) =>
    prepareMachines(what, { cacheDir: cache, env: process.env, onProgress: say });
  await stages.run('openclaw', 'OpenClaw', build('process'));
  if (kind === 'nspawn') await stages.run('image', 'VM image', build('nspawn'));
} catch (error) {
  process.stderr.write(`${describeFailure(error)}\n`);
  process.exitCode = 1;
}
