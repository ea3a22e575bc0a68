/**
 * The real files of templates/vm by their relative path, and our OpenClaw plugin as
 * scripts/build.ts built it last; the build replaces this module by their contents.
 */

import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

const folder = join(import.meta.dirname, '..', 'templates', 'vm');

const plugin = join(import.meta.dirname, '../dist/vm/plugin.js');

const files = Object.fromEntries(
  readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name))
    .map((path) => [path.slice(folder.length + 1), readFileSync(path, 'utf8')]),
);

export const templates: Readonly<Record<string, string>> = {
  ...files,
  ...(existsSync(plugin) && { 'plugin/index.js': readFileSync(plugin, 'utf8') }),
};
