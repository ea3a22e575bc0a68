/**
 * Makes each package that a plugin depends on one file.
 *   node bundle.mjs PLUGIN
 * PLUGIN: a folder like node_modules/@openclaw/whatsapp, with the packages in a node_modules of its own. Run it where
 * node_modules/esbuild is.
 *
 * OpenClaw copies a plugin and all that it depends on at every start, twice: each file is read, hashed, written, and
 * read and hashed again, and every import in it goes through hooks that look at each package (docs/decisions/073).
 * WhatsApp's 1900 files become 85. Nothing is minified, and the licences come along (libsignal is GPL-3.0). Fails when
 * the plugin asks for a part of a package that the one file would not have.
 */

import { mkdirSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';

const [, , plugin] = process.argv;
const esbuild = createRequire(join(process.cwd(), 'package.json'))('esbuild');
const readManifest = (folder) => JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8'));
const externals = ({ outputs }) =>
  Object.values(outputs).flatMap(({ imports }) =>
    imports.filter(({ external }) => external).map(({ path }) => path),
  );

/** What the plugin's own code imports by name. */
async function importsOf(folder) {
  const { metafile } = await esbuild.build({
    entryPoints: [join(folder, 'dist/*.js')],
    outdir: 'unused',
    write: false,
    ...{ bundle: true, format: 'esm', platform: 'node', packages: 'external', metafile: true },
  });
  return externals(metafile);
}

/** The folder of the package that a file of node_modules belongs to. */
const packageOf = (file) => file.match(/^(.*node_modules\/(?:@[^/]+\/)?[^/]+)\//)?.[1];

/** The licences of the packages that went into a bundle, one after the other. */
function licencesOf(files) {
  const folders = [...new Set(files.map(packageOf).filter(Boolean))].sort();
  return folders.map((folder) => {
    const { name, version, license } = readManifest(folder);
    const texts = readdirSync(folder, { withFileTypes: true })
      .filter((entry) => entry.isFile() && /^(licen[cs]e|copying|notice)/i.test(entry.name))
      .map((entry) => readFileSync(join(folder, entry.name), 'utf8'));
    return `${name} ${version}: ${license}\n\n${texts.join('\n')}`;
  });
}

async function bundle(name, others) {
  const folder = join(plugin, 'node_modules', name);
  const manifest = readManifest(folder);
  const entry = createRequire(join(process.cwd(), plugin, 'package.json')).resolve(name);
  const made = `${folder}.made`;
  mkdirSync(made);
  const { metafile } = await esbuild.build({
    entryPoints: [entry],
    outfile: join(made, 'index.mjs'),
    // What is not here is not needed: jimp and sharp of Baileys, each behind a question whether they are.
    external: [...others, ...Object.keys(manifest.peerDependencies ?? {})],
    banner: {
      js: "import { createRequire as ownRequire } from 'node:module';\nconst require = ownRequire(import.meta.url);",
    },
    ...{ bundle: true, format: 'esm', platform: 'node', target: 'node24', metafile: true },
    logLevel: 'error',
  });
  const names = async (file) =>
    Object.keys(await import(pathToFileURL(file).href))
      .sort()
      .join();
  if ((await names(entry)) !== (await names(join(process.cwd(), made, 'index.mjs')))) {
    throw new Error(`${name} as one file does not export what it did`);
  }
  const { version, license } = manifest;
  const own = { name, version, license, type: 'module', exports: './index.mjs' };
  writeFileSync(join(made, 'package.json'), `${JSON.stringify(own, null, 2)}\n`);
  writeFileSync(join(made, 'LICENCES'), licencesOf(Object.keys(metafile.inputs)).join('\n\n'));
  rmSync(folder, { recursive: true });
  renameSync(made, folder);
}

const packages = Object.keys(readManifest(plugin).dependencies ?? {});
const parts = (await importsOf(plugin)).filter((path) =>
  packages.some((name) => path.startsWith(`${name}/`)),
);
if (parts.length > 0)
  throw new Error(`${plugin} imports ${parts.join(', ')}: no one file has that`);
for (const name of packages)
  await bundle(
    name,
    packages.filter((other) => other !== name),
  );
