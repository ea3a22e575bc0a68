/** The esbuild plugins that make a bundle of one file, quick to start. */

import { readdirSync, readFileSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join, relative } from 'node:path';
import type { Plugin } from 'esbuild';
import { trimProtos } from './trim-protos.ts';

/** The services whose clients `functions/drivers` construct, by package. */
const SERVICES: Readonly<Record<string, readonly string[]>> = {
  compute: ['Instances', 'ZoneOperations', 'Disks'].map(
    (name) => `google.cloud.compute.v1.${name}`,
  ),
  'secret-manager': ['google.cloud.secretmanager.v1.SecretManagerService'],
};

/** Keeps, of each Google client's protos.json, only the services in the table above. */
export const trimGoogleProtos: Plugin = {
  name: 'trim-google-protos',
  setup(build) {
    build.onLoad(
      { filter: /@google-cloud\/[a-z-]+\/build\/protos\/protos\.json$/ },
      async ({ path }) => {
        const name = /@google-cloud\/([a-z-]+)\//.exec(path)?.[1] ?? '';
        const services = SERVICES[name];
        if (!services)
          throw new Error(
            `add the services used of @google-cloud/${name} to scripts/build/plugins.ts`,
          );
        const trimmed = trimProtos(JSON.parse(await readFile(path, 'utf8')), services);
        return { contents: JSON.stringify(trimmed), loader: 'json' };
      },
    );
  },
};

/** Gives the generated clients the REST half of google-gax alone (see gax-rest.cjs). */
export const restOnlyGax: Plugin = {
  name: 'rest-only-gax',
  setup(build) {
    build.onResolve({ filter: /^google-gax$/ }, () => ({
      path: join(import.meta.dirname, 'gax-rest.cjs'),
    }));
  },
};

function filesBelow(folder: string): string[] {
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => relative(folder, join(entry.parentPath, entry.name)))
    .sort();
}

/** Replaces a room's `templates.ts`, which reads a folder, by the folder's contents. */
export const embedTemplates = (room: string, folder: string): Plugin => ({
  name: 'embed-templates',
  setup(build) {
    build.onLoad({ filter: new RegExp(`/${room}/templates\\.ts$`) }, () => {
      const files = filesBelow(folder);
      const contents = Object.fromEntries(
        files.map((file) => [file, readFileSync(join(folder, file), 'utf8')]),
      );
      return {
        contents: `export const templates = ${JSON.stringify(contents)};`,
        loader: 'js',
        watchFiles: files.map((file) => join(folder, file)),
      };
    });
  },
});
