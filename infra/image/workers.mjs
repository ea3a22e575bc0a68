/**
 * Makes the program of a worker one file, with all that it imports from packages.
 *   node workers.mjs FILE...
 * Run it where node_modules/esbuild is.
 *
 * OpenClaw's workers are one file each, but for their packages: up to 330 files, which every worker and child process of
 * a gateway's start looks for, opens and links again, while the gateway waits (docs/decisions/073). A worker shares no
 * module with anybody, so what it has within itself is the only one that it has, as before. Nothing is minified, and the
 * packages stay where they are, with their licences. Fails for a program that imports a file beside it (others may
 * import that, too, by a name that is made up as it runs), and for a file that asks where it is in another way than this answers.
 */

import { readFileSync, renameSync } from 'node:fs';
import { createRequire, isBuiltin } from 'node:module';
import { dirname, join, relative, resolve } from 'node:path';

const [, , ...programs] = process.argv;
const esbuild = createRequire(join(process.cwd(), 'package.json'))('esbuild');

/** A package's file finds itself where it was, by its place as seen from the program. */
const placesKept = (program) => ({
  name: 'places-kept',
  setup: (build) =>
    build.onLoad({ filter: /\.[cm]?js$/ }, ({ path }) => {
      const text = readFileSync(path, 'utf8');
      if (path === program || !/import\.meta/.test(text)) return undefined;
      if (/import\.meta(\[|\.(?!url\b))/.test(text))
        throw new Error(`${path} asks where it is by more than its address`);
      const place = JSON.stringify(relative(dirname(program), path));
      return {
        contents: text.replaceAll('import.meta.url', `new URL(${place}, import.meta.url).href`),
      };
    }),
});

async function whole(program) {
  const made = `${program}.made`;
  const { metafile } = await esbuild.build({
    entryPoints: [program],
    outfile: made,
    metafile: true,
    plugins: [placesKept(program)],
    banner: {
      js: "import { createRequire as ownRequire } from 'node:module';\nconst require = ownRequire(import.meta.url);",
    },
    ...{ bundle: true, format: 'esm', platform: 'node', target: 'node24', logLevel: 'error' },
  });
  for (const [input, { imports }] of Object.entries(metafile.inputs))
    for (const { path, original, external } of imports) {
      if (resolve(input) === program && /^\.{0,2}\//.test(original ?? ''))
        throw new Error(`${program} imports ${original} beside it`);
      if (external && !isBuiltin(path))
        throw new Error(`${program} needs ${path}, which is not here`);
    }
  renameSync(made, program);
}

for (const program of programs) await whole(resolve(program));
