/** What is left of a secret: a search through the raw bytes of files. */

import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

function holds(path: string, texts: readonly string[]): boolean {
  try {
    const bytes = readFileSync(path);
    return texts.some((text) => bytes.includes(text));
  } catch (error) {
    // Gone since it was listed.
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return false;
    throw error;
  }
}

/** Paths of the files below a directory that hold one of the texts, SQLite's free pages included. */
export function tracesOf(texts: readonly string[], ...directories: readonly string[]): string[] {
  return directories.flatMap((directory) =>
    readdirSync(directory, { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile())
      .map((entry) => join(entry.parentPath, entry.name))
      .filter((path) => holds(path, texts)),
  );
}
