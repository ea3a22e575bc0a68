/** Where the content of data disks lies, by resource name, for either kind of machine. */

import { randomUUID } from 'node:crypto';
import { mkdirSync, renameSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';

export interface DataDisks {
  /** The directory of a disk; it need not exist yet. */
  directoryOf(name: string): string;
  /**
   * Deletes a disk's content. The name is free when this returns its promise, before the
   * content is gone: a disk made again under that name in the meantime is empty, and stays.
   */
  remove(name: string): Promise<void>;
  /** Finishes deletions that a killed process left. */
  sweep(): Promise<void>;
}

/** @param folder of all disks of one hypervisor */
export function dataDisks(folder: string): DataDisks {
  const deleted = join(folder, 'deleted');
  const directoryOf = (name: string): string => join(folder, 'data', name);
  return {
    directoryOf,
    async remove(name) {
      const grave = join(deleted, randomUUID());
      mkdirSync(deleted, { recursive: true });
      try {
        // Not the promise: nobody else's turn lies between the record's end and this.
        renameSync(directoryOf(name), grave);
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code === 'ENOENT') return;
        throw error;
      }
      await rm(grave, { recursive: true, force: true });
    },
    sweep: () => rm(deleted, { recursive: true, force: true }),
  };
}
