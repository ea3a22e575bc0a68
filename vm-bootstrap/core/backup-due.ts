/** When a backup is due. Pure. */

export interface LastBackup {
  /** SHA-256 of what was in it. */
  readonly digest: string;
  /** Milliseconds since the epoch. */
  readonly at: number;
}

/** A busy account changes with every message. */
export const BACKUP_EVERY_MS = 60 * 60 * 1000;

/** A new link at once, a changed one every hour, an unchanged one never. */
export function backupDue(last: LastBackup | undefined, digest: string, now: number): boolean {
  if (last === undefined) return true;
  return digest !== last.digest && now >= last.at + BACKUP_EVERY_MS;
}
