/** A folder as the image's recipes work in: a package, with esbuild among its own. */

import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';

const ESBUILD = join(import.meta.dirname, '../../../node_modules/esbuild');

export interface Workshop {
  /** Another one for each test. */
  readonly folder: string;
  /** @param name relative to the folder; what it lies in is made */
  write(name: string, text: string): void;
}

/** Made before each test of the file that calls this, and removed after it. */
export function useWorkshop(): Workshop {
  let folder = '';
  const write = (name: string, text: string): void => {
    mkdirSync(join(folder, dirname(name)), { recursive: true });
    writeFileSync(join(folder, name), text);
  };
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'agents-plane-recipe-'));
    write('package.json', '{}');
    mkdirSync(join(folder, 'node_modules'));
    symlinkSync(ESBUILD, join(folder, 'node_modules/esbuild'));
  });
  afterEach(() => rmSync(folder, { recursive: true, force: true }));
  return {
    get folder() {
      return folder;
    },
    write,
  };
}
