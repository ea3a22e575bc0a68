/** The prototype's machine: its image with caches beside it, and the request that starts it. */

import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import {
  type BuildOptions,
  cached,
  recipeFiles,
  runRecipe,
} from '../../../local/machines/image.ts';
import { IMAGE, LOCAL, SUBNETWORK } from '../../../local/plane/settings.ts';

/** Relative to infra/image, as `cached` and `runRecipe` take them. */
const HERE = '../../test/bench/boot';
const FILES = [`${HERE}/prototype-image.sh`, `${HERE}/prototype.sh`, 'npm/package-lock.json'];

/** Some minutes the first time; needs root and mmdebstrap. Throws PlaneError INTERNAL. */
export async function ensurePrototype(options: BuildOptions): Promise<string> {
  return await cached('prototype', [...(await recipeFiles()), ...FILES], options, (unfinished) =>
    runRecipe([`${HERE}/prototype-image.sh`, unfinished], options),
  );
}

/** The body of instances.insert. */
export async function prototypeInstance(name: string): Promise<object> {
  const value = await readFile(join(import.meta.dirname, 'prototype.sh'), 'utf8');
  return {
    name,
    machineType: `zones/${LOCAL.zone}/machineTypes/e2-medium`,
    disks: [{ boot: true, autoDelete: true, initializeParams: { sourceImage: IMAGE } }],
    networkInterfaces: [{ subnetwork: SUBNETWORK }],
    metadata: { items: [{ key: 'startup-script', value }] },
  };
}
