/**
 * Makes a package few files: one for each part that others may import, and what the parts share.
 *   node merge.mjs NODE_MODULES PACKAGE...
 * Run it where node_modules/esbuild is.
 *
 * OpenClaw reads 1200 files of these packages when it starts, and each of its workers hundreds of them again: every one
 * is looked for, opened and linked by itself (docs/decisions/073). Nothing is minified, and the old files stay where
 * they are, with their licences: nobody can import them, since the package exports its parts alone. Fails for a package
 * of which that is not so, and when a part does not export what it did.
 */

import { cpSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';

const [, , modules, ...packages] = process.argv;
const esbuild = createRequire(join(process.cwd(), 'package.json'))('esbuild');

/** The file that Node.js takes for `import`. */
function targetOf(entry) {
  if (typeof entry !== 'object' || entry === null) return entry;
  const condition = Object.keys(entry).find((name) => ['node', 'import', 'default'].includes(name));
  return condition && targetOf(entry[condition]);
}

/** The parts of a package that are modules, relative to its folder. */
function partsOf({ name, type, exports }) {
  const byName = Object.keys(exports)[0].startsWith('.') ? exports : { '.': exports };
  if (type !== 'module' || Object.keys(byName).some((part) => part.includes('*'))) {
    throw new Error(`${name} is no ES module, or exports files by a pattern`);
  }
  const files = new Set(Object.values(byName).map(targetOf));
  return [...files].filter((file) => /\.m?js$/.test(file ?? ''));
}

/** A file that asks where it is must find that in its new file, too: all new ones are in that folder, or nobody asks. */
const sameFolder = (folder) => ({
  name: 'same-folder',
  setup: (build) =>
    build.onLoad({ filter: /\.m?js$/ }, ({ path }) => {
      if (dirname(path) !== folder && /import\.meta/.test(readFileSync(path, 'utf8')))
        throw new Error(`${path} asks where it is, and would be elsewhere`);
    }),
});

const namesOf = async (file, again = '') =>
  Object.keys(await import(`${pathToFileURL(file).href}${again}`)).sort();

async function merge(folder) {
  const parts = partsOf(JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8')));
  const before = await Promise.all(parts.map((part) => namesOf(join(folder, part))));
  const made = mkdtempSync(`${folder}.made-`);
  const [first] = parts;
  const folders = new Set(parts.map((part) => dirname(join(folder, part))));
  await esbuild.build({
    entryPoints: parts.map((part) => join(folder, part)),
    outdir: made,
    outbase: folder,
    chunkNames: join(dirname(first), 'merged-[hash]'),
    outExtension: { '.js': first.endsWith('.mjs') ? '.mjs' : '.js' },
    plugins: [sameFolder(folders.size === 1 ? [...folders][0] : undefined)],
    ...{ bundle: true, splitting: true, format: 'esm', platform: 'node', target: 'node24' },
    ...{ packages: 'external', logLevel: 'error' },
  });
  cpSync(made, folder, { recursive: true });
  rmSync(made, { recursive: true });
  // Another address: Node.js has read the old file from the first.
  const after = await Promise.all(parts.map((part) => namesOf(join(folder, part), '?merged')));
  if (JSON.stringify(after) !== JSON.stringify(before))
    throw new Error(`${folder} exports other names than before`);
}

for (const name of packages) await merge(resolve(modules, name));
