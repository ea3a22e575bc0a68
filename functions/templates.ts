/** Every file under templates/plane/, by its path in there. scripts/build.ts replaces this module by the contents. */

import { readdirSync, readFileSync } from 'node:fs';
import { join, relative, sep } from 'node:path';

const FOLDER = join(import.meta.dirname, '..', 'templates', 'plane');

export const templates: Readonly<Record<string, string>> = Object.fromEntries(
  readdirSync(FOLDER, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => {
      const path = join(entry.parentPath, entry.name);
      return [relative(FOLDER, path).split(sep).join('/'), readFileSync(path, 'utf8')];
    }),
);
