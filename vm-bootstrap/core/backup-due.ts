/** When a backup is due. Pure. */

export interface LastBackup {
  /** SHA-256 of what was in it. */
  readonly digest: string;
  /** SHA-256 of which link it was: another scan, another link. Undefined in a mark of before. */
  readonly link?: string;
  /** Milliseconds since the epoch. */
  readonly at: number;
}

/** A busy account changes with every message. */
export const BACKUP_EVERY_MS = 60 * 60 * 1000;

/** A new link at once, a changed one every hour, an unchanged one never. */
export function backupDue(
  last: LastBackup | undefined,
  { digest, link }: Required<Pick<LastBackup, 'digest' | 'link'>>,
  now: number,
): boolean {
  if (last === undefined) return true;
  if (last.link !== undefined && last.link !== link) return true;
  return digest !== last.digest && now >= last.at + BACKUP_EVERY_MS;
}
