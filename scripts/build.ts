/**
 * Builds what is deployed: `dist/functions/` (what Cloud Functions gets) and
 * `dist/vm/agent.mjs` (the one file that every agent's VM runs).
 */

import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type BuildOptions, build } from 'esbuild';
import { embedTemplates, oneZodLocale, restOnlyGax, trimGoogleProtos } from './build/plugins.ts';

const ROOT = join(import.meta.dirname, '..');
const FRAMEWORK = '@google-cloud/functions-framework';

const common: BuildOptions = {
  bundle: true,
  platform: 'node',
  target: 'node24',
  format: 'esm',
  minify: true,
  keepNames: true,
  legalComments: 'linked',
  logLevel: 'warning',
  absWorkingDir: ROOT,
  // CommonJS dependencies call require(); an ES module has to be given one.
  banner: {
    js: "import { createRequire as __createRequire } from 'node:module'; const require = __createRequire(import.meta.url);",
  },
};

async function buildFunctions(outdir: string): Promise<void> {
  await rm(outdir, { recursive: true, force: true });
  await build({
    ...common,
    entryPoints: [join(ROOT, 'functions/index.ts')],
    outdir,
    splitting: true,
    chunkNames: 'chunks/[name]-[hash]',
    // By its ending the framework knows an ES module; else it first reads package.json files (20 ms).
    outExtension: { '.js': '.mjs' },
    external: [FRAMEWORK],
    plugins: [
      trimGoogleProtos,
      restOnlyGax,
      oneZodLocale,
      embedTemplates('functions', join(ROOT, 'templates/plane')),
    ],
  });
  const { dependencies, engines } = JSON.parse(await readFile(join(ROOT, 'package.json'), 'utf8'));
  const manifest = {
    name: 'agents-plane-functions',
    private: true,
    type: 'module',
    main: 'index.mjs',
    ...(engines && { engines }),
    dependencies: { [FRAMEWORK]: dependencies[FRAMEWORK] },
  };
  await writeFile(join(outdir, 'package.json'), `${JSON.stringify(manifest, null, 2)}\n`);
}

async function buildVm(outdir: string): Promise<void> {
  const outfile = join(outdir, 'agent.mjs');
  await mkdir(outdir, { recursive: true });
  await build({
    ...common,
    entryPoints: [join(ROOT, 'vm-bootstrap/main.ts')],
    outfile,
    legalComments: 'inline',
    plugins: [oneZodLocale, embedTemplates('vm-bootstrap', join(ROOT, 'templates/vm'))],
  });
  const hash = createHash('sha256')
    .update(await readFile(outfile))
    .digest('hex');
  await writeFile(`${outfile}.sha256`, `${hash}\n`);
}

const rooms: ReadonlyArray<readonly [string, string, (outdir: string) => Promise<void>]> = [
  ['functions/index.ts', 'dist/functions', buildFunctions],
  ['vm-bootstrap/main.ts', 'dist/vm', buildVm],
];

for (const [entry, outdir, make] of rooms) {
  if (existsSync(join(ROOT, entry))) await make(join(ROOT, outdir));
}
