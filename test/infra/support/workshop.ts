/** A folder as the image's recipes work in: a package, with esbuild among its own. */

import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';

const ESBUILD = join(import.meta.dirname, '../../../node_modules/esbuild');

export interface Workshop {
  readonly folder: string;
  /** @param name relative to the folder; what it lies in is made */
  write(name: string, text: string): void;
  remove(): void;
}

export function createWorkshop(): Workshop {
  const folder = mkdtempSync(join(tmpdir(), 'agents-plane-recipe-'));
  const write = (name: string, text: string): void => {
    mkdirSync(join(folder, dirname(name)), { recursive: true });
    writeFileSync(join(folder, name), text);
  };
  write('package.json', '{}');
  mkdirSync(join(folder, 'node_modules'));
  symlinkSync(ESBUILD, join(folder, 'node_modules/esbuild'));
  return { folder, write, remove: () => rmSync(folder, { recursive: true, force: true }) };
}
