/** Asks the administrators when a sync has stopped: once a day about the same removals. */

import { z } from 'zod';
import { PlaneError } from '../../contracts/errors.ts';
import type { SyncAnswer } from '../../contracts/sync.ts';
import { renderSyncMail } from '../core/sync-mail.ts';
import type { Clock, Mailer, Records } from './ports.ts';

export interface AskTools {
  readonly records: Records;
  readonly clock: Clock;
  readonly mailer: () => Promise<Mailer>;
  readonly admins: readonly string[];
  readonly syncTemplate: string;
}

const ASKED = 'sync/asked';
const asked = z.object({ confirm: z.string(), at: z.number() });
const AGAIN_MS = 24 * 60 * 60_000;

/** On record before it is sent: a mail too few is found out in the next log, one every five minutes is not read. */
export async function tellAdmins(tools: AskTools, answer: SyncAnswer): Promise<void> {
  const { stopped } = answer;
  const { records, clock, admins, syncTemplate } = tools;
  if (!stopped || admins.length === 0) return;
  const kept = await records.get(ASKED);
  const before = asked.safeParse(kept?.value).data;
  const isKnown = before?.confirm === stopped.confirm && before.at + AGAIN_MS > clock.now();
  if (isKnown) return;
  await records.put(ASKED, { confirm: stopped.confirm, at: clock.now() }, kept?.generation);
  const letter = renderSyncMail(syncTemplate, answer, stopped);
  const mailer = await tools.mailer();
  try {
    await mailer.send({ to: admins, ...letter, id: `sync-${stopped.confirm}` });
  } catch (error) {
    // The answer and the log say it, too: mail that does not work must not hide that.
    if (!(error instanceof PlaneError)) throw error;
  }
}
