/**
 * Builds what is deployed: `dist/functions/` (what Cloud Functions gets) and
 * `dist/vm/agent.mjs` (the one file that every agent's VM runs), and `dist/bridge/bridge.mjs`.
 */

import { createHash } from 'node:crypto';
import { appendFile, mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { build } from 'esbuild';
import { bridgeBundle, functionBundle, pluginBundle, ROOT, vmBundle } from './build/bundles.ts';
import { type Lock, lockedVersion, lockOf } from './build/lock.ts';
import { recipeArchive } from './build/recipe.ts';

const FRAMEWORK = '@google-cloud/functions-framework';

async function buildFunctions(outdir: string): Promise<void> {
  await rm(outdir, { recursive: true, force: true });
  await build(functionBundle(join(ROOT, 'functions/index.ts'), outdir));
  const lock: Lock = JSON.parse(await readFile(join(ROOT, 'package-lock.json'), 'utf8'));
  const manifest = {
    name: 'agents-plane-functions',
    private: true,
    type: 'module',
    main: 'index.mjs',
    engines: { node: '24.x' },
    dependencies: { [FRAMEWORK]: lockedVersion(lock, FRAMEWORK) },
  };
  const write = (name: string, content: object) =>
    writeFile(join(outdir, name), `${JSON.stringify(content, null, 2)}\n`);
  await write('package.json', manifest);
  // With it Cloud Functions' build runs `npm ci`.
  await write('package-lock.json', lockOf(lock, manifest));
}

async function buildVm(outdir: string, bridge: string): Promise<void> {
  const outfile = join(outdir, 'agent.mjs');
  await mkdir(outdir, { recursive: true });
  const plugin = join(outdir, 'plugin.js');
  await build(pluginBundle(join(ROOT, 'vm-bootstrap/plugin/index.ts'), plugin));
  const carried = { 'plugin/index.js': plugin, 'bridge.mjs': bridge };
  await build(vmBundle(join(ROOT, 'vm-bootstrap/main.ts'), outfile, carried));
  // Its last line: templates/plane/startup-script.sh reads it where there is no image.
  const recipe = recipeArchive(join(ROOT, 'infra/image')).toString('base64');
  await appendFile(outfile, `//# recipe ${recipe}\n`);
  const hash = createHash('sha256')
    .update(await readFile(outfile))
    .digest('hex');
  await writeFile(`${outfile}.sha256`, `${hash}\n`);
}

await buildFunctions(join(ROOT, 'dist/functions'));
const bridge = join(ROOT, 'dist/bridge/bridge.mjs');
await build(bridgeBundle(join(ROOT, 'bridge/main.ts'), bridge));
await buildVm(join(ROOT, 'dist/vm'), bridge);
