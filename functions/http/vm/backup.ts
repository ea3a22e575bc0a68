/** The agent's encrypted WhatsApp credentials: docs/decisions/037. */

import {
  BACKUP_BODY_MAX,
  backupRequest,
  backupSecretAnswer,
  nothing,
  restoreAnswer,
  VM_API_PATHS,
} from '../../../contracts/vm-api.ts';
import type { Row } from './row.ts';

export const BACKUP: readonly Row[] = [
  {
    path: VM_API_PATHS.backupSecret,
    id: 'ensureBackupSecret',
    summary: "Create the empty secret for the key of the agent's backups, should it be missing.",
    answer: { description: 'It is there', schema: backupSecretAnswer },
    act: 'ensureBackupSecret',
  },
  {
    path: VM_API_PATHS.backup,
    id: 'saveBackup',
    summary: "Keep the agent's encrypted WhatsApp credentials instead of those before.",
    body: backupRequest,
    bodyLimit: BACKUP_BODY_MAX,
    answer: { description: 'They are kept', schema: nothing },
    act: 'saveBackup',
  },
  {
    path: VM_API_PATHS.restore,
    id: 'loadBackup',
    summary: "Give the agent's newest backup back.",
    answer: { description: 'The backup, if there is one', schema: restoreAnswer },
    act: 'loadBackup',
  },
];
