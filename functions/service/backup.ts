/**
 * The agents' encrypted WhatsApp credentials: kept, given back, never read. The key is in a
 * secret of the agent's own, so a purge, which removes the secret, makes the object noise
 * (docs/decisions/037).
 */

import { type AgentName, backupSecretId } from '../../contracts/names.ts';
import {
  type BackupSecretAnswer,
  backupRequest,
  type RestoreAnswer,
} from '../../contracts/vm-api.ts';
import { parseBody } from '../core/request.ts';
import { type SelfTools, self } from './caller.ts';
import { settle } from './observe.ts';
import { ensureOwnSecret } from './own-secret.ts';

/** Creates the empty secret for the backup's key and the agent's rights on it, should they be missing. */
export async function ensureBackupSecret(
  tools: SelfTools,
  name: AgentName,
): Promise<BackupSecretAnswer> {
  const secret = backupSecretId(name);
  await ensureOwnSecret(tools, name, 'backupSecret', () =>
    settle({ backupSecret: tools.secrets.get(secret), backupPolicy: tools.secrets.policy(secret) }),
  );
  return { secret };
}

/** @throws PlaneError FAILED_PRECONDITION when the agent was never provisioned, or is being removed */
export async function saveBackup(
  tools: SelfTools,
  name: AgentName,
  body: unknown,
): Promise<Record<string, never>> {
  const { data } = parseBody(backupRequest, body);
  await self(tools, name);
  await tools.backups.save(name, Buffer.from(data, 'base64'));
  return {};
}

/** @throws PlaneError FAILED_PRECONDITION when the agent was never provisioned, or is being removed */
export async function loadBackup(tools: SelfTools, name: AgentName): Promise<RestoreAnswer> {
  await self(tools, name);
  const data = await tools.backups.load(name);
  return data === undefined ? {} : { data: data.toString('base64') };
}
