/**
 * The real files of templates/vm by their relative path, and our OpenClaw plugin and bridge as
 * scripts/build.ts built them last; the build replaces this module by their contents.
 */

import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

const folder = join(import.meta.dirname, '..', 'templates', 'vm');

/** What is built, by the name under which the templates have it. */
const BUILT = {
  'plugin/index.js': join(import.meta.dirname, '../dist/vm/plugin.js'),
  'bridge.mjs': join(import.meta.dirname, '../dist/bridge/bridge.mjs'),
};

const files = Object.fromEntries(
  readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name))
    .map((path) => [path.slice(folder.length + 1), readFileSync(path, 'utf8')]),
);

export const templates: Readonly<Record<string, string>> = {
  ...files,
  ...Object.fromEntries(
    Object.entries(BUILT)
      .filter(([, path]) => existsSync(path))
      .map(([name, path]) => [name, readFileSync(path, 'utf8')]),
  ),
};
