/** The esbuild plugins that make a bundle of one file, quick to start. */

import { readdirSync, readFileSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join, relative } from 'node:path';
import { gzipSync } from 'node:zlib';
import type { Plugin } from 'esbuild';
import { type CalledMethods, trimProtos } from './trim-protos.ts';

/**
 * The methods that `functions/drivers` call, by package and service. One that is missing here
 * fails in test/plane/bundle.test.ts, which makes each of those calls with the built bundle.
 */
const CALLED: Readonly<Record<string, CalledMethods>> = {
  compute: {
    'google.cloud.compute.v1.Instances': [
      'AttachDisk',
      'Delete',
      'Get',
      'GetGuestAttributes',
      'Insert',
      'List',
      'SetMetadata',
      'Start',
      'Stop',
    ],
    'google.cloud.compute.v1.ZoneOperations': ['List', 'Wait'],
    'google.cloud.compute.v1.Disks': ['Delete', 'Get', 'List'],
  },
  'secret-manager': {
    'google.cloud.secretmanager.v1.SecretManagerService': [
      'AccessSecretVersion',
      'AddSecretVersion',
      'CreateSecret',
      'DeleteSecret',
      'DestroySecretVersion',
      'EnableSecretVersion',
      'GetIamPolicy',
      'GetSecret',
      'ListSecrets',
      'ListSecretVersions',
      'SetIamPolicy',
      'UpdateSecret',
    ],
  },
};

/** Keeps, of each Google client's protos.json, only the methods in the table above. */
export const trimGoogleProtos: Plugin = {
  name: 'trim-google-protos',
  setup(build) {
    build.onLoad(
      { filter: /@google-cloud\/[a-z-]+\/build\/protos\/protos\.json$/ },
      async ({ path }) => {
        const name = /@google-cloud\/([a-z-]+)\//.exec(path)?.[1] ?? '';
        const called = CALLED[name];
        if (!called)
          throw new Error(
            `add the methods used of @google-cloud/${name} to scripts/build/plugins.ts`,
          );
        const trimmed = trimProtos(JSON.parse(await readFile(path, 'utf8')), called);
        return { contents: JSON.stringify(trimmed), loader: 'json' };
      },
    );
  },
};

/** Gives the generated clients the REST half of google-gax alone (see gax-rest.cjs). */
export const restOnlyGax: Plugin = {
  name: 'rest-only-gax',
  setup(build) {
    // Compiled messages (500 KB) that the package only passes on to those who ask for them by name.
    build.onLoad(
      { filter: /google-gax\/build\/protos\/(iam_service|locations|operations)\.js$/ },
      () => ({
        contents: 'module.exports = {};',
        loader: 'js',
      }),
    );
    build.onResolve({ filter: /^google-gax$/ }, () => ({
      path: join(import.meta.dirname, 'gax-rest.cjs'),
    }));
  },
};

/** Of zod's messages in fifty languages (half of its size), the one that is on by default. */
export const oneZodLocale: Plugin = {
  name: 'one-zod-locale',
  setup(build) {
    build.onLoad({ filter: /zod\/v4\/locales\/index\.js$/ }, () => ({
      contents: "export { default as en } from './en.js';",
      loader: 'js',
    }));
  },
};

/** Of undici its dispatcher alone: with `fetch`, its caches and its WebSocket the bridge starts 50 ms later and is 4 MB larger. */
export const onlyUndicisAgent: Plugin = {
  name: 'only-undicis-agent',
  setup(build) {
    build.onLoad({ filter: /node_modules\/undici\/index\.js$/ }, () => ({
      contents: "exports.Agent = require('./lib/dispatcher/agent.js');",
      loader: 'js',
    }));
  },
};

function filesBelow(folder: string): string[] {
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => relative(folder, join(entry.parentPath, entry.name)))
    .sort();
}

/** As base64 of gzip: `agent`, which starts often and seldom needs the bridge, took 110 ms with its text and takes 90. */
const packed = (path: string): string =>
  gzipSync(readFileSync(path), { level: 9 }).toString('base64');

/**
 * Replaces a room's `templates.ts`, which reads a folder, by the folder's contents.
 * @param built files besides, by the name they have in there and their path; unpacked when they are asked for
 */
export const embedTemplates = (
  room: string,
  folder: string,
  built: Readonly<Record<string, string>> = {},
): Plugin => ({
  name: 'embed-templates',
  setup(build) {
    build.onLoad({ filter: new RegExp(`/${room}/templates\\.ts$`) }, () => {
      const files = filesBelow(folder);
      const text = (file: string): string => readFileSync(join(folder, file), 'utf8');
      const json = JSON.stringify;
      return {
        contents: `
          const unpacked = (packed) =>
            process.getBuiltinModule('node:zlib').gunzipSync(Buffer.from(packed, 'base64')).toString();
          export const templates = {
            ${files.map((file) => `${json(file)}: ${json(text(file))},`).join('\n')}
            ${Object.entries(built)
              .map(
                ([file, path]) =>
                  `get ${json(file)}() { return unpacked(${json(packed(path))}); },`,
              )
              .join('\n')}
          };`,
        loader: 'js',
        watchFiles: files.map((file) => join(folder, file)),
      };
    });
  },
});
