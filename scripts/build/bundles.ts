/** How things are bundled, as data: for the build, and for benchmarks that bundle the same way. */

import { join } from 'node:path';
import type { BuildOptions } from 'esbuild';
import {
  embedTemplates,
  oneZodLocale,
  onlyUndicisAgent,
  restOnlyGax,
  trimGoogleProtos,
} from './plugins.ts';

export const ROOT = join(import.meta.dirname, '../..');

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

/** A function for Cloud Functions: chunks that are loaded when they are needed, the framework outside. */
export const functionBundle = (entry: string, outdir: string): BuildOptions => ({
  ...common,
  entryPoints: [entry],
  outdir,
  splitting: true,
  chunkNames: 'chunks/[name]-[hash]',
  // By its ending the framework knows an ES module; else it first reads package.json files (20 ms).
  outExtension: { '.js': '.mjs' },
  external: ['@google-cloud/functions-framework'],
  plugins: [
    trimGoogleProtos,
    restOnlyGax,
    oneZodLocale,
    embedTemplates('functions', join(ROOT, 'templates/plane')),
  ],
});

/** Our OpenClaw plugin: one small file, readable, since OpenClaw shows where a plugin failed. */
export const pluginBundle = (entry: string, outfile: string): BuildOptions => ({
  ...common,
  entryPoints: [entry],
  outfile,
  minify: false,
  keepNames: false,
  banner: {},
});

/**
 * The one file that every agent's VM runs.
 * @param carried what was built before and goes along, by its name among the templates
 */
export const vmBundle = (
  entry: string,
  outfile: string,
  carried: Readonly<Record<'plugin/index.js' | 'bridge.mjs', string>>,
): BuildOptions => ({
  ...common,
  entryPoints: [entry],
  outfile,
  legalComments: 'inline',
  plugins: [oneZodLocale, embedTemplates('vm-bootstrap', join(ROOT, 'templates/vm'), carried)],
});

/**
 * The WhatsApp bridge as one file: beside the agent's file on a VM, or alone. Names stay as they are written:
 * where they are shortened, `keepNames` gives each closure its name back whenever it is made (3 % of a message).
 */
export const bridgeBundle = (entry: string, outfile: string): BuildOptions => ({
  ...common,
  entryPoints: [entry],
  outfile,
  minify: false,
  minifySyntax: true,
  minifyWhitespace: true,
  keepNames: false,
  legalComments: 'inline',
  plugins: [oneZodLocale, onlyUndicisAgent],
});
