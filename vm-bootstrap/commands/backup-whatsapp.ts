/**
 * `agent backup-whatsapp` (agents-plane-backup.timer, as root): WhatsApp's credentials,
 * encrypted here, to the plane. The plane keeps what it cannot read (docs/decisions/037).
 */

import { createHash } from 'node:crypto';
import { BACKUP_MAX, nothing, VM_API_PATHS } from '../../contracts/vm-api.ts';
import { CREDS, linkIn, numberIn, snapshot } from '../backup/credentials.ts';
import { ensureBackupKey } from '../backup/key.ts';
import { seal } from '../backup/seal.ts';
import { backupDue, type LastBackup } from '../core/backup-due.ts';
import { parseFacts } from '../core/facts.ts';
import { GATEWAY_USER, type Layout } from '../core/layout.ts';
import { parsePairingSettings } from '../core/pairing-settings.ts';
import { isSameNumber } from '../core/same-number.ts';
import { callPlane } from '../google/plane.ts';
import type { Host } from '../host.ts';
import { pairingStoreAsUser } from '../pairing/store.ts';
import { readState } from '../state-file.ts';

const digestOf = (value: unknown): string =>
  createHash('sha256').update(JSON.stringify(value)).digest('hex');

/**
 * @param now true: whether it is due or not
 * @returns the exit code; 0, too, when nothing was due
 */
export async function backupCommand(host: Host, layout: Layout, now: boolean): Promise<number> {
  const facts = parseFacts(host.read(layout.facts));
  const files = await snapshot(host.as(GATEWAY_USER), layout.whatsappCredentials, host.sleep);
  if (files === undefined) return 0;
  // Another phone's link is about to be undone; the backup before it is the one worth keeping.
  const { linkedPhone } = parsePairingSettings(host.read(layout.pairingSettings));
  if (!isSameNumber(numberIn(files[CREDS]), linkedPhone)) return 0;
  const greeted = pairingStoreAsUser(host, layout).readGreeting()?.phase === 'sent';
  const seen = { digest: digestOf([files, greeted]), link: digestOf(linkIn(files[CREDS])) };
  const at = host.now();
  if (
    !now &&
    !backupDue(readState<LastBackup>(host, layout.backupMark, 'agent'), seen, at.getTime())
  )
    return 0;
  const content = { version: 1, at: at.toISOString(), files, greeted } as const;
  const sealed = seal(content, await ensureBackupKey(host, facts), facts.agent);
  if (sealed.length > BACKUP_MAX) {
    host.log(`agent: the WhatsApp credentials are too large to back up (${sealed.length} bytes)`);
    return 1;
  }
  const body = { data: sealed.toString('base64') };
  nothing.parse(await callPlane(host, facts.planeUrl, VM_API_PATHS.backup, body));
  const mark: LastBackup = { ...seen, at: at.getTime() };
  host.write(layout.backupMark, `${JSON.stringify(mark)}\n`, { mode: 0o600 });
  host.log(`agent: WhatsApp credentials backed up (${sealed.length} bytes)`);
  return 0;
}
