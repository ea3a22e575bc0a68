/** The cached root file system of a plain debian-12, with the package caches of build.sh. */

import {
  type BuildOptions,
  cached,
  recipeFiles,
  runRecipe,
} from '../../../../local/machines/image.ts';

/** Relative to infra/image, as `cached` and `runRecipe` take them. */
const HERE = '../../test/e2e/support/plain';
const FILES = [
  ...['build.sh', 'npm-cache.conf'].map((name) => `${HERE}/${name}`),
  ...['npm/package-lock.json', 'gce/packages.txt'],
];

/** Some minutes the first time, for the downloads; needs root and mmdebstrap. Throws PlaneError INTERNAL. */
export async function ensurePlain(options: BuildOptions): Promise<string> {
  return await cached('plain', [...(await recipeFiles()), ...FILES], options, (unfinished) =>
    runRecipe([`${HERE}/build.sh`, unfinished], options),
  );
}
